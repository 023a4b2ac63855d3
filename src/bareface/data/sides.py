"""Classes that change places in a mirror: the left and the right one of a pair."""

from collections.abc import Sequence

SIDES = (("l_", "r_"), ("left_", "right_"))


def mirrored(classes: Sequence[str]) -> list[int]:
    """The class that each class is in a mirror.

    Args:
        classes: Names. A pair is two names that differ in how they begin: ``l_eye`` and ``r_eye``. ``l_lip``, the
            lower lip of CelebAMask-HQ, has no ``r_lip`` and stays what it is.

    Returns:
        An index for each class, its own where it is no part of a pair.

    >>> mirrored(["background", "l_eye", "r_eye", "l_lip"])
    [0, 2, 1, 3]
    """
    places = {name: place for place, name in enumerate(classes)}
    others = dict(SIDES) | {right: left for left, right in SIDES}
    result = []
    for place, name in enumerate(classes):
        twins = [other + name.removeprefix(side) for side, other in others.items() if name.startswith(side)]
        result.append(next((places[twin] for twin in twins if twin in places), place))
    return result
