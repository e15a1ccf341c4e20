"""``python -m skin_lesion [ROOT]``: train, cross-validate and report."""

import sys

from .cli import main

sys.exit(main())
