"""The recogniser and what trains it."""

from functools import partial
from pathlib import Path

import pytest
import pytorch_lightning as pl
import torch
from torch import nn
from torch.utils.data import DataLoader

from bareface.callbacks.checkpoint_io import SafeCheckpointIO
from bareface.data.samples import collate
from bareface.errors import CheckpointError, TrainingError
from bareface.recognition.backbone_weights import fill_backbone
from bareface.recognition.embedding_metrics import EmbeddingMetrics
from bareface.recognition.metrics import RecognitionMetrics
from bareface.recognition.module import RecognitionModule
from bareface.recognition.recogniser import Recogniser

NORMALISE = {"mean": [120.0, 110.0, 100.0], "std": [64.0, 64.0, 64.0], "channels": "rgb"}


def recogniser(identities: int = 3, head: str = "linear.Linear") -> Recogniser:
    torch.manual_seed(0)
    return Recogniser(
        backbone={"_target_": "bareface.recognition.backbones.resnet.ResNet18"},
        head={"_target_": f"bareface.recognition.heads.{head}"},
        normalise=NORMALISE,
        shorter=36,
        crop=32,
        canvas=48,
        identities=[f"person {number}" for number in range(identities)],
    )


def loader(size: int = 32) -> DataLoader:
    generator = torch.Generator().manual_seed(0)
    samples = [
        {
            "image": torch.randint(256, (3, size, size), generator=generator, dtype=torch.uint8),
            "content": torch.tensor([0, 0, size, size]),
            "size": torch.tensor([size, size]),
            "key": f"{number}.png",
            "label": torch.tensor(number % 3),
        }
        for number in range(6)
    ]
    return DataLoader(samples, batch_size=3, collate_fn=collate)


def trainer(folder: Path, **changes: object) -> pl.Trainer:
    return pl.Trainer(
        max_epochs=1,
        accelerator="cpu",
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=folder,
        plugins=[SafeCheckpointIO()],
        **changes,
    )


def module(**changes: object) -> RecognitionModule:
    parts = {
        "recogniser": recogniser(),
        "loss": nn.CrossEntropyLoss(),
        "metrics": RecognitionMetrics(),
        "optimizer": partial(torch.optim.SGD, lr=0.1),
    }
    return RecognitionModule(**parts | changes)


def test_the_channel_order_is_the_models_own() -> None:
    model = recogniser()
    swapped = Recogniser(
        **{
            **{k: v for k, v in model.card.items() if k != "task"},
            "normalise": NORMALISE | {"channels": "bgr", "mean": [100.0, 110.0, 120.0]},
        }
    )
    swapped.load_state_dict(model.state_dict())
    image = torch.randint(256, (2, 3, 32, 32), dtype=torch.uint8)
    model.eval(), swapped.eval()
    picture = model.normalise(image)
    torch.testing.assert_close(picture.flip(1), swapped.normalise(image))
    assert picture[0, 0, 0, 0].item() == pytest.approx((image[0, 0, 0, 0].item() - 120) / 64)


def test_a_cut_picture_must_have_the_size_of_the_crop() -> None:
    with pytest.raises(ValueError, match=r"image of \(33, 32\): expected \(32, 32\)"):
        recogniser().embed(torch.zeros(1, 3, 33, 32, dtype=torch.uint8))


def test_sizes_that_contradict_each_other() -> None:
    with pytest.raises(ValueError, match="crop=32, shorter=20, canvas=48: expected crop <= shorter <= canvas"):
        Recogniser({}, {}, NORMALISE, shorter=20, crop=32, canvas=48, identities=["a"])
    with pytest.raises(ValueError, match=r"recogniser.framing=squared: expected one of picture, box, aligned\.$"):
        Recogniser({}, {}, NORMALISE, 32, 32, 48, ["a"], framing="squared")  # type: ignore[arg-type]


def test_a_checkpoint_alone_rebuilds_the_same_recogniser(tmp_path: Path) -> None:
    trained = module()
    run = trainer(tmp_path, enable_checkpointing=False)
    run.fit(trained, loader())
    run.save_checkpoint(tmp_path / "x.ckpt")
    loaded = Recogniser.load(tmp_path / "x.ckpt")
    image = torch.randint(256, (2, 3, 48, 48), dtype=torch.uint8)
    content = torch.tensor([[0, 4, 48, 40], [8, 0, 32, 48]])
    trained.eval()
    torch.testing.assert_close(loaded(image, content), trained.recogniser(image, content))
    assert loaded.identities == ("person 0", "person 1", "person 2")
    assert torch.load(tmp_path / "x.ckpt", weights_only=True)["card"]["versions"]["torch"] == str(torch.__version__)


def test_resuming_from_another_number_of_identities_says_which(tmp_path: Path) -> None:
    run = trainer(tmp_path, enable_checkpointing=False)
    run.fit(module(), loader())
    run.save_checkpoint(tmp_path / "x.ckpt")
    other = module(recogniser=recogniser(7))
    with pytest.raises(CheckpointError, match="ckpt_path: its identities is .*, this run's is a list of 7"):
        trainer(tmp_path, enable_checkpointing=False).fit(other, loader(), ckpt_path=tmp_path / "x.ckpt")


def test_a_frozen_backbone_stays_as_it_is_and_the_head_learns(tmp_path: Path) -> None:
    frozen = module(freeze="backbone")
    before = {name: value.clone() for name, value in frozen.recogniser.state_dict().items()}
    trainer(tmp_path, enable_checkpointing=False).fit(frozen, loader())
    changed = {name for name, value in frozen.recogniser.state_dict().items() if not torch.equal(value, before[name])}
    assert changed == {"head.weight", "head.bias"}


def test_an_unfrozen_backbone_gathers_statistics(tmp_path: Path) -> None:
    free = module()
    before = free.recogniser.backbone.bn1.running_mean.clone()
    trainer(tmp_path, enable_checkpointing=False).fit(free, loader())
    assert not torch.equal(free.recogniser.backbone.bn1.running_mean, before)


def test_freeze_takes_no_other_word() -> None:
    with pytest.raises(ValueError, match=r"module.freeze=head: expected backbone or null"):
        module(freeze="head")


def test_a_loss_that_is_no_number_ends_the_run_and_says_when(tmp_path: Path) -> None:
    class Fourth(nn.CrossEntropyLoss):
        calls = 0

        def forward(self, logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
            self.calls += 1
            return super().forward(logits, target) / (0 if self.calls == 4 else 1)

    message = (
        r"^train/loss=inf at step 3 \(epoch 1\) with the learning rate 0\.1: expected a number\. "
        r"Lower optimizer\.lr, or set trainer\.gradient_clip_val\.$"
    )
    run = trainer(tmp_path, enable_checkpointing=False)
    run.fit_loop.max_epochs = 2
    with pytest.raises(TrainingError, match=message):
        run.fit(module(loss=Fourth()), loader())


def test_what_does_not_go_together() -> None:
    for head, loss, message in (
        ("embedding.Embedding", nn.CrossEntropyLoss(), r"metrics=closed_set: head Embedding scores no identities\. "),
        ("partial_fc.PartialFC", nn.CrossEntropyLoss(label_smoothing=0.1), r"loss\.label_smoothing=0\.1: head Partial"),
    ):
        with pytest.raises(ValueError, match=message):
            module(recogniser=recogniser(head=head), loss=loss)
    message = (
        r"^metrics=closed_set: the data has 1 identities that the recogniser does not know: Eve\. "
        r"Use metrics=embedding, or another data\.split\.$"
    )
    with pytest.raises(ValueError, match=message):
        module(identities=["person 1", "Eve"])


def test_labels_of_the_data_become_those_of_the_head() -> None:
    trained = module(identities=["person 2", "person 1", "person 0"])
    batch = next(iter(loader(32)))
    batch["image"] = batch["image"][:, :, :32, :32]
    seen: list[torch.Tensor] = []
    trained.loss.register_forward_hook(lambda part, inputs, output: seen.append(inputs[1]))
    trained._step(batch, "train")
    assert seen[0].tolist() == [2, 1, 0] and batch["label"].tolist() == [0, 1, 2]


def test_other_people_are_measured_by_their_embeddings(tmp_path: Path) -> None:
    strangers = module(metrics=EmbeddingMetrics(), identities=["person 0", "Eve", "Mallory"])
    run = trainer(tmp_path, enable_checkpointing=False)
    found = run.validate(strangers, loader(), verbose=False)[0]
    assert found.keys() == {"val/auc", "val/eer", "val/rank1"}
    again = EmbeddingMetrics()
    strangers.eval()
    for batch in loader():
        with torch.no_grad():
            again.update(strangers.recogniser.embed(batch["image"], batch["content"]), None, batch["label"])
    assert found["val/auc"] == pytest.approx(again.compute()["auc"].item())


def test_the_head_of_facenet_is_trained_on_what_it_scores_later(tmp_path: Path) -> None:
    """Not on embeddings of length 1, which its backbone gives to everybody else."""
    torch.manual_seed(0)
    backbone = {"_target_": "bareface.recognition.backbones.inception_resnet_v1.InceptionResNetV1", "dropout": 0.0}
    head = {"_target_": "bareface.recognition.heads.linear.Linear"}
    facenet = Recogniser(backbone, head, NORMALISE, 80, 80, 80, [f"person {number}" for number in range(3)])
    torch.nn.init.constant_(facenet.backbone.last_bn.bias, 3.0)  # embeddings of more than length 1
    trained = module(recogniser=facenet)
    found = trainer(tmp_path, enable_checkpointing=False).validate(trained, loader(80), verbose=False)[0]
    trained.eval()
    with torch.no_grad():
        batches = list(loader(80))
        losses = [nn.functional.cross_entropy(facenet(b["image"], b["content"]), b["label"]) for b in batches]
        assert found["val/loss"] == pytest.approx(torch.stack(losses).mean().item(), rel=1e-5)
        embedding = facenet.embed(batches[0]["image"], batches[0]["content"])
        before = facenet.features(batches[0]["image"], batches[0]["content"])
        torch.testing.assert_close(embedding.norm(dim=1), torch.ones(3))
        torch.testing.assert_close(nn.functional.normalize(before), embedding)
        torch.testing.assert_close(facenet.embedding_of(before), embedding)
        seen: list[torch.Tensor] = []
        facenet.head.register_forward_hook(lambda part, inputs, output: seen.append(inputs[0]))
        trained._step({**batches[0], "image": batches[0]["image"]}, "train")
        torch.testing.assert_close(seen[0], before)


def test_a_shared_head_is_kept_from_ddp_and_takes_no_clipping(tmp_path: Path) -> None:
    shared = module(recogniser=recogniser(head="partial_fc.PartialFC"))
    shared.recogniser.head.distribute = lambda: ("weight",)
    shared.trainer = trainer(tmp_path, enable_checkpointing=False)
    shared.configure_model()
    assert shared._ddp_params_and_buffers_to_ignore == ["recogniser.head.weight"]
    shared.trainer = trainer(tmp_path, enable_checkpointing=False, gradient_clip_val=1.0)
    message = r"^trainer\.gradient_clip_val=1\.0: several processes share this head's gradients\. Set it to null\.$"
    with pytest.raises(ValueError, match=message):
        shared.configure_model()


def test_a_backbone_from_a_checkpoint(tmp_path: Path) -> None:
    run = trainer(tmp_path, enable_checkpointing=False)
    first = module()
    run.fit(first, loader())
    run.save_checkpoint(tmp_path / "x.ckpt")
    other = recogniser(7, head="arcface.ArcFace")
    torch.nn.init.zeros_(other.backbone.conv1.weight)
    fill_backbone(other, tmp_path / "x.ckpt")
    state = first.recogniser.backbone.state_dict()
    assert all(torch.equal(value, state[name]) for name, value in other.backbone.state_dict().items())
    other.card["backbone"] = {**other.card["backbone"], "stem": "imagenet"}  # its default, written out or not
    fill_backbone(other, tmp_path / "x.ckpt")
    other.card["backbone"] = {**other.card["backbone"], "stem": "small"}
    message = r"backbone_weights=.*x\.ckpt: its backbone is \{.*\}, this run's is \{.*small'\}\. Use the same\.$"
    with pytest.raises(CheckpointError, match=message):
        fill_backbone(other, tmp_path / "x.ckpt")


def test_a_backbone_of_equal_shapes_but_another_wiring_is_refused(tmp_path: Path) -> None:
    def wired(wiring: str) -> Recogniser:
        backbone = {"_target_": "bareface.recognition.backbones.resnet.ResNet50", "wiring": wiring}
        head = {"_target_": "bareface.recognition.heads.linear.Linear"}
        return Recogniser(backbone, head, NORMALISE, 36, 32, 48, ["somebody"])

    both = {name: wired(name) for name in ("caffe", "torchvision")}
    shapes = [{name: value.shape for name, value in one.state_dict().items()} for one in both.values()]
    assert shapes[0] == shapes[1]
    for name, one in both.items():
        state = {f"recogniser.{key}": value for key, value in one.state_dict().items()}
        torch.save({"card": {**one.card, "versions": {}}, "state_dict": state}, tmp_path / name)
    for given, own in (("caffe", "torchvision"), ("torchvision", "caffe")):
        before = both[own].backbone.conv1.weight.clone()
        message = rf"its backbone is \{{.*'{given}'\}}, this run's is \{{.*'{own}'\}}\. Use the same\.$"
        with pytest.raises(CheckpointError, match=message):
            fill_backbone(both[own], tmp_path / given)
        assert torch.equal(both[own].backbone.conv1.weight, before)
        fill_backbone(both[own], tmp_path / own)


def test_metrics_are_logged_under_their_stage(tmp_path: Path) -> None:
    run = trainer(tmp_path, enable_checkpointing=False)
    run.fit(module(), loader(), loader())
    assert {"train/loss", "train/top1", "train/top5", "val/loss", "val/top1", "val/top5"} <= run.callback_metrics.keys()
