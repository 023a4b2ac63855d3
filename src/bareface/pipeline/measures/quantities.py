"""What is measured, with what guessing would give."""

import math

from bareface.pipeline.measures.plan import Plan
from bareface.pipeline.results import Quantity

DESCRIBING = (
    Quantity("moved", "embedding moved by (1 - cosine)", "number", None),
    Quantity("kept", "share of the photo shown", "share", None),
    Quantity("matte_iou", "IoU of matte and truth", "share", None),
)
"""What says something of a condition, not of recognition: nothing is gained or lost in it."""


def of_names(known: int) -> list[Quantity]:
    """Of recognisers that name this many identities; none where they name nobody.

    >>> [(each.name, each.chance) for each in of_names(4)][0]
    ('top1', 0.25)
    """
    if not known:
        return []
    top5 = [Quantity("top5", "top-5", "share", "more", 5 / known)] if known > 5 else []
    return [
        Quantity("top1", "top-1", "share", "more", 1 / known),
        *top5,
        Quantity("loss", "loss", "number", "less", math.log(known)),
    ]


def of_lot(enrolled: int, plan: Plan) -> list[Quantity]:
    """Of photos that are compared with one another.

    Who guesses accepts a stranger and a member alike, and of those members names one in ``enrolled`` rightly.

    Args:
        enrolled: Number of identities.
        plan: Has the rates.
    """
    return [
        Quantity("rank1", f"rank 1 of {enrolled:,}", "share", "more", 1 / enrolled),
        *(
            Quantity(f"tpir_at_fpir_{rate:g}", f"TPIR at FPIR {rate:g}", "share", "more", rate / enrolled)
            for rate in plan.fpirs
        ),
        *(Quantity(f"tar_at_far_{rate:g}", f"TAR at FAR {rate:g}", "share", "more", rate) for rate in plan.fars),
        Quantity("auc", "AUC", "share", "more", 0.5),
        Quantity("eer", "EER", "share", "less", 0.5),
        Quantity("cosine_gap", "mated minus non-mated cosine", "number", "more", 0.0),
    ]
