"""Sheets of predictions."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from callbacks import tiny
from callbacks.tiny import identity_data, mask_data, recognition, segmentation, trainer
from PIL import Image
from pytorch_lightning.loggers import WandbLogger

from bareface.callbacks import predictions
from bareface.callbacks.predictions import RecognitionPredictions, SegmentationPredictions, Smallest, draw_lot
from bareface.recognition.figures import RIGHT, WRONG
from bareface.segmentation.figures import ERROR


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, object]]:
    """The arguments of every sheet that is drawn."""
    calls: list[dict[str, object]] = []
    real = predictions.sheet

    def record(title, sections, legend=(), names=(), note=""):
        calls.append({"title": title, "sections": sections, "note": note})
        return real(title, sections, legend, names, note)

    monkeypatch.setattr(predictions, "sheet", record)
    return calls


def keys(call: dict[str, object]) -> list[str]:
    return [cell.lines[0][0] for section in call["sections"] for cell in section.cells]


def test_segmentation_sheets_of_validation_and_test(tmp_path: Path, drawn: list[dict[str, object]]) -> None:
    run = trainer(tmp_path, [SegmentationPredictions(tmp_path / "figures", 3)])
    module, data = segmentation(), mask_data()
    run.fit(module, data)
    run.test(module, data, verbose=False)
    assert sorted(path.name for path in (tmp_path / "figures").iterdir()) == ["predictions.png", "predictions_val.png"]
    val, test = drawn
    assert (val["title"], test["title"]) == ("Segmentation, validation pictures", "Segmentation, test pictures")
    for call, stage in ((val, "val"), (test, "test")):
        all_keys = data.dataset.splits[stage].column("key").tolist()
        assert keys(call) == sorted(sorted(all_keys, key=draw_lot)[:3])
    assert not module.segmenter._forward_hooks
    assert max(np.asarray(Image.open(tmp_path / "figures" / "predictions.png")).shape) <= 1920


def test_what_is_shown_is_what_the_segmenter_says(tmp_path: Path, drawn: list[dict[str, object]]) -> None:
    run = trainer(tmp_path, [SegmentationPredictions(tmp_path, 2)])
    module, data = segmentation(), mask_data()
    run.test(module, data, verbose=False)
    samples = {sample["key"]: sample for sample in data.samples("test", augment=False)}
    for cell in drawn[0]["sections"][0].cells:
        sample = samples[cell.lines[0][0]]
        module.eval()
        answer = module.segmenter(sample["image"][None])[0].argmax(0)
        wrong = ((answer != sample["mask"]) & (sample["mask"] != 255)).numpy()
        assert wrong.any()
        assert np.array_equal((cell.tiles[3] == ERROR).all(axis=2), wrong)
        assert np.array_equal(cell.tiles[0], sample["image"].permute(1, 2, 0).numpy())
        assert cell.lines[1][0].startswith("mean IoU 0.")


def test_the_same_pictures_whatever_the_batches_and_the_seed(tmp_path: Path, drawn: list[dict[str, object]]) -> None:
    for batch_size, seed in ((1, 0), (4, 1), (100, 2)):
        torch.manual_seed(seed)
        run = trainer(tmp_path, [SegmentationPredictions(tmp_path, 3)])
        run.test(segmentation(), mask_data(batch_size=batch_size), verbose=False)
    assert keys(drawn[0]) == keys(drawn[1]) == keys(drawn[2])


def test_the_last_validation_is_shown(tmp_path: Path, drawn: list[dict[str, object]]) -> None:
    module, data = segmentation(), mask_data()
    trainer(tmp_path, [SegmentationPredictions(tmp_path, 2)], max_epochs=3).fit(module, data)
    (call,) = drawn
    sample = next(s for s in data.samples("val", augment=False) if s["key"] == keys(call)[0])
    answer = module.segmenter(sample["image"][None])[0].argmax(0)
    wrong = ((answer != sample["mask"]) & (sample["mask"] != 255)).numpy()
    assert np.array_equal((call["sections"][0].cells[0].tiles[3] == ERROR).all(axis=2), wrong)


def test_unreadable_pictures_are_no_prediction(tmp_path: Path, drawn: list[dict[str, object]]) -> None:
    data = mask_data(batch_size=1, on_error="skip", broken=("004.png", "009.png"))
    trainer(tmp_path, [SegmentationPredictions(tmp_path, 99)]).test(segmentation(), data, verbose=False)
    assert keys(drawn[0]) == ["014.png", "019.png", "024.png", "029.png"]


def test_a_run_that_fails_leaves_the_model_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = segmentation()
    monkeypatch.setattr(module, "test_step", lambda batch, batch_idx: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        trainer(tmp_path, [SegmentationPredictions(tmp_path, 3)]).test(module, mask_data(), verbose=False)
    assert not module.segmenter._forward_hooks


def test_weights_and_biases_gets_pictures_with_masks(tmp_path: Path) -> None:
    class Recorder(WandbLogger):
        def __init__(self) -> None:
            super().__init__(save_dir=tmp_path, experiment=SimpleNamespace(id="none"))
            self.images: dict[str, dict[str, object]] = {}

        def log_image(self, key, images, step=None, **extra):
            self.images[key] = {"images": images, "step": step, **extra}

        def log_metrics(self, metrics, step=None):
            pass

        def log_hyperparams(self, params):
            pass

    logger = Recorder()
    run = trainer(tmp_path, [SegmentationPredictions(tmp_path, 2)], logger=logger)
    run.test(segmentation(), mask_data(), verbose=False)
    assert logger.images.keys() == {"figures/predictions", "predictions"}
    logged = logger.images["predictions"]
    assert len(logged["images"]) == len(logged["masks"]) == len(logged["caption"]) == 2
    truth, prediction = logged["masks"][0]["ground truth"], logged["masks"][0]["prediction"]
    assert truth["class_labels"] == {0: "background", 1: "face", 2: "hair", 255: "ignored"}
    assert np.array_equal(truth["mask_data"] == 255, prediction["mask_data"] == 255)
    assert (truth["mask_data"] != prediction["mask_data"]).any()


def test_recognition_shows_the_worst_first_and_others_by_lot(tmp_path: Path, drawn: list[dict[str, object]]) -> None:
    module, data = recognition(), identity_data(batch_size=4, count=60)
    run = trainer(tmp_path, [RecognitionPredictions(tmp_path, 7)], max_epochs=4)
    run.fit(module, data)
    run.test(module, data, verbose=False)
    worst, lot = drawn[-1]["sections"]
    assert (worst.heading, lot.heading) == ("Highest loss first", "Drawn by lot")
    samples = list(data.samples("test", augment=False))
    logits = module.recogniser(torch.stack([sample["image"] for sample in samples])).detach()
    label = torch.stack([sample["label"] for sample in samples])
    loss = torch.nn.functional.cross_entropy(logits, label, reduction="none")
    order = loss.argsort(descending=True).tolist()
    shown = [[cell.tiles[0][3:-3, 3:-3].tobytes() for cell in section.cells] for section in (worst, lot)]
    pictures = [np.ascontiguousarray(sample["image"].permute(1, 2, 0)).tobytes() for sample in samples]
    assert shown[0] == [pictures[index] for index in order[:4]]
    others = sorted(
        (index for index in range(len(samples)) if index not in order[:4]),
        key=lambda index: draw_lot(samples[index]["key"]),
    )
    assert shown[1] == [pictures[index] for index in others[:3]]
    for cell, index in zip(worst.cells, order, strict=False):
        right = logits[index].argmax() == label[index]
        assert tuple(cell.tiles[0][0, 0]) == (RIGHT if right else WRONG)
        assert cell.lines[0][0] == tiny.People.identities[label[index]]
    assert (tmp_path / "predictions.png").exists()
    assert (tmp_path / "predictions_val.png").exists()


def test_fewer_pictures_than_asked_for_are_shown_once(tmp_path: Path, drawn: list[dict[str, object]]) -> None:
    trainer(tmp_path, [RecognitionPredictions(tmp_path, 50)]).test(recognition(), identity_data(), verbose=False)
    assert sum(len(section.cells) for section in drawn[0]["sections"]) == 6


def test_synthetic_pictures_are_called_so(
    tmp_path: Path, drawn: list[dict[str, object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer(tmp_path, [RecognitionPredictions(tmp_path, 2)]).test(recognition(), identity_data(), verbose=False)
    monkeypatch.setattr(tiny.People, "__module__", "bareface.data.synthetic.identities")
    monkeypatch.setattr(tiny.Faces, "__module__", "bareface.data.synthetic")
    trainer(tmp_path, [RecognitionPredictions(tmp_path, 2)]).test(recognition(), identity_data(), verbose=False)
    trainer(tmp_path, [SegmentationPredictions(tmp_path, 2)]).test(segmentation(), mask_data(), verbose=False)
    assert [call["note"] for call in drawn] == ["", "synthetic data", "synthetic data"]


@pytest.mark.parametrize("callback", [SegmentationPredictions, RecognitionPredictions])
def test_no_pictures_are_refused(callback: type) -> None:
    with pytest.raises(ValueError, match=r"callbacks\.predictions\.pictures=0: expected at least 1\."):
        callback("figures", 0)


def test_a_repeated_picture_is_kept_once() -> None:
    smallest: Smallest[int] = Smallest(2)
    for item, (rank, key) in enumerate([(0.5, "a"), (0.5, "a"), (0.9, "b"), (0.7, "c"), (0.8, "d")]):
        if smallest.wants(rank, key):
            smallest.add(rank, key, item)
    assert smallest.kept == [(0.5, "a", 0), (0.7, "c", 3)]


def test_lots_are_spread_evenly() -> None:
    lots = np.array([draw_lot(f"{number:06d}.jpg") for number in range(10000)])
    assert np.histogram(lots, bins=10, range=(0, 1))[0] == pytest.approx(1000, abs=120)
