"""Takes the background away from files: one picture, or a folder of them."""

import errno
import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from tqdm import tqdm

from bareface.data.dataset import Record
from bareface.data.transforms import Letterbox
from bareface.data.window import resample
from bareface.errors import DataError, PictureError, some
from bareface.io.pictures import MAX_PIXELS, PICTURE_SUFFIXES, read_picture, write_picture
from bareface.pipeline.backdrops import Backdrop, backdrop
from bareface.pipeline.background import compose, foreground_classes
from bareface.pipeline.matte import Matte
from bareface.pipeline.photos import Photos
from bareface.precision import processor_computes_in_bf16
from bareface.segmentation.segmenter import Segmenter

WRITABLE = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp")


@dataclass
class Summary:
    """What became of the pictures.

    Attributes:
        written: Number of files written.
        failed: Path and reason of each picture that gave none.
        skipped: Number of pictures whose file was there already.
        interrupted: Whether Ctrl-C came before the end.
    """

    written: int = 0
    failed: list[tuple[str, str]] = field(default_factory=list)
    skipped: int = 0
    interrupted: bool = False

    def text(self) -> str:
        """For the terminal: every failure, then the counts."""
        lines = [f"failed: {reason}" for _, reason in self.failed]
        skipped = f", {self.skipped} there already" if self.skipped else ""
        end = "; interrupted, --skip-existing goes on" if self.interrupted else ""
        return "\n".join([*lines, f"{self.written} written, {len(self.failed)} failed{skipped}{end}"])


def cutout(
    source: Path,
    target: Path,
    segmenter: Path,
    foreground: str = "face+hair",
    behind: str = "black",
    matte: Matte | None = None,
    batch_size: int = 16,
    device: str = "auto",
    overwrite: bool = False,
    skip_existing: bool = False,
    max_pixels: int = MAX_PIXELS,
) -> Summary:
    """Writes each picture with its background replaced, at its own resolution; goes on after pictures that fail.

    Ctrl-C ends it early: what was written by then is whole.

    Args:
        source: A picture, or a folder, whose tree is mirrored.
        target: The file or the folder to write.
        segmenter: Checkpoint of a segmenter.
        foreground: What to keep.
        behind: black, white, grey, mean, blur, transparent (PNG with alpha), or the path of a picture.
        matte: What becomes of the segmenter's scores; None = foreground where it is more probable than the rest.
        batch_size: Pictures at a time.
        device: auto, cpu or cuda.
        overwrite: Replace files that are in ``target`` already.
        skip_existing: Leave them as they are and make the others.
        max_pixels: Larger pictures are not decoded.

    Raises:
        ValueError: A word or number that is not known, two pictures that would become one file, or a target that
            would overwrite the source.
        FileExistsError: Files are in ``target`` already.
        OSError: ``target`` cannot be written.
        DataError: There are no pictures.
    """
    if batch_size < 1:
        raise ValueError(f"batch-size={batch_size}: expected at least 1.")
    if max_pixels < 1:
        raise ValueError(f"max-pixels={max_pixels}: expected at least 1.")
    if overwrite and skip_existing:
        raise ValueError("--overwrite and --skip-existing contradict each other. Give one of them.")
    if device not in ("auto", "cpu", "cuda"):
        raise ValueError(f"device={device}: expected auto, cpu or cuda.")
    if device == "cuda" and not torch.cuda.is_available():
        raise ValueError("device=cuda: no usable GPU here. Use device=cpu.")
    where = torch.device("cuda" if device != "cpu" and torch.cuda.is_available() else "cpu")
    model = Segmenter.load(segmenter).to(where)
    foreground_classes(foreground, model.classes)
    matte = Matte() if matte is None else matte
    scene = None if behind == "transparent" else backdrop(behind).to(where)
    jobs = _jobs(source, target, transparent=scene is None)
    there = [str(out) for _, out in jobs if out.exists()]
    if there and not (overwrite or skip_existing):
        rule = "Choose another one, --overwrite, or --skip-existing to make the others"
        raise FileExistsError(f"{target}: files are there already: {some(there)}. {rule}.")
    _prepare(target if source.is_dir() else jobs[0][1].parent)
    summary = Summary()
    if skip_existing:
        jobs = [(path, out) for path, out in jobs if not out.exists()]
        summary.skipped = len(there)
    try:
        _cut_all(jobs, model, matte, foreground, scene, batch_size, max_pixels, summary)
    except KeyboardInterrupt:
        summary.interrupted = True
    return summary


def _prepare(folder: Path) -> None:
    """Makes the folder before hours of work, not after."""
    folder.mkdir(parents=True, exist_ok=True)
    if not os.access(folder, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))


def _cut_all(
    jobs: list[tuple[Path, Path]],
    model: Segmenter,
    matte: Matte,
    foreground: str,
    scene: Backdrop | None,
    batch_size: int,
    max_pixels: int,
    summary: Summary,
) -> None:
    with ThreadPoolExecutor(4) as pool, tqdm(total=len(jobs), desc="Cutting out", unit="picture") as bar:
        load = partial(_load, letterbox=Letterbox(model.size), max_pixels=max_pixels)
        for batch in _read_ahead(pool, jobs, batch_size, load, summary):
            cuts = _cut(
                [(path.name, photo) for path, photo, _, _ in batch],
                [framed for *_, framed in batch],
                model,
                matte,
                foreground,
                scene,
            )
            written = [(path, pool.submit(_save, out, cut)) for (path, _, out, _), cut in zip(batch, cuts, strict=True)]
            for path, done in written:
                try:
                    done.result()
                    summary.written += 1
                except OSError as error:
                    summary.failed.append((str(path), str(error)))
            bar.n = summary.written + len(summary.failed)
            bar.refresh()


Loaded = tuple[Path, NDArray[np.uint8], Path, tuple[Tensor, Tensor]]


def _jobs(source: Path, target: Path, transparent: bool) -> list[tuple[Path, Path]]:
    if not source.exists():
        raise FileNotFoundError(f"{source}: no such picture or folder.")
    whole, out = source.resolve(), target.resolve()
    if source.is_dir():
        if out == whole or whole in out.parents or out in whole.parents:
            raise ValueError(
                f"{target}: lies in {source} or around it. Choose a folder beside it: input stays as it is."
            )
        found = (path for path in sorted(source.rglob("*")) if path.suffix.lower() in PICTURE_SUFFIXES)
        relative = [path.relative_to(source) for path in found if path.is_file()]
        pictures = [path for path in relative if not any(part.startswith(".") for part in path.parts)]
        jobs = [(source / path, target / _renamed(path, transparent)) for path in pictures]
    else:
        single = _renamed(target / source.name, transparent) if target.is_dir() else target
        if single != _renamed(single, transparent):
            reason = "only PNG holds transparency" if transparent else "no known picture format"
            raise ValueError(f"{target}: {reason}. Name it {_renamed(single, transparent).name}.")
        jobs = [(source, single)]
        if jobs[0][1].resolve() == whole:
            raise ValueError(f"{target}: is the input itself. Choose another name: input stays as it is.")
    if not jobs:
        raise DataError(f"{source}: no pictures found. Expected files such as a.jpg or b.png.")
    origin: dict[Path, Path] = {}
    for path, name in jobs:
        if name in origin:
            raise ValueError(f"{name}: both {origin[name]} and {path} would become this file. Rename one of them.")
        origin[name] = path
    return jobs


def _renamed(path: Path, transparent: bool) -> Path:
    kept = path.suffix.lower() in (WRITABLE if not transparent else (".png",))
    return path if kept else path.with_suffix(".png")


Photo = tuple[NDArray[np.uint8], tuple[Tensor, Tensor]]


def _load(path: Path, letterbox: Letterbox, max_pixels: int) -> Photo:
    photo = read_picture(path, max_pixels)
    framed = letterbox(Record(photo), 0)
    return photo, (torch.from_numpy(framed.image.transpose(2, 0, 1).copy()), torch.tensor(framed.content))


def _read_ahead(
    pool: ThreadPoolExecutor,
    jobs: list[tuple[Path, Path]],
    size: int,
    load: Callable[[Path], Photo],
    summary: Summary,
) -> Iterator[list[Loaded]]:
    """Batches of what could be read; the next batch is decoded while this one is worked on."""
    rest = iter(jobs)

    def start() -> list[tuple[Path, Path, Future[Photo]]]:
        return [(path, out, pool.submit(load, path)) for path, out in islice(rest, size)]

    following = start()
    while following:
        current, following = following, start()
        batch: list[Loaded] = []
        for path, out, loaded in current:
            try:
                photo, framed = loaded.result()
                batch.append((path, photo, out, framed))
            except (PictureError, OSError) as error:
                reason = str(error).replace("raise max_pixels.", "raise --max-pixels.")
                summary.failed.append((str(path), reason))
        if batch:
            yield batch


@torch.inference_mode()
def _cut(
    photos: list[tuple[str, NDArray[np.uint8]]],
    framed: list[tuple[Tensor, Tensor]],
    model: Segmenter,
    matte: Matte,
    foreground: str,
    scene: Backdrop | None,
) -> Iterator[NDArray[np.uint8]]:
    device = model.normalise.mean.device
    image = torch.stack([canvas for canvas, _ in framed]).to(device)
    fast = device.type == "cuda" or processor_computes_in_bf16()
    with torch.autocast(device.type, torch.bfloat16, enabled=fast):
        scores = matte.scores(model, image)
    for index, (key, photo) in enumerate(photos):  # photos differ in size
        height, width = photo.shape[:2]
        content = framed[index][1][None].to(device)
        own = resample(scores[index : index + 1], content, content, height, width)
        kept = matte.of_scores(own, torch.ones(1, 1, height, width, device=device), foreground, model.classes)
        picture = torch.from_numpy(photo.transpose(2, 0, 1).copy())[None].float().to(device)
        if scene is None:
            alpha = (kept[0, 0] * 255).round().to(torch.uint8).cpu().numpy()
            yield np.dstack([photo, alpha])
        else:
            everything = torch.tensor([[0, 0, height, width]], device=device)
            mixed = compose(picture, kept, scene(Photos(picture, everything, [key]), kept))[0]
            yield np.asarray(mixed.permute(1, 2, 0).round().to(torch.uint8).cpu().numpy())


def _save(path: Path, picture: NDArray[np.uint8]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_picture(path, picture)
