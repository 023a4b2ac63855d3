"""Which processors gain from computing in fewer bits, and how to let them."""

from functools import cache
from pathlib import Path

import torch


@cache
def processor_computes_in_bf16() -> bool:
    """Whether this processor multiplies bfloat16 itself; others convert, which makes it slower than float32."""
    return _has("avx512_bf16", "amx_bf16")


@cache
def processor_computes_in_int8() -> bool:
    """Whether this processor multiplies 8-bit integers itself, four times as many at a time as float32."""
    return _has("avx512_vnni", "amx_int8")


def _has(*instructions: str) -> bool:
    try:
        flags = set(Path("/proc/cpuinfo").read_text(encoding="utf-8").split())
    except OSError:
        return False
    return not flags.isdisjoint(instructions)


def fast_precision() -> torch.autocast:
    """For a ``with`` block: computes in bfloat16 where the processor does, as ``trainer=cpu`` does."""
    return torch.autocast("cpu", torch.bfloat16, enabled=processor_computes_in_bf16())
