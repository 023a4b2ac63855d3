import pickle
import struct

import cv2
import numpy as np

from data.trees.shapes import noise

MAGIC = struct.pack("<I", 0xCED7230A)
PEOPLE = [3, 2, 4]
"""Number of pictures of the classes 0, 1, ..."""


def jpeg(seed, side=12):
    """The bytes of a JPEG file."""
    return cv2.imencode(".jpg", noise(seed, side, side))[1].tobytes()


def head(labels, content=b"", number=0):
    """MXNet's IRHeader, with one label in it or several behind it, then the content."""
    if isinstance(labels, (int, float)):
        return struct.pack("<IfQQ", 0, labels, number, 0) + content
    packed = struct.pack(f"<IfQQ{len(labels)}f", len(labels), 0.0, number, 0, *labels)
    return packed + content


def frames(data):
    """A record as it lies in the file: cut where the magic stands at a multiple of 4, each part padded."""
    cuts = [place for place in range(0, len(data) // 4 * 4, 4) if data[place : place + 4] == MAGIC]
    parts = [data[start:end] for start, end in zip([0, *(c + 4 for c in cuts)], [*cuts, len(data)], strict=True)]
    flags = [0] if len(parts) == 1 else [1, *[2] * (len(parts) - 2), 3]
    return b"".join(
        MAGIC + struct.pack("<I", flag << 29 | len(part)) + part + bytes(-len(part) % 4)
        for flag, part in zip(flags, parts, strict=True)
    )


def write_records(root, records, name="train", keys=None):
    """A .rec file of these data and its .idx; the position of each."""
    offsets, content = [], b""
    for data in records:
        offsets.append(len(content))
        content += frames(data)
    (root / f"{name}.rec").write_bytes(content)
    numbers = range(len(records)) if keys is None else keys
    lines = [f"{key}\t{offset}\n" for key, offset in zip(numbers, offsets, strict=True)]
    (root / f"{name}.idx").write_text("".join(lines))
    return offsets


def write(root, people=PEOPLE, ranges=True, labels=None, classes=None):
    """train.rec, train.idx and property.

    Args:
        root: The folder.
        people: Number of pictures of each class.
        ranges: Write the header and the ranges of identities; else pictures alone.
        labels: Of each picture, in place of its class.
        classes: What property says, in place of the truth.
    """
    root.mkdir(parents=True, exist_ok=True)
    shown = np.repeat(np.arange(len(people)), people).tolist() if labels is None else labels
    pictures = [head(label, jpeg(number), number) for number, label in enumerate(shown, start=1)]
    records = pictures
    if ranges:
        first = len(pictures) + 1
        ends = [1 + sum(people[: place + 1]) for place in range(len(people))]
        entries = [head([end - count, end]) for end, count in zip(ends, people, strict=True)]
        records = [head([first, first + len(people)]), *pictures, *entries]
    offsets = write_records(root, records)
    (root / "property").write_text(f"{len(people) if classes is None else classes},112,112")
    return offsets


def write_bin(path, pairs=20, protocol=2, kind=bytes, mated=None):
    """A verification set: pictures 0 and 1 are pair 0, ...; every other pair is mated."""
    pictures = [jpeg(number) for number in range(2 * pairs)]
    if kind is np.ndarray:
        pictures = [np.frombuffer(picture, np.uint8) for picture in pictures]
    flags = [pair % 2 == 0 for pair in range(pairs)] if mated is None else mated
    path.write_bytes(pickle.dumps((pictures, flags), protocol=protocol))
    return pictures
