"""Which processors gain from computing in bfloat16, and how to let them."""

from functools import cache
from pathlib import Path

import torch


@cache
def processor_computes_in_bf16() -> bool:
    """Whether this processor multiplies bfloat16 itself; others convert, which makes it slower than float32."""
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags


def fast_precision() -> torch.autocast:
    """For a ``with`` block: computes in bfloat16 where the processor does, as ``trainer=cpu`` does."""
    return torch.autocast("cpu", torch.bfloat16, enabled=processor_computes_in_bf16())
