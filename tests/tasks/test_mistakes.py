"""What the command line says to a misspelt option."""

from pathlib import Path

import pytest
from e2e.conftest import bareface

from bareface.tasks.conf_tree import conf_folder
from bareface.tasks.mistakes import explain_value


def test_what_is_switched_off_is_not_blamed_for_another_mistake() -> None:
    error, conf = TypeError("'<' not supported between instances of 'int' and 'str'"), conf_folder()
    assert explain_value(error, "assess", ["baseline=null", "name=x"], conf) is None
    missed = AttributeError("'NoneType' object has no attribute 'x'")
    answer = explain_value(missed, "assess", ["baseline=null"], conf)
    assert answer == "baseline=null: expected a value for an option below it: baseline._target_, baseline.components."


@pytest.mark.parametrize(
    ("arguments", "answer"),
    [
        (
            ["train", "network=unet_mobilnetv2"],
            "network=unet_mobilnetv2: there is no such option. Did you mean unet_mobilenetv2",
        ),
        (["train", "netwrk=x"], "netwrk=x: train has no such option. Did you mean network?"),
        (["train", "optimizer.lrr=2"], "optimizer.lrr=2: train has no such option. Did you mean optimizer.lr?"),
        (["train", "experiment=report_segmentatoin"], "Did you mean report_segmentation"),
        (["train", "backbone=resnet18"], "backbone=resnet18: train has no such option"),
        (["train", "module=recognition", "optimizer.momentun=1"], "Did you mean optimizer.momentum?"),
        (["train", "optimizer.lr=["], "optimizer.lr=["),
        (
            ["assess", "protocols=verification,identification"],
            "error: protocols=verification,identification: expected one value, or a list in brackets. Write "
            "'protocols=[verification,identification]', or -m for a run of each.",
        ),
        (
            ["assess", "experiment=demo_orl_embedding", "seed=1"],
            "error: experiment=demo_orl_embedding: sets module, which assess does not have. It is for evaluate, train.",
        ),
        (
            ["train", "loss.weight=balanced"],
            "loss.weight=balanced: loss=dice has no weight. Those that have one: boundary, cross_entropy, focal.",
        ),
        (
            ["train", "module=recognition", "data=identity_folder", "sampler=pk", "sampler.identities=50"],
            "sampler.identities=50: train has no such option. Known: sampler.pictures.",
        ),
        (["train", "loss.xyz=balanced"], "loss.xyz=balanced: train has no such option. Known: loss.smooth."),
        (
            ["train", "module=recognition", "head.margin=0.3"],
            "head.margin=0.3: head=linear has no margin. Those that have one: adaface, arcface, cosface,",
        ),
        (
            ["train", "module=recognition", "head.nope=1"],
            "head.nope=1: train has no such option. There is nothing below head.",
        ),
        (
            ["train", "loss=dice_cross_entropy", "loss.weight=balanced"],
            "Did you mean loss.losses.cross_entropy.weight?",
        ),
        (["train", "loss=boundary", "loss.factor=abc"], "error: loss.factor=abc: expected a number."),
        (
            ["train", "loss=focal", "loss.weight=3"],
            "loss.weight=3: expected a list, each a number or balanced or null.",
        ),
        (["train", "size=abc"], "error: size=abc: expected a whole number."),
        (["train", "size=64.5"], "error: size=64.5: expected a whole number."),
        (["train", "trainer.max_epochs=x"], "error: trainer.max_epochs=x: expected a whole number or null."),
        (["train", "trainer.max_epochs=0"], "error: trainer.max_epochs=0: expected at least 1, or -1 for no end."),
        (["train", "optimizer.lr=fast"], "error: optimizer.lr=fast: expected a number."),
        (["train", "loss=dice_cross_entropy", "loss.losses=foo"], "error: loss.losses=foo: expected a value for each"),
        (["train", "loss=dice_cross_entropy", "loss.weights=balanced"], "loss.weights=balanced: expected a value for"),
        (["train", "data.foreground=face"], "error: data.foreground=face: expected a list, each a word."),
        (["train", "+loss.wieght=3"], "error: loss.wieght=3: DiceLoss has no such option. Known: smooth."),
        (
            ["describe", "network=unet_resnet18", "input=64"],
            "input=64: expected a value for an option below it: input.",
        ),
        (["describe", "network=unet_resnet18", "batch_size=0"], "error: batch_size=0: expected at least 1."),
        (["describe", "network=unet_resnet18", "batch_size=a"], "error: batch_size=a: expected a number, as in batch_"),
        (
            ["train", "sweep=segmentation_future_work"],
            "error: sweep=segmentation_future_work: a sweep needs -m. Write bareface train -m sweep=",
        ),
        (
            ["pipeline", "sweep=matte_growth"],
            "error: sweep=matte_growth: a sweep needs -m. Write bareface pipeline -m sweep=matte_growth ...",
        ),
        (
            ["train", "encoder_weights=/tmp"],
            "error: encoder_weights=/tmp: a folder. Give a file of weights, or imagenet.",
        ),
        (
            ["train", "data=combined", "data.class_map.nope={a: b}"],
            "error: data.class_map.nope={a: b}: data.class_map has no nope yet. Add it: '+data.class_map.nope={a: b}'.",
        ),
        (["describe"], "expected one of network=... and backbone=..."),
        (["evaluate"], "ckpt_path: no value given. Add ckpt_path=..."),
        (["train", "data=mask_folder"], "data.root: no value given. Add data.root=..."),
    ],
)
def test_one_line_and_exit_status_1(arguments: list[str], answer: str, tmp_path: Path) -> None:
    done = bareface(*arguments, f"runs={tmp_path}")
    assert done.status == 1
    lines = [line for line in done.stderr.splitlines() if line]
    assert answer in lines[-1]
    assert lines[-1].startswith("error: ")
    assert "Traceback" not in done.stderr


REMOVED = "_target_: bareface.pipeline.conditions.Removed"


@pytest.mark.parametrize(
    ("option", "answer"),
    [
        (
            "+conditions.grown={_target_: bareface.pipeline.conditions.Removd, foreground: face}",
            "conditions.grown._target_=bareface.pipeline.conditions.Removd: bareface.pipeline.conditions has no Removd."
            " Did you mean Removed?",
        ),
        (
            "+conditions.g={_target_: bareface.pipelin.conditions.Removed}",
            "conditions.g._target_=bareface.pipelin.conditions.Removed: there is no module bareface.pipelin. "
            "Write MODULE.CLASS.",
        ),
        (
            f"+conditions.g={{{REMOVED}, foregroun: face, backdrop: grey}}",
            "conditions.g.foregroun=face: Removed has no such option. Did you mean foreground?",
        ),
        (
            f"+conditions.g={{{REMOVED}, foreground: face, backdrop: grey, matte: {{grown: 0.1}}}}",
            "conditions.g.matte.grown=0.1: Matte has no such option. Did you mean grow?",
        ),
        (
            f"+conditions.g={{{REMOVED}, foreground: face, backdrop: grey, matte: {{grow: abc}}}}",
            "conditions.g.matte.grow=abc: expected a number.",
        ),
        (
            f"+conditions.g={{{REMOVED}, foreground: face}}",
            "conditions.g: Removed cannot be made of these options: "
            "Removed.__init__() missing 1 required positional argument: 'backdrop'.",
        ),
        (
            "+conditions.g={_target_: bareface.pipeline.matte.Matte}",
            "conditions.g: bareface.pipeline.matte.Matte is no condition. See bareface.pipeline.conditions.",
        ),
        (
            "+conditions.g={foreground: face}",
            "conditions.g={'foreground': 'face'}: expected {_target_: CLASS, its options}.",
        ),
        (
            "conditions={}",
            "conditions={}: takes nothing away and adds nothing. Leave one out with '~conditions.NAME', or choose "
            "backdrops, default, study.",
        ),
        (
            "conditions=null",
            "conditions=null: expected the name of a file of conditions: backdrops, default, study.",
        ),
        ("fars=0.01", "fars=0.01: expected a list, each a number. Write fars=[0.01]."),
        ("fpirs=[x]", "fpirs=['x']: expected a list, each a number."),
        ("references=x", "references=x: expected one of shown, original."),
        ("stage=tests", "stage=tests: expected one of train, val, test."),
        ("mattes_from=truth", "mattes_from=truth: expected one of segmenter, mask."),
        ("resume=5", "resume=5: expected a word or null."),
        ("samples=-1", "samples=-1: expected 0 or more."),
        ("samples=x", "samples=x: expected a whole number."),
        ("canvas=0", "canvas=0: expected at least 1 pixel."),
        ("verification_photos=3", "verification_photos=3: expected 0 for none, or at least 4."),
        ("verification_photos=null", "verification_photos=null: expected a whole number."),
    ],
)
def test_a_study_that_cannot_be_leaves_one_line_and_no_folder(option: str, answer: str, tmp_path: Path) -> None:
    done = bareface("pipeline", "recogniser=/nowhere/x.ckpt", option, f"runs={tmp_path}")
    assert done.status == 1
    assert [line for line in done.stderr.splitlines() if line] == [f"error: {answer}"]
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.mark.parametrize("place", ["/proc/nope", "FILE", "FILE/deeper"])
@pytest.mark.parametrize("option", ["runs", "data.root"])
def test_a_place_that_cannot_be_written_is_told_with_its_option(option: str, place: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    given = f"{option}={place.replace('FILE', str(tmp_path / 'file'))}"
    others = [] if option == "runs" else [f"runs={tmp_path / 'runs'}"]
    done = bareface("train", "data.identities=4", "data.photos=1", *others, given)
    assert done.status == 1
    *_, last = done.stderr.splitlines()
    assert last.startswith(f"error: {given}: ") and last.endswith("Give a place that can be read and written.")
    assert "Errno" not in done.stderr and "Traceback" not in done.stderr


def test_a_threshold_that_nothing_reads() -> None:
    done = bareface("cutout", "in", "out", "--segmenter", "x.ckpt", "--decide", "argmax", "--threshold", "0.9")
    assert done.status == 1
    assert done.stderr == "error: --threshold=0.9: --decide=argmax has no threshold. Leave one of them out.\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["cutout", "in", "out", "--segmenter", "x", "--grow", "3"],
            "--grow=3.0: expected a share of the face's width",
        ),
        (["cutout", "in", "out", "--segmenter", "x", "--decide", "no"], "--decide=no: expected threshold or argmax."),
        (["cutout", "in", "out", "--segmenter", "x", "--batch-size", "0"], "--batch-size=0: expected at least 1."),
        (["synthesize", "/nowhere/x", "--layout", "x"], "--layout=x: expected celebhair or vggface2."),
        (["synthesize", "/nowhere/x", "--photos", "0"], "--identities=20, --photos=0: expected at least 1 each."),
    ],
)
def test_options_are_called_as_they_are_written(arguments: list[str], message: str) -> None:
    done = bareface(*arguments)
    assert done.status == 1 and done.stderr.startswith(f"error: {message}")


def test_a_folder_of_figures_that_cannot_be_made(tmp_path: Path) -> None:
    for file, text in (
        (".hydra/overrides.yaml", "[]"),
        ("config.yaml", "task: x"),
        ("results.json", '{"test/top1": 1}'),
    ):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text(text)
    done = bareface("compare", str(tmp_path), "--out", "/proc/nope")
    assert done.status == 1
    rule = "No such file or directory. Give a place that can be read and written."
    assert done.stderr == f"error: --out /proc/nope: /proc/nope: {rule}\n"


def test_a_misspelt_task() -> None:
    done = bareface("trian")
    assert done.status == 2
    assert "Did you mean 'train'" in done.stderr
