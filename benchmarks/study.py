"""A study of nine conditions in one pass, against one condition, the recogniser alone, and files in between."""

import tempfile
import time
from collections.abc import Callable, Mapping
from itertools import count
from pathlib import Path

import numpy as np
import pytorch_lightning as pl
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader

from bareface.data.dataset import Record
from bareface.data.samples import Batches, Samples, collate
from bareface.data.synthetic_identities import SyntheticIdentities
from bareface.data.transforms import Letterbox
from bareface.io.pictures import read_picture, write_picture
from bareface.pipeline.conditions import BackgroundOnly, Condition, MaskOnly, Original, Removed, Swapped
from bareface.pipeline.matte import Matte
from bareface.pipeline.mattes import Mattes, Scored
from bareface.pipeline.module import PipelineModule
from bareface.pipeline.partners import batches, in_order, partners
from bareface.pipeline.parts import Parts
from bareface.pipeline.photos import Photos
from bareface.precision import fast_precision, processor_computes_in_bf16
from bareface.recognition.inference import fold, prepare
from bareface.recognition.recogniser import Recogniser
from bareface.segmentation.segmenter import Segmenter
from benchmarks.machine import alternate

PHOTOS, BATCH, CANVAS = 64, 32, 256
FOREGROUND = "face+hair"
NORMALISE = {"mean": [127.5] * 3, "std": [128.0] * 3}
RECOGNISERS = {"MobileFaceNet": ("mobilefacenet.MobileFaceNet", 112), "ResNet-50": ("resnet.ResNet50", 224)}
Row = dict[str, object]


class Centred(Segmenter):
    """A U-Net that has learnt nothing: its scores hardly change a disc in the middle, so that there are mattes."""

    def forward(self, image: Tensor) -> Tensor:
        """Scores as ``Segmenter``, in the same time."""
        scores = super().forward(image)
        assert isinstance(scores, Tensor)
        line = torch.linspace(-1, 1, CANVAS)
        disc = 0.5 - (line[:, None].square() + line.square()).sqrt()
        return scores.mul(1e-3) + torch.stack([-disc, disc, disc - 0.2])


def nine() -> dict[str, Condition]:
    """Conditions as ``conditions=study`` has them, none of the expensive ones left out."""
    return {
        "original": Original(),
        "removed_black": Removed(FOREGROUND, "black"),
        "removed_blur": Removed(FOREGROUND, "blur"),
        "removed_noise": Removed(FOREGROUND, "noise"),
        "swapped_same": Swapped(FOREGROUND, "same"),
        "swapped_other": Swapped(FOREGROUND, "other"),
        "background_box": BackgroundOnly(FOREGROUND, "box"),
        "background_tiled": BackgroundOnly(FOREGROUND, "tiled"),
        "mask_only": MaskOnly(FOREGROUND),
    }


def _segmenter(size: int) -> Centred:
    torch.manual_seed(0)
    network = {"_target_": "bareface.segmentation.networks.unet.UNetMobileNetV2"}
    built = Centred(network, NORMALISE, size, ("background", "face", "hair")).eval().requires_grad_(False)
    built.network = fold(built.network, torch.randn(1, 3, size, size))
    return built


def _recogniser(name: str, identities: tuple[str, ...]) -> Recogniser:
    torch.manual_seed(0)
    target, crop = RECOGNISERS[name]
    model = Recogniser(
        {"_target_": f"bareface.recognition.backbones.{target}"},
        {"_target_": "bareface.recognition.heads.linear.Linear"},
        NORMALISE,
        shorter=crop,
        crop=crop,
        canvas=CANVAS,
        identities=identities,
    )
    return prepare(model.eval(), bf16=processor_computes_in_bf16())


class Studies:
    """Studies of the same photos.

    Args:
        folder: For drawn photos and runs.
        size: Of the segmenter.
    """

    def __init__(self, folder: Path, size: int) -> None:
        self.dataset = SyntheticIdentities(str(folder), identities=12, photos=10, height=256, width=224)
        self.manifest = self.dataset.manifest.take(np.arange(PHOTOS))
        self.samples = Samples(self.dataset, self.manifest, Letterbox(CANVAS), original_mask=False)
        self.segmenter, self.folder, self.number = _segmenter(size), folder, count()

    def study(self, recogniser: Recogniser, conditions: Mapping[str, Condition]) -> Callable[[], object]:
        """A call that makes a whole study in a folder of its own."""

        def call() -> None:
            lending = partners(self.manifest.column("label"), 0)
            swapping = any(each.partner for each in conditions.values())
            rows = batches(lending, BATCH) if swapping else in_order(PHOTOS, BATCH)
            parts = Parts(self.folder / str(next(self.number)), {})
            module = PipelineModule(
                {"recogniser": [recogniser]},
                {"segmenter": self.segmenter},
                conditions,
                Matte(),
                "segmenter",
                (),
                self.dataset.identities,
                parts,
                partners=lending,
            )
            trainer = pl.Trainer(
                accelerator="cpu",
                precision="bf16-mixed" if processor_computes_in_bf16() else "32-true",
                logger=False,
                enable_progress_bar=False,
                enable_checkpointing=False,
                enable_model_summary=False,
            )
            trainer.predict(module, DataLoader(Batches(self.samples, rows), batch_size=None), return_predictions=False)
            assert module.passed.photos == PHOTOS

        return call

    def alone(self, recogniser: Recogniser, passes: int) -> Callable[[], object]:
        """A call in which the recogniser does nothing but recognise canvases that are in memory."""
        image = torch.rand(BATCH, 3, CANVAS, CANVAS) * 255
        content = torch.tensor([[0, 16, 256, 224]] * BATCH)

        def call() -> None:
            with torch.inference_mode(), fast_precision():
                for _ in range(passes * PHOTOS // BATCH):
                    recogniser(image, content)

        return call

    def through_files(self, recogniser: Recogniser) -> Callable[[], object]:
        """A call that writes cut-outs as JPEG, then reads them and recognises: the way of 2019."""
        letterbox = Letterbox(CANVAS)

        def call() -> None:
            folder = self.folder / f"cutouts{next(self.number)}"
            with torch.inference_mode(), fast_precision():
                files = [file for rows in in_order(PHOTOS, BATCH) for file in self._write_cutouts(rows, folder)]
                for start in range(0, PHOTOS, BATCH):
                    framed = [letterbox(Record(read_picture(file)), 0) for file in files[start : start + BATCH]]
                    image = torch.stack([torch.from_numpy(each.image.transpose(2, 0, 1).copy()) for each in framed])
                    recogniser(image, torch.tensor([each.content for each in framed]))

        return call

    def _write_cutouts(self, rows: NDArray[np.int64], folder: Path) -> list[Path]:
        batch, files = collate([self.samples[int(row)] for row in rows]), []
        photos, matte = Photos(batch["image"].float(), batch["content"], batch["key"]), Matte()
        scored = {"segmenter": Scored(matte.scores(self.segmenter, photos.image), self.segmenter.classes)}
        shown = Removed(FOREGROUND, "black")(photos, Mattes(photos, matte, "segmenter", scored))
        pictures = shown.round().to(torch.uint8).permute(0, 2, 3, 1).numpy()
        for key, picture, box in zip(batch["key"], pictures, batch["content"].tolist(), strict=True):
            files.append((folder / key).with_suffix(".jpg"))
            files[-1].parent.mkdir(parents=True, exist_ok=True)
            write_picture(files[-1], picture[box[0] : box[0] + box[2], box[1] : box[1] + box[3]])
        return files


def measure(rounds: int) -> list[Row]:
    """Times of whole studies, by what they are compared with."""
    with tempfile.TemporaryDirectory() as name:
        studies, quick = Studies(Path(name) / "256", 256), Studies(Path(name) / "128", 128)
        people = studies.dataset.identities
        small, large = (_recogniser(each, people) for each in RECOGNISERS)
        removed = {"removed_black": nine()["removed_black"]}
        return [
            *_against(
                "U-Net at 256 px, MobileFaceNet",
                {
                    "one condition, removed_black": studies.study(small, removed),
                    "nine conditions": studies.study(small, nine()),
                },
                rounds,
            ),
            *_against(
                "U-Net at 128 px, ResNet-50",
                {
                    "the recogniser alone, nine passes": quick.alone(large, 9),
                    "nine conditions": quick.study(large, nine()),
                },
                rounds,
            ),
            *_against(
                "files or not, U-Net at 256 px, MobileFaceNet",
                {
                    "through JPEG files, as in 2019": studies.through_files(small),
                    "in one pass": studies.study(small, removed),
                },
                rounds,
            ),
        ]


def _against(what: str, candidates: dict[str, Callable[[], object]], rounds: int) -> list[Row]:
    found = alternate(candidates, rounds, time.process_time)  # of one process: the loader is in it
    base = next(iter(found.values()))
    return [
        {"what": f"Study, {what}, {PHOTOS} photos of 256 x 224 on canvases of {CANVAS} px", "how": how}
        | {"CPU seconds": seconds, "photos a CPU second": PHOTOS / seconds, "times the first": seconds / base}
        for how, seconds in found.items()
    ]
