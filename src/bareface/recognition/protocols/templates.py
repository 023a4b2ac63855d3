"""Several pictures of one person become one embedding."""

import numpy as np
from numpy.typing import ArrayLike

from bareface.recognition.protocols.scores import Floats, normalised


def pool(embeddings: ArrayLike, templates: ArrayLike, media: ArrayLike, normalise_media: bool = True) -> Floats:
    """Pools embeddings by template, every medium with the same weight.

    Each picture's embedding is brought to length 1, those of one medium (the frames of one video) are added and
    brought to length 1, the media of a template are added and brought to length 1.

    Args:
        embeddings: (N, D), of any length.
        templates: (N,) number or name of the template of each picture.
        media: (N,) number or name of its medium; media of different templates are different media.
        normalise_media: Without, a medium weighs the more, the more alike its pictures are and the more there are.

    Returns:
        (T, D) float32 of length 1, in the sorted order of the template numbers or names.

    Raises:
        ValueError: The lengths differ, or an embedding is not of finite numbers.

    Source: the IJB-B and IJB-C evaluation of the VGGFace2 authors; insightface's leaves out the media's length.
    """
    unit = normalised(embeddings)
    of_template, of_medium = np.asarray(templates), np.asarray(media)
    if not len(unit) == len(of_template) == len(of_medium):
        lengths = f"{len(unit)} embeddings, {len(of_template)} templates, {len(of_medium)} media"
        raise ValueError(f"{lengths}: expected as many of each.")
    names, template = np.unique(of_template, return_inverse=True)
    kinds, medium = np.unique(of_medium, return_inverse=True)
    groups, group = np.unique(template * max(1, len(kinds)) + medium, return_inverse=True)
    sums = _sums(unit, group, len(groups))
    pooled = _sums(normalised(sums) if normalise_media else sums, groups // max(1, len(kinds)), len(names))
    return normalised(pooled)


def _sums(rows: Floats, group: np.ndarray, count: int) -> Floats:
    """Sum of the rows of each group; every group has one."""
    if count == 0:
        return rows[:0]
    order = np.argsort(group, kind="stable")
    starts = np.searchsorted(group[order], np.arange(count))
    return np.asarray(np.add.reduceat(rows[order], starts, axis=0), np.float32)
