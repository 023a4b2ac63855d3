from PIL import Image

from bareface.io.pictures import write_picture
from data.trees.shapes import box, noise


def write(root, training=3, testing=1, height=20, width=24):
    """Frames of each style, the last ones in Testing; hair is a white rectangle. PBM files are written as bits."""
    for style in range(7):
        for place in range(training + testing):
            tree = "Training" if place < training else "Testing"
            frame = style * 150 + place + 1
            for side in ("Original", "GT"):
                (root / side / tree).mkdir(parents=True, exist_ok=True)
            write_picture(root / f"Original/{tree}/Frame{frame:05d}-org.jpg", noise(frame, height, width))
            mask = Image.fromarray(box(height, width, 2, 4, 10, 20)).convert("1")
            mask.save(root / f"GT/{tree}/Frame{frame:05d}-gt.pbm")
    return str(root)
