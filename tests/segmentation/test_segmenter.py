"""The segmenter and what trains it."""

from functools import partial
from pathlib import Path

import pytest
import pytorch_lightning as pl
import torch
from torch.utils.data import DataLoader

from bareface.callbacks.checkpoint_io import SafeCheckpointIO
from bareface.data.samples import Skipped, collate
from bareface.errors import CheckpointError
from bareface.recognition.recogniser import Recogniser
from bareface.segmentation.losses.dice import DiceLoss
from bareface.segmentation.losses.generalised_wasserstein_dice import GeneralisedWassersteinDiceLoss
from bareface.segmentation.losses.weighted_sum import WeightedSumLoss
from bareface.segmentation.module import SegmentationModule
from bareface.segmentation.segmenter import Segmenter

NETWORK = {"_target_": "bareface.segmentation.networks.unet.UNetMobileNetV2"}
NORMALISE = {"mean": [120.0, 110.0, 100.0], "std": [64.0, 64.0, 64.0], "channels": "rgb"}


def segmenter(classes: tuple[str, ...] = ("background", "face")) -> Segmenter:
    torch.manual_seed(0)
    return Segmenter(NETWORK, NORMALISE, size=64, classes=classes)


def samples() -> list:
    generator = torch.Generator().manual_seed(0)
    return [
        {
            "image": torch.randint(256, (3, 64, 64), generator=generator, dtype=torch.uint8),
            "mask": torch.randint(2, (64, 64), generator=generator, dtype=torch.uint8),
            "content": torch.tensor([0, 0, 64, 64]),
            "size": torch.tensor([64, 64]),
            "key": f"{number}.png",
        }
        for number in range(4)
    ]


def fit(folder: Path, data: list) -> tuple[pl.Trainer, SegmentationModule]:
    run = pl.Trainer(
        max_epochs=1,
        accelerator="cpu",
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        enable_checkpointing=False,
        default_root_dir=folder,
        plugins=[SafeCheckpointIO()],
    )
    module = SegmentationModule(segmenter(), DiceLoss(), partial(torch.optim.SGD, lr=0.1))
    run.fit(module, DataLoader(data, batch_size=2, collate_fn=collate))
    return run, module


@pytest.mark.parametrize("size", [(64, 64), (97, 65), (200, 130), (20, 31)])
def test_scores_have_the_size_of_the_canvas(size: tuple[int, int]) -> None:
    logits = segmenter().eval()(torch.randint(256, (2, 3, *size), dtype=torch.uint8))
    assert logits.shape == (2, 2, *size)


def test_the_network_sees_the_longest_side_at_its_size() -> None:
    model, seen = segmenter().eval(), []
    model.network.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].shape))
    model(torch.zeros(1, 3, 128, 100, dtype=torch.uint8))
    assert seen == [(1, 3, 64, 50)]


def test_classes_begin_with_the_background() -> None:
    with pytest.raises(ValueError, match=r"classes=\['face', 'background'\]: expected background first"):
        segmenter(("face", "background"))


@pytest.mark.parametrize("size", [-5, 0, 15])
def test_a_size_below_what_any_network_takes(size: int) -> None:
    with pytest.raises(ValueError, match=rf"^size={size}: expected at least 16 pixels\.$"):
        Segmenter(NETWORK, NORMALISE, size=size, classes=("background", "face"))


def test_the_loss_of_a_recogniser_is_refused() -> None:
    with pytest.raises(ValueError, match=r"loss=CrossEntropyLoss: does not take masks .* Use one for segmentation"):
        SegmentationModule(segmenter(), torch.nn.CrossEntropyLoss(), partial(torch.optim.SGD, lr=0.1))


def test_a_loss_of_named_classes_learns_their_names() -> None:
    loss = GeneralisedWassersteinDiceLoss({"face": {"hair": 0.5}})
    weighted = WeightedSumLoss({"wasserstein": loss}, {"wasserstein": 1.0})
    SegmentationModule(segmenter(("background", "hair", "face")), weighted, partial(torch.optim.SGD, lr=0.1))
    assert loss.classes == ("background", "hair", "face")


def test_a_checkpoint_alone_rebuilds_the_same_segmenter(tmp_path: Path) -> None:
    run, module = fit(tmp_path, samples())
    run.save_checkpoint(tmp_path / "x.ckpt")
    loaded = Segmenter.load(tmp_path / "x.ckpt")
    image = torch.randint(256, (2, 3, 64, 64), dtype=torch.uint8)
    module.eval()
    torch.testing.assert_close(loaded(image), module.segmenter(image))
    assert loaded.classes == ("background", "face")
    with pytest.raises(CheckpointError, match="a checkpoint of segmentation. Expected one of recognition"):
        Recogniser.load(tmp_path / "x.ckpt")


def test_a_card_with_another_number_of_classes_than_its_weights(tmp_path: Path) -> None:
    run, _ = fit(tmp_path, samples())
    run.save_checkpoint(tmp_path / "x.ckpt")
    checkpoint = torch.load(tmp_path / "x.ckpt", weights_only=True)
    checkpoint["card"]["classes"].append("hair")
    torch.save(checkpoint, tmp_path / "y.ckpt")
    with pytest.raises(CheckpointError, match="y.ckpt: weights do not fit the network in network.head"):
        Segmenter.load(tmp_path / "y.ckpt")


def test_a_batch_of_which_nothing_could_be_read_is_passed_over(tmp_path: Path) -> None:
    broken = [Skipped("a.png", "unreadable"), Skipped("b.png", "unreadable")]
    _, with_broken = fit(tmp_path, [*samples()[:2], *broken, *samples()[2:]])
    _, without = fit(tmp_path, samples())
    torch.testing.assert_close(with_broken.state_dict(), without.state_dict())


def test_auxiliary_heads_are_scored_in_training_alone() -> None:
    torch.manual_seed(0)
    network = {"_target_": "bareface.segmentation.networks.bisenet.BiSeNet"}
    built = Segmenter(network, NORMALISE, size=64, classes=("background", "face"))
    module = SegmentationModule(built, DiceLoss(), partial(torch.optim.SGD, lr=0.1), auxiliary_weight=0.5)
    batch = collate(samples())
    torch.manual_seed(0)
    loss = module.train()._step(batch, "train")["loss"]
    torch.manual_seed(0)
    with torch.no_grad():
        heads = built.train()(batch["image"])
    first, second, third = (DiceLoss()(head, batch["mask"]).item() for head in heads)
    assert loss.item() == pytest.approx(first + 0.5 * (second + third), rel=1e-4)
    assert built.eval()(batch["image"]).shape == (4, 2, 64, 64)
