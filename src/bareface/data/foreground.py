"""Which classes of a data set are told from the background."""

from collections.abc import Sequence


def choose_classes(
    names: Sequence[str], foreground: Sequence[str], merge: bool
) -> tuple[tuple[str, ...], dict[str, int]]:
    """Class names, and the class index of each name that a data set knows; those not chosen are background.

    Args:
        names: What the data set can tell from the background, in the order of its classes.
        foreground: What shall be told, in any order.
        merge: Make one class of it.

    Raises:
        ValueError: ``foreground`` is empty, has a name twice or an unknown one, or there is nothing to merge.

    >>> choose_classes(["face", "hair"], ["hair"], merge=False)
    (('background', 'hair'), {'face': 0, 'hair': 1})
    """
    if not foreground or len(set(foreground)) != len(foreground) or not set(foreground) <= set(names):
        raise ValueError(f"data.foreground={foreground}: expected a list of one or more of {', '.join(names)}.")
    if merge and len(foreground) < 2:
        raise ValueError(f"data.merge={merge}: expected false where foreground is {foreground[0]} alone.")
    chosen = [name for name in names if name in foreground]
    indices = dict.fromkeys(names, 0) | {name: 1 if merge else place for place, name in enumerate(chosen, start=1)}
    return ("background", "+".join(chosen)) if merge else ("background", *chosen), indices
