"""Where the configuration tree lies."""

from importlib.resources import files
from pathlib import Path


def conf_folder() -> Path:
    """Where the configuration tree lies: inside the installed package, or at the top of the checkout."""
    package = Path(str(files("bareface")))
    return package / "conf" if (package / "conf").is_dir() else package.parents[1] / "conf"
