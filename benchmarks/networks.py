"""Every network of ``conf/network`` at 320 pixels: parameters, multiply-adds, time, memory in training."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import torch
from omegaconf import OmegaConf

from bareface.io import checkpoint
from bareface.precision import fast_precision
from bareface.segmentation.losses.dice import DiceLoss
from bareface.segmentation.segmenter import NETWORKS
from bareface.tasks.conf_tree import conf_folder
from bareface.tasks.description import describe

SIZE, BATCH, CLASSES = 320, 16, 3
Row = dict[str, object]


def options() -> list[str]:
    """The names in ``conf/network`` that are complete by themselves."""
    return sorted(path.stem for path in (conf_folder() / "network").glob("*.yaml") if not _missing(path))


def _missing(path: Path) -> bool:
    return bool(OmegaConf.missing_keys(OmegaConf.load(path)))


def network(name: str) -> torch.nn.Module:
    """A network of ``conf/network``."""
    spec: Any = OmegaConf.to_container(OmegaConf.load(conf_folder() / "network" / f"{name}.yaml"))
    spec.pop("defaults", None)
    model = checkpoint.build(spec, NETWORKS, classes=CLASSES)
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return model


def pictures(count: int) -> torch.Tensor:
    """A batch of noise."""
    return torch.rand(count, 3, SIZE, SIZE).contiguous(memory_format=torch.channels_last)


def measure(rounds: int) -> list[Row]:
    """A row a network; a process of its own for each tells the memory apart."""
    what = f"Networks, {SIZE} px, {CLASSES} classes"
    rows: list[Row] = []
    for name in options():
        model = network(name)
        with fast_precision():
            one = describe(model, pictures(1), rounds, backward=False)
            many = describe(model, pictures(BATCH), max(1, rounds // 3), backward=False)
        rows.append(
            {"what": what, "network": name, "parameters": f"{one.parameters:,}"}
            | {"multiply-adds, G": one.multiply_adds / 1e9, "ms a picture, batch 1": one.latency_ms}
            | {f"batch {BATCH}": many.latency_ms / BATCH, f"training, batch {BATCH}, GiB at most": _training_peak(name)}
        )
    return rows


def _training_peak(name: str) -> float | str:
    command = [sys.executable, "-m", "benchmarks.networks", name]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
    return float(done.stdout) / 2**30 if done.returncode == 0 else "more than there is"


def _train(name: str) -> None:
    """Two steps; prints the most memory that the process ever held, in bytes, less what it held before."""
    model, loss = network(name), DiceLoss()
    optimizer = torch.optim.AdamW(model.parameters())
    image, mask = pictures(BATCH), torch.randint(CLASSES, (BATCH, SIZE, SIZE))
    before = _held("VmRSS")
    for _ in range(2):
        with fast_precision():
            output = model(image)
            heads = (output,) if isinstance(output, torch.Tensor) else output
            value = torch.stack([loss(head, mask) for head in heads]).sum()
        value.backward()
        optimizer.step()
        optimizer.zero_grad()
    print(_held("VmHWM") - before)


def _held(field: str) -> int:
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return 1024 * int(next(line for line in lines if line.startswith(f"{field}:")).split()[1])


if __name__ == "__main__":
    _train(sys.argv[1])
