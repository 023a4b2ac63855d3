"""Weights as a pickle of numpy arrays."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bareface.errors import CheckpointError, DataError
from bareface.io import safe_pickle


def load_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Reads a dictionary of arrays, as Python 2 or 3 pickled it.

    Raises:
        CheckpointError: The file holds or asks for anything else. Nothing of it has run.
    """
    try:
        content = safe_pickle.load_arrays(path, encoding="latin1")
    except DataError as error:
        raise CheckpointError(str(error)) from error
    if not isinstance(content, dict) or not content:
        raise CheckpointError(f"{path}: expected a dictionary of numpy arrays, found a {type(content).__name__}.")
    odd = [name for name, array in content.items() if not (isinstance(name, str) and isinstance(array, np.ndarray))]
    if odd:
        kind = type(content[odd[0]]).__name__
        raise CheckpointError(f"{path}: expected arrays by name, found {kind} for {str(odd[0])[:80]}.")
    return content
