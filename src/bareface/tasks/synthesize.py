"""``bareface synthesize``: draws a data set of faces into a folder."""

import shlex
from collections.abc import Callable
from functools import partial
from pathlib import Path

from bareface.data.synthetic.renderer import Renderer
from bareface.data.synthetic.writer import ensure, write_celebhair, write_vggface2

WRITERS: dict[str, Callable[..., None]] = {"celebhair": write_celebhair, "vggface2": write_vggface2}
SPLITS = {"celebhair": ["data.split=identity"], "vggface2": []}
"""What its reader has to be told, so that any number of pictures can be divided."""


def synthesize(
    target: Path,
    layout: str,
    identities: int,
    photos: int,
    height: int,
    width: int,
    background_bias: float,
    seed: int,
) -> str:
    """Writes the folder, whole or not at all; one that was written with the same arguments is left as it is.

    Returns:
        The options of the tasks that read it.

    Raises:
        ValueError: Another layout, or a number out of its range.
        FileExistsError: The folder exists and is something else.
    """
    if layout not in WRITERS:
        raise ValueError(f"layout={layout}: expected {' or '.join(WRITERS)}.")
    if identities < 1 or photos < 1:
        raise ValueError(f"identities={identities}, photos={photos}: expected at least 1 each.")
    renderer = Renderer(seed, height, width, background_bias)
    parameters = {"layout": layout, "identities": identities, "photos": photos, **renderer.parameters()}
    write = partial(WRITERS[layout], identities=identities, photos=photos, renderer=renderer, progress=True)
    ensure(target, parameters, write)
    return shlex.join([f"data={layout}", f"data.root={target}", *SPLITS[layout]])
