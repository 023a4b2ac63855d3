import json

import numpy as np

from bareface.io.pictures import write_picture
from data.trees.shapes import box, noise

HEIGHT, WIDTH = 20, 24
BODY = (4, 6, 16, 18)
"""Top, left, bottom, right of the person in most pictures."""
OTHER = (0, 0, 4, 4)
PERSON, DOG = 7, 2  # not the official numbers: the name counts


def polygon(top, left, bottom, right):
    return [[left, top, right, top, right, bottom, left, bottom]]


def runs(mask):
    """Run lengths of a mask, column by column, pixels outside first."""
    flat = np.append(0, (mask > 0).T.ravel())
    changes = np.flatnonzero(np.diff(flat))
    return np.diff(np.concatenate([[0], changes, [mask.size]])).tolist()


def packed(counts):
    """COCO's text for run lengths."""
    text = ""
    for place, count in enumerate(counts):
        number = count - counts[place - 2] if place > 2 else count
        while True:
            digit, number = number & 31, number >> 5
            more = number != (-1 if digit & 16 else 0)
            text += chr(48 + digit + 32 * more)
            if not more:
                break
    return text


def run_lengths(corners, pack):
    counts = runs(box(HEIGHT, WIDTH, *corners))
    return {"size": [HEIGHT, WIDTH], "counts": packed(counts) if pack else counts}


def person(corners=BODY, how="polygon", head=True, crowd=False):
    segmentation = polygon(*corners) if how == "polygon" else run_lengths(corners, how == "packed")
    area = (corners[2] - corners[0]) * (corners[3] - corners[1])
    return {"segmentation": segmentation, "area": area, "iscrowd": int(crowd), "head": head}


PICTURES = {
    "train2017": {
        **{number: [person()] for number in range(1, 9)},
        9: [person(how="packed")],
        10: [person(how="counts")],
        20: [person(), person(OTHER)],
        21: [person(), person((0, 0, 20, 10), "counts", crowd=True)],
        22: [person(head=False)],
        23: [person(OTHER)],
        24: [],
        25: [person(BODY, "counts", crowd=True)],
    },
    "val2017": {number: [person()] for number in (101, 102, 103)},
}
"""People of each picture; the training pictures 1 to 10 pass all filters. In each there is also a dog."""


def write(root, pictures=PICTURES, key_points=True):
    (root / "annotations").mkdir(parents=True)
    names = ["nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder"]
    for tree, people in pictures.items():
        (root / tree).mkdir()
        images, annotations, points = [], [], []
        for number, persons in people.items():
            file = f"{number:012d}.jpg"
            write_picture(root / tree / file, noise(number, HEIGHT, WIDTH))
            images.append({"id": number, "file_name": file, "height": HEIGHT, "width": WIDTH})
            dog = {"segmentation": polygon(0, 20, 20, 24), "area": 80, "iscrowd": 0}
            for category, entry in [(DOG, dog), *((PERSON, person) for person in persons)]:
                labelled = {"id": 10 * len(annotations) + 1, "image_id": number, "category_id": category}
                annotations.append(labelled | {name: entry[name] for name in ("segmentation", "area", "iscrowd")})
                if category == PERSON:
                    seen = [2 if entry["head"] else 1, 0, 0, 0, 0, 2]  # 1: known, but hidden
                    points.append(labelled | {"keypoints": [value for v in seen for value in (3, 3, v)]})
        categories = [{"id": DOG, "name": "dog"}, {"id": PERSON, "name": "person"}]
        content = {"images": images, "annotations": annotations, "categories": categories}
        (root / f"annotations/instances_{tree}.json").write_text(json.dumps(content))
        if key_points:
            content = {"annotations": points, "categories": [categories[1] | {"keypoints": names}]}
            (root / f"annotations/person_keypoints_{tree}.json").write_text(json.dumps(content))
    return str(root)
