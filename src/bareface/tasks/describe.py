"""``bareface describe``: size, cost and speed of a network or a backbone on this machine."""

import sys

import torch
from omegaconf import DictConfig, OmegaConf
from rich.console import Console
from rich.table import Table

from bareface.io import checkpoint
from bareface.precision import fast_precision
from bareface.recognition.recogniser import BACKBONES
from bareface.segmentation.segmenter import NETWORKS
from bareface.tasks.description import describe as measure


def describe(cfg: DictConfig) -> dict[str, float]:
    """Prints a table; the same figures are in ``results.json``.

    Raises:
        ValueError: Neither a network nor a backbone is named, or both; or a number is too small.
    """
    for name in ("batch_size", "repeats"):
        if cfg[name] < 1:
            raise ValueError(f"{name}={cfg[name]}: expected at least 1.")
    if ("network" in cfg) == ("backbone" in cfg):
        raise ValueError("describe: expected one of network=... and backbone=..., e.g. network=unet_mobilenetv2.")
    if "network" in cfg:
        size = cfg.input.network
        model = checkpoint.build(_plain(cfg.network), NETWORKS, classes=cfg.classes)
    else:
        size = cfg.input.backbone
        model = checkpoint.build(_plain(cfg.backbone), BACKBONES)
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    example = torch.rand(cfg.batch_size, 3, size, size).contiguous(memory_format=torch.channels_last)
    with fast_precision():
        result = measure(model, example, repeats=cfg.repeats)
    table = Table("what", "value", title=f"{type(model).__name__}, batch {cfg.batch_size}, {size} x {size} pixels")
    table.add_row("parameters", f"{result.parameters:,}")
    table.add_row("trainable", f"{result.trainable:,}")
    table.add_row("multiply-adds a batch", f"{result.multiply_adds / 1e9:.3f} G")
    table.add_row("kept for the backward pass", f"{result.activation_bytes / 2**20:.1f} MiB")
    table.add_row("latency, median (least)", f"{result.latency_ms:.1f} ms ({result.minimum_latency_ms:.1f} ms)")
    Console(file=sys.stdout).print(table)
    return {
        "parameters": result.parameters,
        "trainable": result.trainable,
        "multiply_adds": result.multiply_adds,
        "activation_bytes": result.activation_bytes,
        "latency_ms": result.latency_ms,
    }


def _plain(node: DictConfig) -> dict[str, object]:
    return {str(key): value for key, value in OmegaConf.to_container(node).items()}  # type: ignore[union-attr]
