"""Folders of pictures: what is in them, and which picture goes with which."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from bareface.data.manifest import Manifest
from bareface.data.names import composed
from bareface.errors import DataError, some
from bareface.io.pictures import PICTURE_SUFFIXES


def existing_folder(path: Path, expected: str) -> Path:
    """The folder, if there is one.

    Args:
        path: The folder.
        expected: What should lie there and where people get it, for the message.

    Raises:
        DataError: There is no such folder.
    """
    if not path.is_dir():
        raise DataError(f"{path}: no such folder. {expected}")
    return path


def pictures_in(folder: str | os.PathLike[str]) -> tuple[list[str], int]:
    """Names of the picture files in a folder, sorted, and the number of other entries; hidden ones do not count."""
    names, others = [], 0
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if os.path.splitext(entry.name)[1].lower() in PICTURE_SUFFIXES and not entry.is_dir():
                names.append(entry.name)
            else:
                others += 1
    return sorted(names), others


def folders_in(folder: str | os.PathLike[str]) -> list[str]:
    """Names of the folders in a folder, sorted, without hidden ones."""
    with os.scandir(folder) as entries:
        return sorted(entry.name for entry in entries if entry.is_dir() and not entry.name.startswith("."))


def pictures_of(sources: Sequence[Path]) -> list[tuple[str, Path]]:
    """The pictures that are named or lie in named folders, however deep; hidden ones do not count.

    What is not there is among them where others are: reading it fails, as reading a broken picture does.

    Raises:
        FileNotFoundError: Nothing of what is named is there.
        DataError: There are no pictures.
    """
    if not any(source.exists() for source in sources):
        raise FileNotFoundError(f"{', '.join(map(str, sources))}: no such picture or folder.")
    jobs: list[tuple[str, Path]] = []
    for source in sources:
        if source.is_dir():
            found = (path for path in sorted(source.rglob("*")) if path.suffix.lower() in PICTURE_SUFFIXES)
            jobs += [(str(path), path) for path in found if path.is_file() and not _hidden(path.relative_to(source))]
        else:
            jobs.append((str(source), source))
    if not jobs:
        raise DataError(f"{', '.join(map(str, sources))}: no pictures found. Expected files such as a.jpg or b.png.")
    return jobs


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def people_in(root: Path) -> tuple[list[tuple[str, Path]], list[str]]:
    """The pictures of a folder a person, and what else is to be said of the folders.

    A key is ``NAME/FILE``, so that the same picture has the same key wherever the folders lie; the name is in
    Unicode's form NFC. Of two folders whose names look the same, a file of the second that the first has, too, keeps
    the form in which its folder is written.

    Raises:
        FileNotFoundError: There is no such folder.
        DataError: There are no persons, or none has a picture.
    """
    if not root.is_dir():
        raise FileNotFoundError(f"{root}: no such folder. Expected a folder with a folder for each person.")
    jobs: dict[str, Path] = {}
    remarks = []
    forms: dict[str, list[str]] = {}
    for name in sorted(folders_in(root), key=lambda name: (composed(name), composed(name) != name, name)):
        pictures, others = pictures_in(root / name)
        forms.setdefault(composed(name), []).append(ascii(name))
        for picture in pictures:
            key = f"{composed(name)}/{picture}"
            jobs[key if key not in jobs else f"{name}/{picture}"] = root / name / picture
        if not pictures:
            remarks.append(f"no pictures: {root / name}")
        if others:
            remarks.append(f"passed over: {others} in {root / name} that are no pictures")
    twins = [" = ".join(folders) for folders in forms.values() if len(folders) > 1]
    remarks += [f"folders whose names look the same, taken for one person: {twin}" for twin in twins]
    loose, _ = pictures_in(root)
    if loose:
        remarks.append(f"passed over: {len(loose)} pictures in {root} itself, not in the folder of a person")
    if not jobs:
        raise DataError(f"{root}: no pictures of people found. Expected files such as {root}/NAME/1.jpg.")
    return list(jobs.items()), remarks


def by_stem(names: Iterable[str], folder: Path, errors: list[str]) -> dict[str, str]:
    """File names by stem; adds an error where two files share one."""
    stems: dict[str, str] = {}
    twice = set()
    for name in names:
        stem = os.path.splitext(name)[0]
        if stem in stems:
            twice.add(stem)
        stems[stem] = name
    if twice:
        errors.append(f"{folder}: more than one file of the same stem: {some(sorted(twice))}. Keep one of each.")
    return stems


def identity_names(manifest: Manifest) -> tuple[str, ...]:
    """Names of the labels 0, 1, ...: the folders that the pictures lie in."""
    labels = manifest.column("label")
    rows = np.flatnonzero(np.diff(labels, prepend=-1))  # one or more of each label, few where labels are sorted
    rows = rows[np.unique(labels[rows], return_index=True)[1]]
    return tuple(manifest.key(row).rsplit("/", 2)[-2] for row in rows.tolist())
