"""A backbone that was trained before."""

from pathlib import Path

from bareface.errors import CheckpointError
from bareface.io import checkpoint
from bareface.recognition.recogniser import Recogniser

PREFIX = "recogniser.backbone."


def fill_backbone(recogniser: Recogniser, path: Path) -> None:
    """Puts the backbone of a checkpoint into a recogniser, all of it or none; the heads may differ.

    Args:
        recogniser: What is about to be trained.
        path: The checkpoint of a recogniser with the same backbone.

    Raises:
        FileNotFoundError: There is no such file.
        CheckpointError: The file is not the checkpoint of a recogniser, or its backbone is another one, were it only
            wired in another way.
    """
    card, state = checkpoint.load_model(path, "recognition", PREFIX)
    ours, theirs = recogniser.card["backbone"], card["backbone"]
    kind = type(recogniser.backbone)
    if checkpoint.spelt_out(ours, kind) != checkpoint.spelt_out(theirs, kind):
        raise CheckpointError(f"backbone_weights={path}: its backbone is {theirs}, this run's is {ours}. Use the same.")
    checkpoint.fill(recogniser.backbone, state, path)
