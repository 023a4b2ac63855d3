"""Files of torch that hold tensors by name, read without executing anything."""

import pickle
from pathlib import Path

from torch import Tensor

from bareface.errors import CheckpointError
from bareface.io.checkpoint import read_torch


def load_tensors(path: Path) -> dict[str, Tensor]:
    """Reads a ``state_dict`` onto the CPU; numbers of half precision become float32.

    Raises:
        CheckpointError: The file is damaged, or holds anything else.
    """
    try:
        content = read_torch(path)
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, KeyError, AttributeError, TypeError) as error:
        reason = "not a file of torch, or a damaged one, or one that could run code"
        raise CheckpointError(f"{path}: {reason}. Expected tensors by name.") from error
    if not isinstance(content, dict) or not content or not all(isinstance(v, Tensor) for v in content.values()):
        raise CheckpointError(f"{path}: holds more or less than tensors by name. Save the state_dict alone.")
    return {str(name): value.float() if value.is_floating_point() else value for name, value in content.items()}
