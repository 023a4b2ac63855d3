"""Which processors gain from computing in bfloat16."""

from functools import cache
from pathlib import Path


@cache
def processor_computes_in_bf16() -> bool:
    """Whether this processor multiplies bfloat16 itself; others convert, which makes it slower than float32."""
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags
