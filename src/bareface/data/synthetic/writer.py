"""Writes drawn people in the layouts of CelebHair and VGGFace2, so that the readers of those read them too."""

import json
import os
import shutil
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from bareface.data.dataset import DataSet
from bareface.data.synthetic.renderer import Renderer
from bareface.io.atomic import atomic_path

CODES = np.array([0, 128, 255], np.uint8)
"""Mask values of CelebHair: background, face, hair."""
NOTE = "synthetic.json"
FORMAT = 1


def ensure(root: Path, parameters: Mapping[str, object], write: Callable[[Path], None]) -> None:
    """Makes a folder once: writes it beside its place and moves it there when it is whole.

    Two processes may do so at the same time; the second one then finds the first one's folder.

    Args:
        root: The folder.
        parameters: All that its content depends on, plain values; kept in ``synthetic.json``.
        write: Fills a folder.

    Raises:
        FileExistsError: The folder exists and was made with other parameters, or by somebody else.
    """
    wanted = json.loads(json.dumps({"format": FORMAT, **parameters}))
    if root.exists():
        _check(root, wanted)
        return
    root.parent.mkdir(parents=True, exist_ok=True)
    partial_folder = root.with_name(f".{root.name}.{uuid.uuid4().hex[:12]}")
    try:
        partial_folder.mkdir()
        write(partial_folder)
        with atomic_path(partial_folder / NOTE) as path:
            path.write_text(json.dumps(wanted, indent=2) + "\n", encoding="utf-8")
        try:
            os.rename(partial_folder, root)
        except OSError:
            if not root.exists():
                raise
            _check(root, wanted)
    finally:
        shutil.rmtree(partial_folder, ignore_errors=True)


def is_drawn(dataset: DataSet) -> bool:
    """Whether its pictures are drawn: its class says so or, whoever reads them, the note in its folder."""
    return type(dataset).__module__.startswith("bareface.data.synthetic") or (dataset.root / NOTE).is_file()


def _check(root: Path, wanted: Mapping[str, object]) -> None:
    note = root / NOTE
    found = json.loads(note.read_text(encoding="utf-8")) if note.is_file() else None
    if found is None:
        raise FileExistsError(f"{root}: exists and is not a folder of synthetic pictures. Choose another one.")
    if found != wanted:
        differ = sorted(key for key in found.keys() | wanted.keys() if found.get(key) != wanted.get(key))
        raise FileExistsError(
            f"{root}: was made with another {', '.join(differ)}. Delete it, or choose another folder."
        )


def _encode(path: Path, image: NDArray[np.uint8], *options: int) -> None:
    done, data = cv2.imencode(path.suffix, image, options)
    if not done:
        raise OSError(f"{path}: could not be encoded.")
    path.write_bytes(data.tobytes())


Job = tuple[int, int, str, str]  # identity, photo, picture, mask


def _write(root: Path, renderer: Renderer, job: Job) -> tuple[int, int, int, int]:
    identity, photo, picture, mask = job
    drawn = renderer.render(identity, photo)
    _encode(root / picture, np.ascontiguousarray(drawn.image[..., ::-1]), cv2.IMWRITE_JPEG_QUALITY, 95)
    _encode(root / mask, CODES[drawn.mask])
    return drawn.box


def _write_all(root: Path, renderer: Renderer, jobs: list[Job], progress: bool) -> list[tuple[int, int, int, int]]:
    for folder in {(root / name).parent for job in jobs for name in job[2:]}:
        folder.mkdir(parents=True, exist_ok=True)

    def shown(boxes: Iterable[tuple[int, int, int, int]]) -> Iterator[tuple[int, int, int, int]]:
        yield from tqdm(boxes, "Drawing", len(jobs), disable=not progress, unit="picture", mininterval=0.5)

    work = partial(_write, root, renderer)
    cores = len(os.sched_getaffinity(0))
    if cores == 1 or len(jobs) < 200:  # starting processes costs more than it saves
        return list(shown(map(work, jobs)))
    with ProcessPoolExecutor(cores) as pool:
        return list(shown(pool.map(work, jobs, chunksize=16)))


def write_celebhair(root: Path, identities: int, photos: int, renderer: Renderer, progress: bool = False) -> None:
    """Fills a folder as CelebA and CelebHair lie together.

    ``img_align_celeba/000001.jpg``, ``segmentation_masks/000001.bmp`` (0, 128, 255), ``identity_CelebA.txt`` and
    ``list_eval_partition.txt`` (80, 10 and 10 % of the identities). Neighbouring numbers are of different people, as in
    CelebA.

    Args:
        root: An empty folder.
        identities: Number of people.
        photos: Photos of each.
        renderer: Draws them.
        progress: Show a progress bar on standard error.
    """
    order = np.random.default_rng([renderer.seed, identities, photos]).permutation(identities * photos)
    pairs = [divmod(int(number), photos) for number in order]
    names = [f"{number:06d}" for number in range(1, len(pairs) + 1)]
    jobs = [
        (identity, photo, f"img_align_celeba/{name}.jpg", f"segmentation_masks/{name}.bmp")
        for (identity, photo), name in zip(pairs, names, strict=True)
    ]
    _write_all(root, renderer, jobs, progress)
    part = [0 if 10 * identity < 8 * identities else 1 + (10 * identity >= 9 * identities) for identity, _ in pairs]
    listed = [f"{name}.jpg {identity + 1}\r\n" for name, (identity, _) in zip(names, pairs, strict=True)]
    (root / "identity_CelebA.txt").write_text("".join(listed), encoding="utf-8", newline="")
    parts = [f"{name}.jpg {value}\r\n" for name, value in zip(names, part, strict=True)]
    (root / "list_eval_partition.txt").write_text("".join(parts), encoding="utf-8", newline="")


def write_vggface2(
    root: Path, identities: int, photos: int, renderer: Renderer, test_identities: int = 0, progress: bool = False
) -> None:
    """Fills a folder as VGGFace2 lies, with ground-truth masks in a mirrored tree beside it.

    ``train/n000001/0001_01.jpg`` and ``test/``, ``train_list.txt``, ``test_list.txt``, ``identity_meta.csv``,
    ``bb_landmark/loose_bb_train.csv``, ``masks/train/n000001/0001_01.png`` (0, 128, 255).

    Args:
        root: An empty folder.
        identities: Number of people in ``train``.
        photos: Photos of each.
        renderer: Draws them.
        test_identities: Number of further people in ``test``.
        progress: Show a progress bar on standard error.
    """
    meta = ["Class_ID, Name, Sample_Num, Flag, Gender\n"]
    (root / "bb_landmark").mkdir()
    for tree, first, count in (("train", 0, identities), ("test", identities, test_identities)):
        keys = [
            (identity, photo, f"n{identity + 1:06d}/{photo + 1:04d}_01")
            for identity in range(first, first + count)
            for photo in range(photos)
        ]
        jobs = [(who, photo, f"{tree}/{key}.jpg", f"masks/{tree}/{key}.png") for who, photo, key in keys]
        boxes = _write_all(root, renderer, jobs, progress) if jobs else []
        listed = "".join(f"{key}.jpg\n" for _, _, key in keys)
        (root / f"{tree}_list.txt").write_text(listed, encoding="utf-8")
        rows = [f'"{key}",{x},{y},{w},{h}\n' for (_, _, key), (x, y, w, h) in zip(keys, boxes, strict=True)]
        table = "".join(["NAME_ID,X,Y,W,H\n", *rows])
        (root / "bb_landmark" / f"loose_bb_{tree}.csv").write_text(table, encoding="utf-8")
        meta += [
            f'n{who + 1:06d}, "Synthetic_{who + 1:04d}", {photos}, {int(tree == "train")}, {"mf"[who % 2]}\n'
            for who in range(first, first + count)
        ]
    (root / "identity_meta.csv").write_text("".join(meta), encoding="utf-8")
