"""Exact search of many faces: all of them in 8 bits, the promising ones in float32, and a proof that it was enough."""

import torch
from numpy.typing import NDArray
from torch import Tensor

GROUP = 8
"""Of so many neighbouring scores the highest is looked at first."""
BLOCK = 8192 * GROUP
ROUNDED = 1024
"""Rows that are rounded at a time: few enough to stay in the processor's cache."""
CANDIDATES = (128, 1024)
"""How many rows are compared in float32: at first, and for probes that this does not settle."""
DEEPEST = 64
"""The most hits for which this is the fast way."""


class Int8Scan:
    """Searches embeddings by their cosine.

    With q' and x' for the rounded vectors, a score is wrong by at most |q - q'| + |q'| |x - x'| (Cauchy-Schwarz). What
    is no candidate scores at most as much as the last candidate, plus that; where the k-th hit in float32 does not
    reach it, the probe counts as unproven.

    Args:
        matrix: (N, D) float32 of length 1; kept, not copied.
    """

    def __init__(self, matrix: NDArray) -> None:  # type: ignore[type-arg]
        self.matrix = torch.from_numpy(matrix)
        rows, size = self.matrix.shape
        padded = -(-rows // GROUP) * GROUP
        self.codes = torch.zeros(padded, size, dtype=torch.int8)
        self.scale, self.error = torch.zeros(padded), 0.0
        for start in range(0, rows, ROUNDED):
            block = slice(start, min(start + ROUNDED, rows))
            self.codes[block], self.scale[block], error = _rounded(self.matrix[block])
            self.error = max(self.error, float(error.max()))

    @torch.inference_mode()
    def search(self, probes: NDArray, k: int, candidates: int) -> tuple[Tensor, Tensor, Tensor]:  # type: ignore[type-arg]
        """The nearest of each probe.

        Args:
            probes: (Q, D) float32 of length 1.
            k: Number of hits, at most ``DEEPEST``.
            candidates: How many rows are compared in float32.

        Returns:
            (Q, k) scores in float32, best first; (Q, k) rows; (Q,) bool, whether these are proven to be the best.
        """
        exact = torch.from_numpy(probes)
        codes, scale, error = _rounded(exact)
        approximate, rows = self._candidates(codes, candidates)
        near = torch.bmm(self.matrix[rows.clamp(max=len(self.matrix) - 1)], exact[:, :, None])[:, :, 0]
        near[rows >= len(self.matrix)] = -torch.inf  # padding
        scores, order = near.topk(k)
        bound = approximate.amin(1) * scale + error + (1 + error) * self.error + 1e-5  # float32 rounds, too
        return scores, rows.gather(1, order), scores[:, -1] >= bound

    def _candidates(self, probes: Tensor, wanted: int) -> tuple[Tensor, Tensor]:
        """The best in 8 bits: (Q, wanted) scores, to be multiplied by each probe's scale, and rows."""
        count = len(probes)
        best = torch.full((count, wanted), -torch.inf)
        rows = torch.full((count, wanted), len(self.codes))
        products = torch.empty(count, BLOCK, dtype=torch.int32)
        scores = torch.empty(count, BLOCK)
        for start in range(0, len(self.codes), BLOCK):
            block = self.codes[start : start + BLOCK]
            if len(block) < BLOCK:
                products, scores = (buffer[:, : len(block)].contiguous() for buffer in (products, scores))
            torch._int_mm(probes, block.T, out=products)  # the one way that torch has to multiply 8 bits
            torch.mul(products, self.scale[start : start + BLOCK], out=scores)
            grouped = scores.view(count, GROUP, -1)
            highest = grouped.amax(1)
            least = best.amin(1)
            if not start and highest.shape[1] >= wanted:  # so many groups have a score that is at least this
                least = highest.topk(wanted).values[:, -1]
            probe, column = torch.nonzero(highest >= least[:, None], as_tuple=True)
            values = grouped[probe, :, column]
            group, member = torch.nonzero(values >= least[probe, None], as_tuple=True)
            found = start + member * highest.shape[1] + column[group]
            best, rows = _merged(best, rows, probe[group], values[group, member], found)
        return best, rows


def _rounded(vectors: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """8-bit codes, what to multiply each row of them with, and the length of each row's rounding error."""
    scale = vectors.abs().amax(1).clamp(min=1e-12) / 127
    codes = (vectors / scale[:, None]).round_()
    return codes.to(torch.int8), scale, (vectors - codes * scale[:, None]).norm(dim=1)


def _merged(best: Tensor, rows: Tensor, probe: Tensor, values: Tensor, found: Tensor) -> tuple[Tensor, Tensor]:
    """The best of what there was and of new values, which are sorted by probe."""
    if not len(probe):
        return best, rows
    counts = torch.bincount(probe, minlength=len(best))
    place = torch.arange(len(probe)) - (counts.cumsum(0) - counts)[probe]
    shape = (len(best), int(counts.max()))
    more, numbers = torch.full(shape, -torch.inf), torch.full(shape, int(found.max()))
    more[probe, place], numbers[probe, place] = values, found
    kept, order = torch.cat([best, more], 1).topk(best.shape[1])
    return kept, torch.cat([rows, numbers], 1).gather(1, order)
