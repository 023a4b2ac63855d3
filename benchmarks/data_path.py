"""The data path (decode, augment, collate) at 320 pixels against decoding alone, one process."""

import tempfile

import torch

from bareface.data.samples import Samples, collate
from bareface.data.synthetic_masks import SyntheticMasks
from bareface.data.transforms import Letterbox, SegmentationAugmentation
from bareface.io.pictures import read_picture
from benchmarks.machine import alternate

PICTURES, BATCH, SIZE = 128, 16, 320
Row = dict[str, object]


def measure(rounds: int) -> list[Row]:
    """Pictures a second, and the share of the rate of decoding alone."""
    torch.manual_seed(0)
    with tempfile.TemporaryDirectory() as folder:
        dataset = SyntheticMasks(root=folder, identities=16, photos=PICTURES // 16)
        files = [dataset.root / key for key in dataset.manifest.column("key")]
        augmentation = SegmentationAugmentation(
            size=SIZE, noise_std=3, flip_hor=0.5, rotate=0.0, angle=10, crop_range=[0.9, 1.0]
        )

        def batches(samples: Samples) -> None:
            for start in range(0, len(samples), BATCH):
                collate([samples[index] for index in range(start, min(start + BATCH, len(samples)))])

        found = alternate(
            {
                "decode the picture": lambda: [read_picture(path) for path in files],
                "decode picture and mask": lambda: [
                    dataset.read(dataset.manifest, row) for row in range(len(dataset.manifest))
                ],
                "validation: and letterbox, collate": lambda: batches(
                    Samples(dataset, dataset.manifest, Letterbox(SIZE))
                ),
                "training: and augment, collate": lambda: batches(Samples(dataset, dataset.manifest, augmentation)),
            },
            rounds,
        )
        shape = read_picture(files[0]).shape
    base = found["decode the picture"]
    return [
        {"what": f"data path, JPEG of {shape[1]} x {shape[0]} to {SIZE} px, one process", "how": name}
        | {"pictures a second": len(files) / seconds, "share of decoding": base / seconds}
        for name, seconds in found.items()
    ]
