"""The annotation files of COCO: who is in each picture."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bareface.errors import DataError

HEAD = ("nose", "left_eye", "right_eye", "left_ear", "right_ear")
_VISIBLE = 2


@dataclass(slots=True)
class People:
    """The people in one picture.

    Attributes:
        file: Name of the picture.
        height: Of the picture in pixels.
        width: Of the picture in pixels.
        persons: Segmentation of each person.
        crowds: Segmentation of each crowd (``iscrowd`` = 1).
        pixels: Of all persons, by their ``area``.
        ids: Of the annotations of the persons.
    """

    file: str
    height: int
    width: int
    persons: list[Any] = field(default_factory=list)
    crowds: list[Any] = field(default_factory=list)
    pixels: float = 0.0
    ids: list[int] = field(default_factory=list)


def read_people(path: Path) -> list[People]:
    """Reads ``instances_*.json``: the pictures that show a person or a crowd of them.

    The whole file is in memory while it is read, some 3 GB for train2017.

    Raises:
        DataError: The file is not one of COCO's, or it has no category ``person``.
    """
    content = _read(path)
    pictures: dict[int, People] = {}
    try:
        sizes = {image["id"]: image for image in content["images"]}
        for annotation in _of_person(content, path):
            number = annotation["image_id"]
            if number not in pictures:
                image = sizes[number]
                pictures[number] = People(image["file_name"], image["height"], image["width"])
            people = pictures[number]
            if annotation["iscrowd"]:
                people.crowds.append(annotation["segmentation"])
            else:
                people.persons.append(annotation["segmentation"])
                people.pixels += annotation["area"]
                people.ids.append(annotation["id"])
    except KeyError as error:
        raise DataError(f"{path}: no {error} where COCO has one. Use the official file.") from error
    except TypeError as error:
        raise DataError(f"{path}: not as COCO's: {error}. Use the official file.") from error
    return list(pictures.values())


def read_heads(path: Path) -> set[int]:
    """Reads ``person_keypoints_*.json``: ids of the annotations of persons whose nose, an eye or an ear is visible.

    Raises:
        DataError: As ``read_people``.
    """
    content = _read(path)
    heads = set()
    try:
        names = next(entry["keypoints"] for entry in content["categories"] if entry["name"] == "person")
        places = [names.index(name) for name in HEAD]
        for annotation in _of_person(content, path):
            if any(annotation["keypoints"][3 * place + 2] == _VISIBLE for place in places):
                heads.add(annotation["id"])
    except (KeyError, TypeError, StopIteration, ValueError, IndexError) as error:
        raise DataError(f"{path}: no key points of persons ({error!r}). Use the official file.") from error
    return heads


def _of_person(content: dict[str, Any], path: Path) -> Iterator[dict[str, Any]]:
    numbers = [entry["id"] for entry in content["categories"] if entry["name"] == "person"]
    if len(numbers) != 1:
        names = ", ".join(entry["name"] for entry in content["categories"][:5])
        raise DataError(f"{path}: expected one category named person, found {names}. Use the official file.")
    return (annotation for annotation in content["annotations"] if annotation["category_id"] == numbers[0])


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_bytes())
    except ValueError as error:
        raise DataError(f"{path}: not a JSON file ({error}). Restore it.") from error
    if not isinstance(content, dict):
        raise DataError(f"{path}: holds a {type(content).__name__}, expected images, annotations and categories.")
    return content
