"""Where drawn data sets lie, and drawing them when they are first asked for."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bareface.data.synthetic.renderer import Renderer
from bareface.data.synthetic.writer import ensure


class DrawnFolder:
    """A folder of drawn people; its name says with what it was drawn, so that other arguments are another folder.

    Args:
        parent: Folder of such folders.
        layout: ``celebhair`` or ``vggface2``.
        write: The writer of that layout.
        renderer: Draws the people.
        numbers: The other arguments of the writer; at least 1 each, ``test_identities`` at least 0.

    Raises:
        ValueError: A number is less than that.
    """

    def __init__(
        self, parent: Path, layout: str, write: Callable[..., None], renderer: Renderer, numbers: dict[str, int]
    ) -> None:
        for name, number in numbers.items():
            least = 0 if name == "test_identities" else 1
            if number < least:
                raise ValueError(f"data.{name}={number}: expected at least {least}.")
        self.layout, self.write, self.renderer, self.numbers = layout, write, renderer, numbers
        count = "x".join(map(str, numbers.values()))
        drawn = f"bias{float(renderer.background_bias)}_seed{renderer.seed}"
        self.path = parent / f"{layout}_{count}_{renderer.height}x{renderer.width}_{drawn}"

    def ensure(self) -> None:
        """Draws the people unless they are there already.

        Raises:
            FileExistsError: The folder was drawn with something else.
        """
        parameters: dict[str, Any] = {"layout": self.layout, **self.numbers, **self.renderer.parameters()}
        ensure(self.path, parameters, self._draw)

    def _draw(self, folder: Path) -> None:
        self.write(folder, renderer=self.renderer, progress=sys.stderr.isatty(), **self.numbers)
