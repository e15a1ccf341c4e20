"""``python -m skin_lesion``: the command."""

import sys

from .cli import main

sys.exit(main())
