"""From class scores to mattes at 320 pixels, on one core."""

from functools import partial

import cv2
import torch
from torch.nn import functional as F

from bareface.pipeline.matte import Matte
from benchmarks.machine import alternate

BATCH, SIZE = 16, 320
CLASSES = ("background", "face", "hair")
Row = dict[str, object]

WAYS: dict[str, dict[str, object]] = {
    "threshold": {},
    "argmax": {"decide": "argmax"},
    "threshold, largest part": {"largest": True},
    "threshold, holes filled": {"fill": True},
    "threshold, grown by 0.05": {"grow": 0.05},
    "threshold, feathered by 0.02": {"feather": 0.02},
    "all of these": {"largest": True, "fill": True, "grow": 0.05, "feather": 0.02},
}


def scores() -> torch.Tensor:
    """Logits of heads of 110 pixels with hair around, uneven as a segmenter's are."""
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(BATCH, len(CLASSES), 24, 24, generator=generator)
    logits = F.interpolate(noise, (SIZE, SIZE), mode="bicubic") * 2
    rows, columns = torch.meshgrid(torch.arange(SIZE), torch.arange(SIZE), indexing="ij")
    radius = ((rows - 150.0) ** 2 + (columns - 160.0) ** 2).sqrt()
    logits[:, 1] += 8 - radius / 7
    logits[:, 2] += 8 - (radius - 75).abs() / 3
    return logits.contiguous(memory_format=torch.channels_last)  # as networks leave them


def measure(rounds: int) -> list[Row]:
    """Pictures a second on one core."""
    threads, opencv = torch.get_num_threads(), cv2.getNumThreads()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    try:
        logits, content = scores(), torch.ones(BATCH, 1, SIZE, SIZE)
        candidates = {
            name: partial(Matte(**options).of_scores, logits, content, "face+hair", CLASSES)  # type: ignore[arg-type]
            for name, options in WAYS.items()
        }
        with torch.inference_mode():
            found = alternate(candidates, rounds)
    finally:
        torch.set_num_threads(threads)
        cv2.setNumThreads(opencv)
    what = f"Mattes, {SIZE} px, batch {BATCH}, one core"
    return [{"what": what, "how": name, "pictures/s": round(BATCH / seconds)} for name, seconds in found.items()]
