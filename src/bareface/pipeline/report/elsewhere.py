"""What others measured, on other data. It stands beside a study and is never put together with it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Elsewhere:
    """A table of numbers from a publication.

    Attributes:
        title: Whose.
        head: Of the columns.
        rows: Text, as long as the head.
        note: What data they come from, and what to mind.
        source: Where they stand.
    """

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str
    source: str


HEIDELBERG_2019 = Elsewhere(
    title="The 2019 report",
    head=("", "top-1", "top-5"),
    rows=(
        ("original", "90.81 %", "96.35 %"),
        ("removed, as printed", "70.98 %", "67.09 %"),
        ("removed, columns swapped", "67.09 %", "70.98 %"),
    ),
    note=(
        "Measured on other data (VGGFace2, 72,283 / 4,634 photos; segmenter of CelebHair, mIoU 98.90 %), without "
        "intervals. The removed row has top-5 below top-1, which cannot be: the two figures are most likely swapped or "
        "differently sampled; both readings stand."
    ),
    source="A report of Heidelberg University, 2019.",
)
FG_2026 = Elsewhere(
    title="Caldeira, Ozgur, Boutros, Damer, FG 2026",
    head=("background removed by", "ArcFace", "ElasticFace", "TransFace"),
    rows=(
        ("nobody (original)", "96.71", "96.47", "97.61"),
        ("SAM", "96.49", "96.23", "97.27"),
        ("SegFormer-B0", "96.10", "95.82", "97.04"),
        ("FastSCNN", "95.37", "", ""),
        ("BiSeNetv2", "94.11", "", ""),
        ("FPN-R50", "50.47", "", ""),
        ("FCN-MNv2", "0.37", "", ""),
        ("DANet", "0.05", "", ""),
    ),
    note=(
        "Measured on other data (IJB-C, white backdrop, segmented before alignment), without intervals. Verification "
        "in percent; the FAR is not named and not verified, the size of the numbers fits TAR at FAR 1e-4. The mean gap "
        "between the cosines of mated and non-mated pairs went from 0.755 to 0.743 with SegFormer."
    ),
    source="arXiv 2604.20585; the numbers stand in the authors' plotting script (plot.py).",
)
ELSEWHERE = (HEIDELBERG_2019, FG_2026)
