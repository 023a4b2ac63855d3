"""Which figures a comparison of runs shows, and which runs have figures that compare."""

from collections.abc import Sequence
from typing import TypeVar

from bareface.tasks.runs import Run

HEADLINES = {
    "test/miou": "mIoU",
    "test/boundary_iou": "boundary IoU",
    "test/top1": "top-1",
    "test/top5": "top-5",
}
"""The figures that the table and the chart show, where runs have them; the CSV file holds all."""
MOST_CLASSES = 4
"""Of so many the table and the chart show the IoU of each, too."""

Other = TypeVar("Other")


def headlines(runs: Sequence[Run]) -> list[str]:
    """Names of the figures that are shown; the first is what runs are ranked by."""
    there = {name for run in runs for name in run.results or {}}
    found = [name for name in HEADLINES if name in there]
    classes = sorted({name for run in runs for name in classes_of(run)})
    found += [f"test/iou/{name}" for name in classes if len(classes) <= MOST_CLASSES]
    return found or sorted(name for name in there if name.endswith("/top1"))  # those of a pipeline's conditions


def title_of(figure: str) -> str:
    """What a figure is called."""
    return HEADLINES.get(figure, figure.replace("test/iou/", "IoU "))


def classes_of(run: Run) -> tuple[str, ...]:
    """The classes that a segmenter was tested on, without the background."""
    figures = [name.removeprefix("test/iou/") for name in run.results or {} if name.startswith("test/iou/")]
    return tuple(sorted(name for name in figures if name != "background"))


def grouped(entries: Sequence[tuple[Run, Other]]) -> list[tuple[Run, Other]]:
    """Runs of the same classes beside each other, in the order of the first of each; runs that failed last."""
    order = list(dict.fromkeys(classes_of(run) for run, _ in entries if run.results is not None))
    places = {classes: place for place, classes in enumerate(order)}
    return sorted(entries, key=lambda entry: len(order) if entry[0].results is None else places[classes_of(entry[0])])


def names_of_groups(entries: Sequence[tuple[Run, object]]) -> list[str]:
    """Of each run the classes it tells apart, where runs tell different ones apart; else nothing."""
    names = [", ".join(classes_of(run)) for run, _ in entries]
    return names if len({name for name, (run, _) in zip(names, entries, strict=True) if run.results}) > 1 else []


def note(runs: Sequence[Run]) -> str:
    """What has to stand on figures of rendered pictures."""
    drawn = [str((run.config.get("data") or {}).get("_target_")).startswith("bareface.data.synthetic") for run in runs]
    return "synthetic data" if all(drawn) else "synthetic data among them" if any(drawn) else ""
