"""How the Trainer writes and reads checkpoints."""

from pathlib import Path
from typing import Any

import torch
from lightning_fabric.plugins.io.torch_io import TorchCheckpointIO

from bareface.io import checkpoint as checkpoints
from bareface.io.atomic import atomic_path


class SafeCheckpointIO(TorchCheckpointIO):
    """Writes whole files or none, so a full disk leaves the previous checkpoint; reads without executing anything."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any | None = None) -> None:
        """Writes beside the old file, then takes its place.

        Raises:
            OSError: The disk is full, or the folder cannot be written. The previous checkpoint is as it was.
        """
        try:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            with atomic_path(Path(path)) as temporary:
                torch.save(checkpoint, temporary)
        except (OSError, RuntimeError) as error:  # torch turns a failed write into a RuntimeError
            reason = f"{path}: the checkpoint could not be written; the previous one, if any, is kept"
            raise OSError(f"{reason}. Free some disk space and resume with ckpt_path=last.") from error

    def load_checkpoint(
        self, path: str | Path, map_location: Any | None = None, weights_only: bool | None = None
    ) -> dict[str, Any]:
        """Reads onto the CPU; the Trainer moves it from there."""
        return checkpoints.load(Path(path))
