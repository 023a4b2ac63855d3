"""A study on the command line: several models, an interruption, folders of other studies."""

from pathlib import Path

import pandas as pd
import pytest
import torch
from e2e.conftest import Done, bareface

from bareface.pipeline import module as pass_module
from bareface.pipeline.results import Study
from bareface.recognition.recogniser import Recogniser

DATA = ["data=synthetic_identities", "data.identities=6", "data.photos=10", "data.fractions=[0.5,0.2,0.3]"]
DATA += ["data.height=40", "data.width=40", "canvas=40", "loader.num_workers=0", "loader.batch_size=6"]
OPTIONS = [*DATA, "mattes_from=mask", "samples=2", "logger.tensorboard=null", "trainer.precision=32-true"]
PEOPLE = [f"n00000{number}" for number in range(1, 7)]


def write(path: Path, seed: int, identities: list[str]) -> Path:
    torch.manual_seed(seed)
    model = Recogniser(
        backbone={"_target_": "bareface.recognition.backbones.resnet.ResNet18"},
        head={"_target_": "bareface.recognition.heads.linear.Linear"},
        normalise={"mean": [120.0, 120.0, 120.0], "std": [64.0, 64.0, 64.0]},
        shorter=32,
        crop=32,
        canvas=40,
        identities=identities,
    )
    state = {f"recogniser.{name}": value for name, value in model.state_dict().items()}
    torch.save({"card": {**model.card, "versions": {}}, "state_dict": state}, path)
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of ``0.ckpt``, ``1.ckpt`` and ``few.ckpt``."""
    made = tmp_path_factory.mktemp("models")
    for seed in (0, 1):
        write(made / f"{seed}.ckpt", seed, PEOPLE)
    write(made / "few.ckpt", 2, PEOPLE[:2])
    return made


def study(folder: Path, runs: Path, *options: str) -> Done:
    models = f"recogniser={{all:['{folder}/0.ckpt','{folder}/1.ckpt'],few:'{folder}/few.ckpt'}}"
    return bareface("pipeline", *OPTIONS, models, f"data.root={folder / 'drawn'}", f"runs={runs}", *options)


def interrupted(folder: Path, runs: Path, monkeypatch: pytest.MonkeyPatch) -> Done:
    """A study that Ctrl-C ends in its second batch; each batch is a part."""
    monkeypatch.setattr(pass_module, "PART_PHOTOS", 6)
    features, looks = Recogniser.features, iter(range(8))

    def stops(*arguments: torch.Tensor) -> torch.Tensor:
        if next(looks, None) is None:
            raise KeyboardInterrupt
        return features(*arguments)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(Recogniser, "features", stops)
        return study(folder, runs)


def outcomes(run: Done) -> pd.DataFrame:
    return pd.read_parquet(run.folder / "outcomes.parquet")


@pytest.fixture(scope="module")
def whole(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Done:
    run = study(folder, tmp_path_factory.mktemp("runs"))
    assert run.status == 0, run.stderr
    return run


def test_recognisers_and_seeds_stand_under_their_names(whole: Done) -> None:
    table = outcomes(whole)
    assert len(table) == 18 * 3 * 2
    arms = table[["recogniser", "seed"]].drop_duplicates().to_numpy().tolist()
    assert arms == [["all", 0], ["all", 1], ["few", 0]]
    few = table[table.recogniser == "few"]
    assert set(few.identity[few["rank"].notna()]) == set(PEOPLE[:2]) and few.moved.notna().all()
    assert table[table.recogniser == "all"]["rank"].notna().all()


def test_an_interrupted_study_goes_on(
    whole: Done, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = interrupted(folder, tmp_path, monkeypatch)
    assert first.status == 130
    assert first.stderr.splitlines()[-1] == "interrupted; the same command with resume=last goes on behind what is done"
    assert [path.name for path in (first.folder / "parts").glob("*-*")] == ["0-000000"]
    assert not (first.folder / "outcomes.parquet").exists()
    shown: list[int] = []
    features = Recogniser.features
    monkeypatch.setattr(Recogniser, "features", lambda *given: (shown.append(len(given[1])), features(*given))[1])
    rest = study(folder, tmp_path, "resume=last")
    assert rest.status == 0, rest.stderr
    assert sum(shown) == 12 * 3 * 2, "six of eighteen photos were done"
    pd.testing.assert_frame_equal(outcomes(rest), outcomes(whole))
    tiles = {path.name: path.read_bytes() for path in (whole.folder / "figures/photos").iterdir()}
    assert {path.name: path.read_bytes() for path in (rest.folder / "figures/photos").iterdir()} == tiles and tiles
    timeless = {name: value for name, value in rest.results.items() if "milliseconds" not in name}
    assert timeless == {name: value for name, value in whole.results.items() if name in timeless}
    assert first.folder != rest.folder and [p.name for p in (first.folder / "parts").glob("*-*")] == ["0-000000"]


def test_the_same_folder_goes_on_too(
    whole: Done, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = interrupted(folder, tmp_path, monkeypatch)
    rest = study(folder, tmp_path, f"hydra.run.dir={first.folder}")
    assert (rest.status, rest.folder) == (0, first.folder), rest.stderr
    pd.testing.assert_frame_equal(outcomes(rest), outcomes(whole))


def everything(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("place", ["hydra.run.dir", "run", "resume"])
def test_the_folder_of_another_study_is_refused_and_left_as_it_is(
    place: str, whole: Done, folder: Path, tmp_path: Path
) -> None:
    before = everything(whole.folder)
    other = study(folder, tmp_path, f"{place}={whole.folder}", "matte.grow=0.1", "seed=1")
    assert other.status == 1
    line = f"{whole.folder}: holds another study, which differs in matte, seed. Choose another folder, or give the "
    assert other.stderr.splitlines()[-1].startswith(f"error: {line}")
    assert everything(whole.folder) == before


def test_there_is_nothing_to_go_on_with(folder: Path, tmp_path: Path) -> None:
    last = study(folder, tmp_path, "resume=last")
    assert last.status == 1 and "resume=last: no earlier run of this study under" in last.stderr.splitlines()[-1]
    named = study(folder, tmp_path, f"resume={tmp_path}/nowhere")
    assert named.status == 1 and "nowhere: no run of a study there. Give the folder of one" in named.stderr
    assert not list(tmp_path.rglob("config.yaml"))


def test_what_casts_doubt_on_a_study_is_noted_and_printed(folder: Path, tmp_path: Path) -> None:
    held = torch.load(write(tmp_path / "wrong.ckpt", 0, [*PEOPLE, "nobody"]), weights_only=True)
    held["state_dict"]["recogniser.head.bias"][-1] = 1e6  # takes everybody for nobody
    torch.save(held, tmp_path / "wrong.ckpt")
    models = f"recogniser={{removed:'{tmp_path}/wrong.ckpt',orignal:'{folder}/1.ckpt'}}"
    run = bareface("pipeline", *OPTIONS, models, "canvas=48", f"data.root={folder / 'drawn'}", f"runs={tmp_path}")
    assert run.status == 0, run.stderr
    doubts = [
        "removed: top-1 in original is 0.0 %, guessing gives 14.3 %: are these the people that it was trained on?",
        "removed: named after a condition (face+hair in front of black), but what its checkpoint remembers of",
        "orignal: no condition is called so, so it is taken as a remedy; did you mean original?",
        "removed: trained with a canvas of 40 pixels, shown photos on one of 48",
        "orignal: trained with a canvas of 40 pixels, shown photos on one of 48",
    ]
    notes = Study.read(run.folder / "study.json").notes[-5:]
    assert all(note.startswith(doubt) for note, doubt in zip(notes, doubts, strict=True)), notes
    assert all(f"Note: {note}" in run.stdout for note in notes)


def test_one_training_is_no_two_seeds(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "copy.ckpt").write_bytes((folder / "1.ckpt").read_bytes())
    seeds = f"recogniser={{all:['{folder}/0.ckpt','{folder}/1.ckpt','{tmp_path}/copy.ckpt']}}"
    run = bareface("pipeline", *OPTIONS, seeds, f"data.root={folder / 'drawn'}", f"runs={tmp_path / 'runs'}")
    line = f"recogniser.all: {folder}/1.ckpt and {tmp_path}/copy.ckpt are the same checkpoint, expected one of another "
    assert run.status == 1 and run.stderr.splitlines()[-1].endswith(f"{line}seed each. Leave one out.")


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("recogniser={a:[]}", "recogniser.a=[]: expected a .ckpt file."),
        ("recogniser={a:3}", "recogniser.a=3: expected a .ckpt file."),
        ("segmenter={a:[x.ckpt,y.ckpt]}", "segmenter.a: expected one file, got 2. Give each file a name of its own."),
    ],
)
def test_models_that_are_no_files(option: str, message: str, folder: Path, tmp_path: Path) -> None:
    given = [] if option.startswith("recogniser") else [f"recogniser='{folder}/0.ckpt'"]
    run = bareface("pipeline", *OPTIONS, option, *given, f"data.root={folder / 'drawn'}", f"runs={tmp_path}")
    assert run.status == 1 and run.stderr.splitlines()[-1].endswith(message), run.stderr


def test_the_canvas_is_the_recognisers_own_and_counts_as_the_number_that_it_is(whole: Done, folder: Path) -> None:
    options = [option for option in OPTIONS if option != "canvas=40"]
    models = f"recogniser={{all:['{folder}/0.ckpt','{folder}/1.ckpt'],few:'{folder}/few.ckpt'}}"
    given = [*options, models, f"data.root={folder / 'drawn'}", f"hydra.run.dir={whole.folder}"]
    again = bareface("pipeline", *given)
    assert again.status == 0, again.stderr
    found = Study.read(again.folder / "study.json")
    assert "letterboxed to a canvas of 40 x 40 pixels" in found.methods and "canvas" not in "".join(found.notes)
    other = bareface("pipeline", *given, "canvas=48")
    assert other.status == 1 and "holds another study, which differs in canvas. Choose" in other.stderr
    small = bareface("pipeline", *given[:-1], "canvas=31", f"hydra.run.dir={folder / 'small'}")
    assert small.status == 1 and "canvas=31: recogniser all resizes the shorter side to 32 pixels" in small.stderr
    word = bareface("pipeline", *given[:-1], "canvas=whole", f"hydra.run.dir={folder / 'word'}")
    assert word.status == 1 and "canvas=whole: expected a whole number" in word.stderr
