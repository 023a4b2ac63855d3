"""Many windows of one picture, each averaged down to one size."""

import cv2
import numpy as np
from numpy.typing import NDArray

_AT_ONCE = 2**21  # values that are looked up together


class AreaWindows:
    """Resizes windows of a picture by averaging areas: all windows together, from one table of sums.

    Output pixel i of n looks at the source pixels from floor(i size / n) to ceil((i + 1) size / n), each whole; so
    windows smaller than the output repeat pixels.

    Args:
        image: (H, W, 3) uint8.

    Source: torch's ``interpolate(mode="area")``, which takes one window at a time.
    """

    def __init__(self, image: NDArray[np.uint8]) -> None:
        self._sums = cv2.integral(image, sdepth=cv2.CV_64F)  # (H + 1, W + 1, 3); exact, for sums stay below 2^53

    def __call__(self, windows: NDArray[np.int64], size: int) -> NDArray[np.float32]:
        """Cuts and resizes.

        Args:
            windows: (N, 4) left, top, right, bottom in pixels, inside the picture; right and bottom are exclusive.
            size: Height and width of the result.

        Returns:
            (N, size, size, 3) float32 in [0, 255].
        """
        result = np.empty((len(windows), size, size, 3), np.float32)
        step = max(1, _AT_ONCE // (size * size * 3))
        for start in range(0, len(windows), step):
            left, top, right, bottom = windows[start : start + step].T
            rows, columns = _edges(top, bottom, size), _edges(left, right, size)
            area = (rows[1] - rows[0])[:, :, None] * (columns[1] - columns[0])[:, None, :]
            total = self._at(rows[1], columns[1]) - self._at(rows[0], columns[1])
            total += self._at(rows[0], columns[0]) - self._at(rows[1], columns[0])
            result[start : start + step] = total / area[..., None]
        return result

    def _at(self, rows: NDArray[np.int64], columns: NDArray[np.int64]) -> NDArray[np.float64]:
        return np.asarray(self._sums[rows[:, :, None], columns[:, None, :]], np.float64)


def _edges(start: NDArray[np.int64], end: NDArray[np.int64], size: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First pixel of each output pixel and the one after its last, (N, size) each."""
    extent, steps = (end - start)[:, None], np.arange(size)
    return start[:, None] + steps * extent // size, start[:, None] + -(-(steps + 1) * extent // size)
