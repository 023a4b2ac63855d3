"""``python -m bareface``."""

import sys

try:
    from bareface.cli import main
except KeyboardInterrupt:
    sys.exit(130)

main()
