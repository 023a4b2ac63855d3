"""The models that a study names: files, or names and files."""

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from omegaconf import DictConfig, ListConfig

from bareface.pipeline.prerequisites import check_respondents
from bareface.recognition.inference import fold, prepare
from bareface.recognition.recogniser import Recogniser
from bareface.segmentation.segmenter import Segmenter


def recogniser_files(cfg: DictConfig) -> dict[str, list[Path]]:
    """The checkpoints of each recogniser, one a seed, by name; a bare file is named ``recogniser``.

    Raises:
        ValueError: A name has no file.
    """
    return _files("recogniser", cfg.recogniser)


def segmenter_files(cfg: DictConfig) -> dict[str, Path]:
    """The checkpoint of each segmenter by name; a bare file is named ``segmenter``. Empty where there is none.

    Raises:
        ValueError: A name has no file, or several.
    """
    found = {} if cfg.segmenter is None else _files("segmenter", cfg.segmenter)
    for name, files in found.items():
        if len(files) != 1:
            raise ValueError(
                f"segmenter.{name}: expected one file, got {len(files)}. Give each file a name of its own."
            )
    return {name: files[0] for name, files in found.items()}


def _files(option: str, value: Any) -> dict[str, list[Path]]:
    named: Mapping[Any, Any] = value if isinstance(value, DictConfig) else {option: value}
    found = {}
    for name, given in named.items():
        files = list(given) if isinstance(given, ListConfig) else [given]
        if not files or not all(isinstance(file, str) for file in files):
            raise ValueError(f"{option}.{name}={given}: expected a .ckpt file.")
        found[str(name)] = [Path(file) for file in files]
    return found


def load_recognisers(cfg: DictConfig) -> dict[str, list[Recogniser]]:
    """All trainings of all recognisers, made fast where the trainer computes on the CPU.

    Raises:
        FileNotFoundError: There is no such file.
        CheckpointError: A file is not the checkpoint of a recogniser.
        ValueError: They want other framings, or a seed is there twice.
    """
    files = recogniser_files(cfg)
    loaded = _each(files, Recogniser.load)
    _check_seeds(files)
    check_respondents(loaded)
    if cfg.trainer.accelerator == "cpu":
        for seeds in loaded.values():
            for recogniser in seeds:
                prepare(recogniser, bf16=cfg.trainer.precision == "bf16-mixed")
    return loaded


def _check_seeds(files: Mapping[str, list[Path]]) -> None:
    for name, paths in files.items():
        seen: dict[str, Path] = {}
        for path in paths if len(paths) > 1 else []:
            same = seen.setdefault(digest(path), path)
            if same is not path:
                what = f"{same} and {path} are the same checkpoint"
                raise ValueError(f"recogniser.{name}: {what}, expected one of another seed each. Leave one out.")


def digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _each(files: Mapping[str, list[Path]], load: Callable[[Path], Recogniser]) -> dict[str, list[Recogniser]]:
    return {name: [load(path) for path in paths] for name, paths in files.items()}


def load_segmenters(cfg: DictConfig) -> dict[str, Segmenter]:
    """All segmenters, with their batch normalisations folded into the convolutions before them.

    Raises:
        FileNotFoundError: There is no such file.
        CheckpointError: A file is not the checkpoint of a segmenter.
    """
    loaded = {name: Segmenter.load(path) for name, path in segmenter_files(cfg).items()}
    for segmenter in loaded.values():
        example = torch.randn(1, 3, segmenter.size, segmenter.size, generator=torch.Generator().manual_seed(0))
        segmenter.requires_grad_(False)
        segmenter.network = fold(segmenter.network, example)
    return loaded
