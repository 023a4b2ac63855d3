"""Weights & Biases: where a run goes, what it holds, how it ends. Nothing asks and nothing leaves this machine."""

import builtins
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import hydra
import pytest
import torch
import wandb
import yaml
from callbacks.tiny import mask_data, segmentation, trainer
from hydra.core.hydra_config import HydraConfig
from pytorch_lightning.callbacks import ModelCheckpoint
from pytorch_lightning.loggers import CSVLogger, TensorBoardLogger, WandbLogger
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from bareface.callbacks.augmented import AugmentedSheet
from bareface.callbacks.predictions import SegmentationPredictions
from bareface.tasks.dashboard import log_configuration, logged_in, wandb_logger
from bareface.tasks.run import finish_dashboard

KEY = "0123456789abcdef" * 3


@pytest.fixture(autouse=True)
def nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Nobody is logged in and nobody answers."""
    for name in ("WANDB_MODE", "WANDB_API_KEY", "WANDB_IDENTITY_TOKEN_FILE", "WANDB_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))

    def refuse(*arguments: object, **named: object) -> None:
        pytest.fail(f"asked for {arguments}")

    monkeypatch.setattr(builtins, "input", refuse)
    yield
    wandb.finish()


def logger(folder: Path, mode: str = "auto", group: str | None = None) -> WandbLogger:
    return wandb_logger("bareface", "a name", group, ["tag"], mode, folder)


def mode_of(made: WandbLogger) -> str:
    return str(made._wandb_init["mode"])


def test_nobody_is_logged_in_so_auto_is_offline(tmp_path: Path) -> None:
    assert not logged_in()
    assert mode_of(logger(tmp_path)) == "offline"


@pytest.mark.parametrize("host", ["api.wandb.ai", "api.forge.coreweave.com"])
def test_a_key_in_the_netrc_file_is_a_login(tmp_path: Path, host: str) -> None:
    (tmp_path / "netrc").write_text(f"machine {host}\n login user\n password {KEY}\n")
    (tmp_path / "netrc").chmod(0o600)
    assert logged_in()
    assert mode_of(logger(tmp_path)) == "online"
    assert mode_of(logger(tmp_path, "offline")) == "offline"


def test_a_key_of_another_server_is_none(tmp_path: Path) -> None:
    (tmp_path / "netrc").write_text(f"machine github.com\n login user\n password {KEY}\n")
    (tmp_path / "netrc").chmod(0o600)
    assert not logged_in()


@pytest.mark.parametrize("name", ["WANDB_API_KEY", "WANDB_IDENTITY_TOKEN_FILE"])
def test_a_key_in_the_environment_is_a_login(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, KEY)
    assert mode_of(logger(tmp_path)) == "online"
    assert mode_of(logger(tmp_path, "online")) == "online"


def test_online_without_a_login_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match=r"^logger\.wandb\.mode=online: not logged in\. Run wandb login.*offline\.$"):
        logger(tmp_path, "online")
    monkeypatch.setenv("WANDB_MODE", "online")
    with pytest.raises(ValueError, match=r"^WANDB_MODE=online: not logged in\."):
        logger(tmp_path)


def test_the_environment_decides_where_the_mode_is_auto(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_API_KEY", KEY)
    monkeypatch.setenv("WANDB_MODE", "offline")
    assert mode_of(logger(tmp_path)) == "offline"
    assert mode_of(logger(tmp_path, "online")) == "online"


def test_an_unknown_mode_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"logger\.wandb\.mode=maybe: expected auto, online, offline\."):
        logger(tmp_path, "maybe")


def test_the_jobs_of_a_multirun_share_a_group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert logger(tmp_path)._wandb_init["group"] is None
    monkeypatch.setattr(HydraConfig.instance(), "cfg", None)
    for mode, expected in (("RUN", None), ("MULTIRUN", "sweep_7")):
        with hydra.initialize(config_path=None, version_base="1.3"):
            overrides = [f"hydra.mode={mode}", f"hydra.sweep.dir={tmp_path}/sweep_7"]
            HydraConfig.instance().set_config(hydra.compose(overrides=overrides, return_hydra_config=True))
        assert logger(tmp_path)._wandb_init["group"] == expected
        assert logger(tmp_path, group="mine")._wandb_init["group"] == "mine"


def test_a_whole_run_offline(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "run"
    with caplog.at_level(logging.INFO, "bareface"):
        made = logger(folder)
        log_configuration([made], {"loader": {"batch_size": 6}, "tags": ["a"]}, {"parameters": 84})
    callbacks = [AugmentedSheet(folder / "a.png", 2), SegmentationPredictions(folder / "figures", 2)]
    run = trainer(folder, callbacks, logger=[made])
    module, data = segmentation(), mask_data()
    run.fit(module, data)
    run.test(module, data, verbose=False)
    experiment = made.experiment
    assert experiment.config["loader"] == {"batch_size": 6}
    assert experiment.config["model"] == {"parameters": 84}
    assert experiment.summary["test/miou"] == pytest.approx(float(run.callback_metrics["test/miou"]))
    assert (experiment.name, list(experiment.tags), experiment.group) == ("a name", ["tag"], "")
    (place,) = (folder / "wandb").glob("offline-run-*")
    assert f"wandb sync {place}" in caplog.text
    finish_dashboard(failed=False)
    assert wandb.run is None
    files = {path.relative_to(place).as_posix() for path in place.rglob("*") if path.is_file()}
    assert sum(name.startswith("files/media/images/mask/") for name in files) >= 2
    assert any("augmented" in name for name in files)
    assert not any("code" in name or name.endswith((".py", ".patch", ".ckpt")) for name in files)
    out, err = capfd.readouterr()
    assert "wandb" not in out.lower()
    assert "wandb" not in "".join(line for line in err.lower().splitlines() if "weights & biases" not in line)


def test_each_job_of_a_process_is_a_run_of_its_own_and_ends_with_its_status(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes = []
    finish = wandb.finish
    monkeypatch.setattr(wandb, "finish", lambda exit_code=None: (codes.append(exit_code), finish(exit_code)))
    ids = []
    for number, failed in enumerate((True, False)):
        made = logger(tmp_path / str(number))
        made.log_metrics({"loss": 1.0}, 0)
        ids.append(made.experiment.id)
        finish_dashboard(failed)
        assert len(list((tmp_path / str(number) / "wandb").glob("offline-run-*"))) == 1
    assert codes == [1, 0]
    assert ids[0] != ids[1]


def test_a_job_that_never_logged_has_no_run(tmp_path: Path) -> None:
    logger(tmp_path)
    finish_dashboard(failed=True)
    assert not (tmp_path / "wandb").exists()


def test_an_unusable_key_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_API_KEY", "short")
    with pytest.raises(ValueError, match=r"^logger\.wandb: .*WANDB_API_KEY invalid.*logger\.wandb\.mode=offline\.$"):
        log_configuration([logger(tmp_path)], {}, {})


def test_other_loggers_get_the_leaves_and_checkpoints_stay_plain(tmp_path: Path) -> None:
    csv = CSVLogger(tmp_path, name="logs", version="csv")
    board = TensorBoardLogger(tmp_path, name="logs", version="tensorboard")
    cfg = {"loader": {"batch_size": 6, "on_error": "raise"}, "crop_range": [0.9, 1.0], "ckpt_path": None, "seed": 0}
    log_configuration([csv, board], cfg, {"parameters": 84})
    keep = ModelCheckpoint(tmp_path, filename="at")
    run = trainer(tmp_path, [keep], logger=[csv, board], enable_checkpointing=True, max_epochs=1)
    run.fit(segmentation(), mask_data())
    expected = {
        "loader/batch_size": 6,
        "loader/on_error": "raise",
        "crop_range": [0.9, 1.0],
        "ckpt_path": None,
        "seed": 0,
    }
    assert yaml.safe_load((tmp_path / "logs/csv/hparams.yaml").read_text()) == {**expected, "model/parameters": 84}
    assert yaml.safe_load((tmp_path / "logs/tensorboard/hparams.yaml").read_text()) == expected
    events = EventAccumulator(board.log_dir)
    events.Reload()
    assert "model/parameters" in events.Tags()["scalars"]
    assert "hp_metric" not in events.Tags()["scalars"]
    assert torch.load(tmp_path / "at.ckpt", weights_only=True)["card"]["task"] == "segmentation"


def test_a_configuration_must_be_a_dictionary() -> None:
    with pytest.raises(TypeError, match="cfg_plain is a list: expected a dictionary"):
        log_configuration([], [1], {})


OFFLINE = """
import pathlib, socket, sys
import numpy as np
folder, asked = sys.argv[1:]
def refuse(host, *rest, **more):
    pathlib.Path(asked).write_text(str(host))
    raise OSError("no network")
socket.getaddrinfo = refuse
from bareface.tasks.dashboard import log_configuration, wandb_logger
import wandb
for job in range(2):
    logger = wandb_logger("bareface", "name", None, [], "auto", folder)
    log_configuration([logger], {"seed": 0}, {"parameters": 1})
    logger.log_image("picture", [np.zeros((8, 8, 3), np.uint8)], step=0)
    wandb.finish(exit_code=1)
"""


def test_offline_uses_no_network_and_prints_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-c", OFFLINE, str(tmp_path), str(tmp_path / "asked")]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert not (tmp_path / "asked").exists()
    assert len(list((tmp_path / "wandb").glob("offline-run-*/*.wandb"))) == 2
