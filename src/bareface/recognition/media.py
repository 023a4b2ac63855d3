"""Several pictures of one medium as one template."""

from collections.abc import Sequence

import numpy as np

from bareface.recognition.embeddings import Embeddings
from bareface.recognition.protocols.templates import pool


def media_of(keys: Sequence[str]) -> tuple[str, ...]:
    """The medium of each picture: its key up to the last underscore of the file's name, as VGGFace2 has it.

    >>> media_of(["n000001/0001_01.jpg", "n000001/0001_02.jpg", "n000001/video_7_0001.jpg", "n000001/a.jpg"])
    ('n000001/0001', 'n000001/0001', 'n000001/video_7', 'n000001/a.jpg')
    """
    split = (key.rpartition("/") for key in keys)
    return tuple(f"{folder}{slash}{name.rpartition('_')[0] or name}" for folder, slash, name in split)


def by_medium(pictures: Embeddings) -> Embeddings:
    """Pictures of one identity and one medium pooled to one row; its key is the medium's.

    Args:
        pictures: With identities.

    Returns:
        Sorted by medium; of length 1 each.
    """
    media = media_of(pictures.keys)
    templates = np.array([f"{medium}\n{name}" for medium, name in zip(media, pictures.identities, strict=True)])
    names, first = np.unique(templates, return_index=True)
    vectors = pool(pictures.vectors, templates, templates)
    identities = tuple(pictures.identities[row] for row in first)
    return Embeddings(tuple(str(name).partition("\n")[0] for name in names), identities, vectors)
