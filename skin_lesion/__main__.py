"""``python -m skin_lesion [ROOT]``: train, cross-validate and report."""

import sys

from skin_lesion.job import main

sys.exit(main())
