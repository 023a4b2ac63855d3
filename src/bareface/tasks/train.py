"""``bareface train``: trains a segmenter or a recogniser, then tests its best checkpoint."""

from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from omegaconf import DictConfig, OmegaConf
from pytorch_lightning.callbacks import ModelCheckpoint

from bareface.data.dataset import DataSet
from bareface.data.transforms import SegmentationAugmentation
from bareface.module import TrainingModule
from bareface.recognition.backbone_weights import fill_backbone
from bareface.recognition.embedding_metrics import EmbeddingMetrics
from bareface.recognition.module import RecognitionModule
from bareface.segmentation.encoder_weights import fill_encoder
from bareface.segmentation.module import SegmentationModule
from bareface.tasks import build
from bareface.tasks.dashboard import log_configuration
from bareface.tasks.run import is_first_process


def train(cfg: DictConfig) -> dict[str, float]:
    """Trains, then tests the best checkpoint.

    Returns:
        The test metrics of the best checkpoint, and the monitored metric at that checkpoint.

    Raises:
        ValueError: The configuration contradicts itself or the data.
    """
    pl.seed_everything(cfg.seed, workers=True, verbose=False)
    if cfg.trainer.max_epochs == 0:
        raise ValueError("trainer.max_epochs=0: expected at least 1, or -1 for no end. bareface evaluate only tests.")
    resume = _checkpoint_to_resume(cfg)
    dataset: DataSet = build.plain(cfg.data)
    module = build.training_module(cfg, dataset)
    _check_monitor(cfg, dataset, module)
    if resume is None and isinstance(module, SegmentationModule) and cfg.encoder_weights is not None:
        fill_encoder(module.network, cfg.encoder_weights)
    if resume is None and isinstance(module, RecognitionModule) and cfg.backbone_weights is not None:
        fill_backbone(module.recogniser, Path(cfg.backbone_weights))
    data = build.data_module(cfg, dataset)
    if isinstance(data.train_transform, SegmentationAugmentation):
        data.train_transform.check_sides(getattr(dataset, "classes", ()))
    build.balance(module, data)
    if cfg.compile:
        module.network.compile()
    loggers = build.each(cfg.logger)
    trainer = build.trainer(cfg, loggers)
    checkpoint = trainer.checkpoint_callback
    if not isinstance(checkpoint, ModelCheckpoint):
        raise ValueError("callbacks.checkpoint: expected one, for the best checkpoint is tested. Leave it switched on.")
    if is_first_process():
        data.write_splits(Path(cfg.run) / "splits")
        parameters = sum(value.numel() for value in module.network.parameters())
        log_configuration(loggers, OmegaConf.to_container(cfg), {"parameters": parameters})
    trainer.fit(module, data, ckpt_path=resume)
    score = checkpoint.best_model_score
    best = {cfg.monitor.metric: float(score)} if score is not None and "/" in cfg.monitor.metric else {}
    trainer.test(module, data, ckpt_path=checkpoint.best_model_path, verbose=False)
    return {**numbers(trainer.callback_metrics), **best}


def numbers(metrics: dict[str, Any]) -> dict[str, float]:
    """Test metrics as plain numbers."""
    return {name: float(value) for name, value in sorted(metrics.items()) if name.startswith("test/")}


def _check_monitor(cfg: DictConfig, dataset: DataSet, module: TrainingModule) -> None:
    if not cfg.monitor.metric.startswith("val/"):
        return
    name, val = f"monitor.metric={cfg.monitor.metric}", dataset.splits["val"]
    last = "or choose the last epoch: monitor.metric=epoch monitor.mode=max"
    if len(val) == 0:
        raise ValueError(f"{name}: the split has no validation pictures. Change data's split, {last}.")
    metrics = module.metrics["val_metrics"]
    reason = metrics.undefined(val.column("label")) if isinstance(metrics, EmbeddingMetrics) else ""
    if reason:
        remedy = "Keep people apart with data.split=disjoint, take larger data.fractions for val"
        raise ValueError(f"{name}: needs pairs of pictures, and validation {reason}. {remedy}, {last}.")


def _checkpoint_to_resume(cfg: DictConfig) -> str | None:
    """The checkpoint that ``ckpt_path`` names; ``last`` is the newest one of this same configuration.

    Raises:
        FileNotFoundError: There is no such file, or no earlier run.
    """
    if cfg.ckpt_path is None:
        return None
    if cfg.ckpt_path != "last":
        if not Path(cfg.ckpt_path).is_file():
            raise FileNotFoundError(f"ckpt_path={cfg.ckpt_path}: no such file. Give a .ckpt file, or last.")
        return str(cfg.ckpt_path)
    wanted = _essence(cfg)
    found = sorted(Path(cfg.runs, cfg.task).rglob("checkpoints/last.ckpt"), key=lambda path: path.stat().st_mtime)
    for path in reversed(found):
        config = path.parent.parent / "config.yaml"
        if config.is_file() and _essence(OmegaConf.load(config)) == wanted:
            return str(path)
    raise FileNotFoundError(
        f"ckpt_path=last: no earlier run of this configuration under {cfg.runs}/{cfg.task}. Give a .ckpt file."
    )


def _essence(cfg: Any) -> Any:
    """What two configurations must share for one to continue the other: all but places, dashboards and the end."""
    plain: Any = OmegaConf.to_container(cfg, resolve=True)
    left_out = {"run", "runs", "name", "ckpt_path", "callbacks", "logger", "compile"}
    essence = {name: value for name, value in plain.items() if name not in left_out}
    essence["trainer"] = {
        name: value for name, value in plain["trainer"].items() if name not in ("max_epochs", "max_time")
    }
    ends = ("T_max", "total_iters")
    essence["scheduler"] = {name: value for name, value in essence["scheduler"].items() if name not in ends}
    if "lr_lambda" in essence["scheduler"]:
        essence["scheduler"]["lr_lambda"] = {**essence["scheduler"]["lr_lambda"], "epochs": None}
    essence["module"] = {name: value for name, value in essence["module"].items() if name != "scheduler"}
    return essence
