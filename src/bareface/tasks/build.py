"""From a composed configuration to objects. Nothing is chosen here: the configuration names every class."""

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
from hydra.core.hydra_config import HydraConfig
from hydra.utils import instantiate
from omegaconf import DictConfig
from pytorch_lightning.loggers import Logger

from bareface.callbacks.checkpoint_io import SafeCheckpointIO
from bareface.data.datamodule import DataModule
from bareface.data.dataset import DataSet, IdentityDataSet, MaskDataSet
from bareface.data.transforms import Letterbox
from bareface.errors import DataError
from bareface.io import checkpoint
from bareface.module import TrainingModule
from bareface.pipeline.shown import ShownWithMatte
from bareface.recognition.inference import prepare
from bareface.recognition.module import RecognitionModule
from bareface.recognition.recogniser import Framing, Recogniser
from bareface.segmentation.losses.class_weight import ClassWeightedLoss

log = logging.getLogger(__name__)

MASKS_COUNTED = 1000
"""Of how many training masks ``weight: balanced`` counts the pixels."""


def plain(node: Any, **arguments: Any) -> Any:
    """Instantiates a node; lists and dictionaries arrive as plain Python ones."""
    return instantiate(node, _convert_="all", **arguments)


def each(nodes: DictConfig) -> list[Any]:
    """Instantiates every value of a group that may hold several; ``null`` switches one off."""
    return [plain(node) for node in nodes.values() if node is not None]


def names_of(dataset: DataSet) -> tuple[str, ...]:
    """Names of the identities in label order; none where the data set has none."""
    return dataset.identities if isinstance(dataset, IdentityDataSet) else ()


def data_module(cfg: DictConfig, dataset: DataSet) -> DataModule:
    """The loaders of a data set."""
    module: DataModule = plain(
        cfg.loader,
        dataset=dataset,
        train_transform=plain(cfg.transforms.train),
        eval_transform=plain(cfg.transforms.eval),
        mix=plain(cfg.transforms.mix),
        shown=shown(cfg, dataset),
    )
    return module


def shown(cfg: DictConfig, dataset: DataSet) -> ShownWithMatte | None:
    """How a recogniser's photos are shown, checked against the data; None: as they are.

    Raises:
        ValueError: The mattes are others than those that are asked for.
        DataError: Photos have no matte.
    """
    if "shown" not in cfg or cfg.shown is None:
        return None
    made: ShownWithMatte = plain(cfg.shown)
    made.check(dataset, cfg.canvas, cfg.loader.faces, f"{cfg.loader.framing}, {cfg.loader.on_no_face}")
    return made


def evaluation_data(cfg: DictConfig, dataset: DataSet, canvas: int, framing: Framing | None = None) -> DataModule:
    """The loaders of a data set where nothing is trained: pictures letterboxed to a canvas.

    Args:
        cfg: Has the loader.
        dataset: Has the pictures.
        canvas: Side of the canvas in pixels.
        framing: Of the recogniser that sees them; None: no recogniser does.

    Raises:
        ValueError: The pictures would be cut otherwise than the recogniser's.
    """
    note = "" if framing is None else framing_note(cfg, framing)
    if note:
        log.info(note)
    letterbox = Letterbox(canvas)
    module: DataModule = plain(
        cfg.loader,
        dataset=dataset,
        train_transform=letterbox,
        eval_transform=letterbox,
        shown=shown(cfg, dataset),
    )
    return module


def framing_note(cfg: DictConfig, framing: Framing) -> str:
    """What is to be said of pictures that a trained recogniser sees as they are; empty where they are cut for it.

    Raises:
        ValueError: ``loader.faces`` would cut them otherwise than the recogniser's.
    """
    its = f"this recogniser has framing={framing}"
    if cfg.loader.faces is None:
        return "" if framing == "picture" else f"loader.faces=null: {its}; the pictures are taken as cut already."
    if framing == "picture":
        raise ValueError(f"loader.faces={cfg.loader.faces}: {its}. Set loader.faces=null.")
    if framing != cfg.loader.framing:
        raise ValueError(f"loader.framing={cfg.loader.framing}: {its}. Set loader.framing={framing}.")
    return ""


def training_module(cfg: DictConfig, dataset: DataSet) -> TrainingModule:
    """The model for a data set, and what trains it.

    Raises:
        ValueError: The data set does not have what the model is trained on; a recogniser would remember another
            framing than that of the pictures it was trained on; or its loss is not for its head.
    """
    if "segmenter" in cfg:
        if not isinstance(dataset, MaskDataSet):
            raise ValueError(f"data={type(dataset).__name__} has no masks to train on. Use it with module=recognition.")
        segmenter = plain(cfg.segmenter, classes=list(dataset.classes))
        module: TrainingModule = plain(cfg.module, segmenter=segmenter)
        return module
    if not isinstance(dataset, IdentityDataSet):
        raise ValueError(f"data={type(dataset).__name__} has no identities. Use it with module=segmentation.")
    if cfg.loader.faces is not None and cfg.recogniser.framing != cfg.loader.framing:
        wanted = f"loader.faces cuts the pictures to loader.framing={cfg.loader.framing}"
        raise ValueError(f"recogniser.framing={cfg.recogniser.framing}: {wanted}. Set both to the same.")
    trained = np.unique(dataset.splits["train"].column("label"))
    if not len(trained):
        raise DataError(f"{dataset.root}: the split gives no train pictures. Choose another data.split.")
    names = [dataset.identities[label] for label in trained]
    recogniser = plain(cfg.recogniser, identities=names, shown=None if cfg.shown is None else plain(cfg.shown).text)
    recognition: RecognitionModule = plain(cfg.module, recogniser=recogniser, identities=list(dataset.identities))
    chosen = HydraConfig.get().runtime.choices if HydraConfig.initialized() else {}
    recognition.check_loss(chosen.get("loss"), chosen.get("head"))
    return recognition


def balance(module: TrainingModule, data: DataModule) -> None:
    """Counts the classes of the training masks for the losses that want to weigh them; checkpoints keep the counts.

    Raises:
        ValueError: A class never occurs.
    """
    if _balanced(module):
        counts = data.class_counts(MASKS_COUNTED)
        _weigh(module, counts)
        named = dict(zip(module.card["classes"], counts, strict=True))
        log.info("Pixels of each class, for the weights of the loss: %s", named)


def balance_as_trained(module: TrainingModule, path: Path) -> None:
    """Weighs the classes as the training of a checkpoint did.

    Raises:
        ValueError: That training did not weigh them by their pixels.
    """
    if not _balanced(module):
        return
    counts = checkpoint.load(path).get("class_counts")
    if counts is None:
        what = f"{path} was not trained with loss.weight=balanced"
        raise ValueError(f"{what}. Evaluate it with the loss of its training, or give loss.weight as a list.")
    _weigh(module, counts)


def _balanced(module: TrainingModule) -> list[ClassWeightedLoss]:
    return [part for part in module.loss.modules() if isinstance(part, ClassWeightedLoss) and part.balanced]


def _weigh(module: TrainingModule, counts: list[int]) -> None:
    for loss in _balanced(module):
        loss.balance(counts, module.card["classes"])
    module.class_counts = counts


def embedding_recogniser(cfg: DictConfig) -> Recogniser:
    """The recogniser of a checkpoint, ``cfg.recogniser``, made fast for embedding alone.

    Raises:
        FileNotFoundError: There is no such file.
        CheckpointError: The file is not the checkpoint of a recogniser.
    """
    recogniser = Recogniser.load(Path(cfg.recogniser))
    if cfg.trainer.accelerator != "cpu":
        return recogniser
    return prepare(recogniser, bf16=cfg.trainer.precision == "bf16-mixed")


def trainer(cfg: DictConfig, loggers: list[Logger]) -> pl.Trainer:
    """The Trainer, with callbacks, loggers and safe checkpoints.

    Raises:
        ValueError: A GPU is asked for and there is none. Nothing falls back to the CPU by itself.
    """
    if cfg.trainer.accelerator in ("gpu", "cuda") and not torch.cuda.is_available():
        raise ValueError(f"trainer.accelerator={cfg.trainer.accelerator}: no usable GPU here. Use trainer=cpu.")
    built: pl.Trainer = plain(
        cfg.trainer,
        callbacks=each(cfg.callbacks),
        logger=loggers,
        plugins=[SafeCheckpointIO()],
        default_root_dir=cfg.run,
    )
    return built
