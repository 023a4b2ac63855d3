import numpy as np

from bareface.io.pictures import write_picture
from data.trees.shapes import noise

PEOPLE = {"Ada_Lovelace": 3, "Jean-Luc_O'Neil": 2, "Bo": 1, "Al_Gore_Jr": 2, "Zoe_Z": 2, "Emmy_Noether": 2}


def colours(size=16):
    """Hair (red) above skin (green) on blue."""
    mask = np.zeros((size, size, 3), np.uint8)
    mask[...] = (0, 0, 255)
    mask[4:12, 4:12] = (0, 255, 0)
    mask[2:6, 4:12] = (255, 0, 0)
    return mask


def write(root, people=PEOPLE, pictures="lfw_funneled", size=16):
    """Pictures and masks of some people, one more picture of each without a mask, and the lists: two of three train."""
    masks = root / "parts_lfw_funneled_gt_images"
    masks.mkdir(parents=True)
    lines = {"train": [], "validation": [], "test": []}
    count = 0
    for name, photos in people.items():
        (root / pictures / name).mkdir(parents=True)
        for number in range(1, photos + 2):
            write_picture(root / pictures / name / f"{name}_{number:04d}.jpg", noise(count * 10 + number, size, size))
        for number in range(1, photos + 1):
            write_picture(masks / f"{name}_{number:04d}.ppm", colours(size))
            stage = ("train", "train", "train", "train", "validation", "test")[count % 6]
            lines[stage].append(f"{name} {number}\n")
            count += 1
    for stage, listed in lines.items():
        (root / f"parts_{stage}.txt").write_text("".join(listed))
    return str(root)
