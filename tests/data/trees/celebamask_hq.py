import cv2

from bareface.io.pictures import write_picture
from data.trees.shapes import box, noise

BOXES = {
    "skin": (8, 8, 28, 24),
    "nose": (16, 14, 20, 18),
    "l_eye": (12, 10, 14, 13),
    "l_ear": (14, 5, 20, 8),
    "hair": (2, 6, 12, 26),
    "hat": (0, 6, 4, 26),
    "neck": (28, 12, 32, 20),
}
"""Top, left, bottom, right of each part in a mask of 32 x 32; hair covers skin from row 8 to 12, the hat hair."""


def original(number):
    """The number of the picture of CelebA that a picture was made from."""
    return 1000 + 7 * number


def encoded(mask):
    """As a PNG file: the masks of all pictures are the same ones."""
    return cv2.imencode(".png", mask)[1].tobytes()


def write(root, numbers=range(12), boxes=BOXES, header=True, identities=True, partition=True):
    """Pictures of 64 x 64, masks of 32 x 32, the mapping, and CelebA's lists of as many pictures as needed."""
    (root / "CelebA-HQ-img").mkdir(parents=True)
    masks = {part: encoded(box(32, 32, *corners)) for part, corners in boxes.items()}
    for number in numbers:
        write_picture(root / f"CelebA-HQ-img/{number}.jpg", noise(number, 64, 64))
        folder = root / f"CelebAMask-HQ-mask-anno/{number // 2000}"
        folder.mkdir(parents=True, exist_ok=True)
        for part, content in masks.items():
            (folder / f"{number:05d}_{part}.png").write_bytes(content)
    lines = [f"{n:<9d}{original(n) - 1:<12d}{original(n):06d}.jpg\n" for n in numbers]
    heads = ["idx      orig_idx    orig_file\n"] if header else []
    (root / "CelebA-HQ-to-CelebA-mapping.txt").write_text("".join(heads + lines))
    if identities:
        people = [f"{original(n):06d}.jpg {n // 2}\r\n" for n in numbers]
        (root / "identity_CelebA.txt").write_bytes("".join(people).encode())
    if partition:
        stages = [f"{original(n):06d}.jpg {(i % 4 == 2) + 2 * (i % 4 == 3)}\n" for i, n in enumerate(numbers)]
        (root / "list_eval_partition.txt").write_text("".join(stages))
    return str(root)
