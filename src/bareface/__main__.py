"""``python -m bareface``."""

from bareface.cli import main

main()
