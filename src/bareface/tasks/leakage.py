"""Whether a study's photos are new to the models that it asks."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from bareface.pipeline.results import Leakage


def leakage(
    model: str, checkpoint: Path, root: Path, keys: Sequence[str], trained: Sequence[str], identities: Sequence[str]
) -> Leakage:
    """Looks up the photos of a study in the list of pictures that a model was trained on.

    The list is what the training left in ``splits/`` of its run; it is found where the checkpoint still lies in that
    run's folder.

    Args:
        model: Name of the model.
        checkpoint: Its file.
        root: What the keys are relative to.
        keys: The study's photos.
        trained: Identities that the model was trained on; empty where it was trained on none.
        identities: Those of the study.
    """
    people = len(set(trained) & set(identities))
    splits = checkpoint.absolute().parent.parent / "splits"
    if not (splits / "root.txt").is_file():
        note = f"{checkpoint} is not in the folder of its training, which lists the pictures: not compared"
        return Leakage(model, None, people, note)
    where = Path((splits / "root.txt").read_text(encoding="utf-8").strip())
    names = (splits / "train.txt").read_text(encoding="utf-8").splitlines()
    learnt, shown = _files(where.resolve(), names), _files(root.resolve(), keys)  # a link is no other place
    photos = pc.sum(pc.is_in(shown, value_set=learnt)).as_py() or 0
    return Leakage(model, photos, people, f"compared with its {len(names):,} training pictures in {where}, by file")


def _files(root: Path, keys: Sequence[str]) -> pa.Array:
    return pc.binary_join_element_wise(str(root), pa.array(list(keys), pa.string()), "/")
