"""The one command, ``bareface``.

``bareface TASK key=value ...`` runs a task as a Hydra app; ``bareface cutout``, ``synthesize``, ``compare`` and those
that have to do with a gallery take ordinary options. Heavy imports wait until a command needs them.
"""

import inspect
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

if TYPE_CHECKING:
    from collections.abc import Callable

    from bareface.tasks.enroll import Done

TASKS = {
    "train": "Train a segmenter or a recogniser, then test it.",
    "evaluate": "Test a checkpoint on a data set.",
    "pipeline": "Remove the background, recognise what is left, compare.",
    "mattes": "Make the mattes of a data set once, for trainings without backgrounds.",
    "extract": "Write an embedding per picture.",
    "detect": "Find the faces of pictures.",
    "assess": "Verification, identification and open set, with intervals, beside eigenfaces.",
    "convert": "Published weights become a checkpoint.",
    "describe": "Size, cost and speed of a network or a backbone.",
    "check": "Look at every file of a data set before a run does.",
}
HYDRA = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}


class Commands(TyperGroup):
    """Ctrl-C gets its line, and a reader that has gone is told before the interpreter's own exit."""

    def invoke(self, ctx: Any) -> Any:
        """Runs the chosen command."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as stop:
            print(f"interrupted: {stop}" if str(stop) else "interrupted", file=sys.stderr)
            raise typer.Exit(130) from stop
        finally:
            sys.stdout.flush()


app = typer.Typer(
    cls=Commands,
    help="How much of face recognition comes from the face, and how much from what is behind it?",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _task(name: str, description: str) -> None:
    def run(context: typer.Context) -> None:
        from bareface.tasks.launch import launch

        launch(name, context.args)

    run.__doc__ = f"{description} Options are key=value; see bareface {name} --help."
    app.command(name, context_settings=HYDRA, add_help_option=False)(run)


for _name, _description in TASKS.items():
    _task(_name, _description)


def _leave(error: BaseException, command: Callable[..., None]) -> NoReturn:
    """Ends a command with one line, in which its options are called as they are written."""
    from bareface.tasks.launch import leave, one_line

    line = one_line(error) or ""
    for name in inspect.signature(command).parameters:
        option = name.replace("_", "-")
        line = re.sub(rf"(?<![\w.-])(?:matte\.)?(?:{name}|{option})=", f"--{option}=", line)
    leave(error, line or None)


@app.command()
def cutout(
    source: Annotated[Path, typer.Argument(metavar="IN", help="A picture, or a folder of pictures.")],
    target: Annotated[Path, typer.Argument(metavar="OUT", help="The file or the folder to write.")],
    segmenter: Annotated[Path, typer.Option(help="Checkpoint of a segmenter.")],
    foreground: Annotated[str, typer.Option(help="What to keep: face, hair, face+hair, person.")] = "face+hair",
    backdrop: Annotated[
        str,
        typer.Option(help="What takes the place of the rest: black, white, grey, mean, blur, transparent, a picture."),
    ] = "black",
    decide: Annotated[
        str, typer.Option(help="threshold: foreground more probable than that; argmax: highest score.")
    ] = "threshold",
    threshold: Annotated[
        float | None, typer.Option(help="Least probability of the foreground, 0 to 1; default 0.5.", show_default=False)
    ] = None,
    largest: Annotated[bool, typer.Option("--largest", help="Keep the largest connected part only.")] = False,
    fill: Annotated[bool, typer.Option("--fill", help="Fill holes.")] = False,
    grow: Annotated[float, typer.Option(help="Move the outline out by so many face widths; negative: in.")] = 0.0,
    feather: Annotated[float, typer.Option(help="Soften the outline over so many face widths.")] = 0.0,
    flip: Annotated[bool, typer.Option("--flip", help="Look at the mirrored picture, too: twice the time.")] = False,
    batch_size: Annotated[int, typer.Option(help="Pictures at a time.")] = 16,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    overwrite: Annotated[bool, typer.Option(help="Replace files that are in OUT already.")] = False,
    skip_existing: Annotated[
        bool, typer.Option("--skip-existing", help="Leave files that are in OUT already, make the others.")
    ] = False,
    max_pixels: Annotated[int, typer.Option(help="Larger pictures are not decoded.")] = 40_000_000,
) -> None:
    """Take the background away from one picture or a folder of them."""
    from bareface.pipeline import cutout as work
    from bareface.pipeline.matte import Matte
    from bareface.tasks.launch import MENDABLE

    try:
        matte = Matte(decide, threshold, largest, fill, grow, feather, flip)  # type: ignore[arg-type]
        summary = work.cutout(
            source,
            target,
            segmenter,
            foreground,
            backdrop,
            matte,
            batch_size,
            device,
            overwrite,
            skip_existing,
            max_pixels,
        )
    except MENDABLE as error:
        _leave(error, cutout)
    print(summary.text())
    nothing = bool(summary.failed) and not (summary.written or summary.skipped)
    raise typer.Exit(130 if summary.interrupted else int(nothing))


@app.command()
def compare(
    runs: Annotated[list[Path], typer.Argument(metavar="RUNS...", help="Folders of runs or of sweeps.")],
    out: Annotated[
        Path | None, typer.Option(help="The folder to write to; without it the first of RUNS.", show_default=False)
    ] = None,
) -> None:
    """Put runs beside each other: a table as CSV and Markdown, and a figure."""
    from bareface.tasks.compare import compare as work
    from bareface.tasks.launch import MENDABLE, leave

    try:
        work(runs, runs[0] if out is None else out)
    except MENDABLE as error:
        leave(error)
    print(runs[0] if out is None else out)


@app.command()
def synthesize(
    target: Annotated[Path, typer.Argument(metavar="OUT", help="The folder to write; must not exist.")],
    layout: Annotated[str, typer.Option(help="celebhair (pictures and masks) or vggface2 (identities).")] = "celebhair",
    identities: Annotated[int, typer.Option(help="How many people.")] = 20,
    photos: Annotated[int, typer.Option(help="Photos of each.")] = 10,
    height: Annotated[int, typer.Option(help="Of a photo, in pixels.")] = 218,
    width: Annotated[int, typer.Option(help="Of a photo, in pixels.")] = 178,
    background_bias: Annotated[
        float, typer.Option(help="Probability that a photo shows its person's own background, 0 to 1.")
    ] = 0.0,
    seed: Annotated[int, typer.Option(help="Another seed, other people.")] = 0,
) -> None:
    """Draw a data set of synthetic faces with exact masks."""
    from bareface.tasks.launch import MENDABLE
    from bareface.tasks.synthesize import synthesize as work

    try:
        options = work(target, layout, identities, photos, height, width, background_bias, seed)
    except MENDABLE as error:
        _leave(error, synthesize)
    print(f"{target}\nto use it: {options}")


GALLERY = typer.Option("--gallery", help="A folder, milvus:FILE.db or milvus:http://HOST:19530.")
RECOGNISER = typer.Option("--recogniser", help="Checkpoint of a recogniser.")
DETECTOR = typer.Option(
    "--detector", help="Finds the faces: none, haar, mtcnn, ...; default: what suits the recogniser."
)
DETECTOR_FILE = typer.Option("--detector-file", help="Weights or list of the detector, where it needs some.")
FACES = typer.Option("--faces", help="Which of several faces is meant: largest, central, all, error.")
ON_NO_FACE = typer.Option("--on-no-face", help="A picture without a face: fail gives nothing, whole takes it as it is.")
BATCH_SIZE = typer.Option("--batch-size", help="Faces at a time.")
DEVICE = typer.Option("--device", help="auto, cpu or cuda.")
MAX_PIXELS = typer.Option("--max-pixels", help="Larger pictures are not decoded.")


@app.command()
def enroll(
    source: Annotated[Path, typer.Argument(metavar="DIR", help="A folder with a folder for each person.")],
    gallery: Annotated[str, GALLERY],
    recogniser: Annotated[Path, RECOGNISER],
    detector: Annotated[str | None, DETECTOR] = None,
    detector_file: Annotated[Path | None, DETECTOR_FILE] = None,
    faces: Annotated[str, FACES] = "largest",
    on_no_face: Annotated[str, ON_NO_FACE] = "fail",
    index: Annotated[str | None, typer.Option(help="exact, or hnsw for many faces; default: as it is.")] = None,
    strangers: Annotated[
        Path | None, typer.Option(help="Pictures of people who are not enrolled; thresholds come from them.")
    ] = None,
    searches: Annotated[int, typer.Option(help="At most so many searches to calibrate; 0: no thresholds.")] = 10_000,
    batch_size: Annotated[int, BATCH_SIZE] = 32,
    device: Annotated[str, DEVICE] = "auto",
    max_pixels: Annotated[int, MAX_PIXELS] = 40_000_000,
) -> None:
    """Add people to a gallery; it is made where there is none."""
    from bareface.tasks.enroll import enroll as work
    from bareface.tasks.looking import Looking

    looking = Looking(recogniser, detector, detector_file, faces, on_no_face, batch_size, device, max_pixels)  # type: ignore[arg-type]
    _finish(enroll, lambda: work(source, gallery, looking, index, strangers, searches))  # type: ignore[arg-type]


@app.command()
def identify(
    pictures: Annotated[list[Path], typer.Argument(metavar="PICTURES...", help="Pictures, or folders of them.")],
    gallery: Annotated[str, GALLERY],
    recogniser: Annotated[Path, RECOGNISER],
    fpir: Annotated[
        float | None,
        typer.Option(
            help="Share of strangers that may be taken for somebody; default: 0.01, or what the gallery can show."
        ),
    ] = None,
    threshold: Annotated[float | None, typer.Option(help="Least score of an answer, instead of --fpir.")] = None,
    top: Annotated[int, typer.Option(help="How many identities are listed for a face.")] = 5,
    out: Annotated[Path | None, typer.Option(help="Also write the table to this .csv or .parquet file.")] = None,
    detector: Annotated[str | None, DETECTOR] = None,
    detector_file: Annotated[Path | None, DETECTOR_FILE] = None,
    faces: Annotated[str, FACES] = "largest",
    on_no_face: Annotated[str, ON_NO_FACE] = "fail",
    batch_size: Annotated[int, BATCH_SIZE] = 32,
    device: Annotated[str, DEVICE] = "auto",
    max_pixels: Annotated[int, MAX_PIXELS] = 40_000_000,
) -> None:
    """Say who is in pictures, or that they are unknown."""
    from bareface.tasks.identify import identify as work
    from bareface.tasks.looking import Looking

    looking = Looking(recogniser, detector, detector_file, faces, on_no_face, batch_size, device, max_pixels)  # type: ignore[arg-type]
    _finish(identify, lambda: work(pictures, gallery, looking, fpir, threshold, top, out))


@app.command()
def verify(
    first: Annotated[Path, typer.Argument(metavar="A", help="A picture.")],
    second: Annotated[Path, typer.Argument(metavar="B", help="Another picture.")],
    recogniser: Annotated[Path, RECOGNISER],
    gallery: Annotated[
        str | None, typer.Option(help="A gallery whose people tell how alike two people look to the recogniser.")
    ] = None,
    fmr: Annotated[
        float | None,
        typer.Option(
            help="Share of pairs of two people that may be taken for one; default: 0.001, or what the gallery can show."
        ),
    ] = None,
    threshold: Annotated[float | None, typer.Option(help="Least score of one person, instead of --gallery.")] = None,
    detector: Annotated[str | None, DETECTOR] = None,
    detector_file: Annotated[Path | None, DETECTOR_FILE] = None,
    faces: Annotated[str, FACES] = "largest",
    on_no_face: Annotated[str, ON_NO_FACE] = "fail",
    device: Annotated[str, DEVICE] = "auto",
    max_pixels: Annotated[int, MAX_PIXELS] = 40_000_000,
) -> None:
    """Say whether two pictures show one person."""
    from bareface.tasks.identify import verify as work
    from bareface.tasks.looking import Looking

    looking = Looking(recogniser, detector, detector_file, faces, on_no_face, 2, device, max_pixels)  # type: ignore[arg-type]
    _finish(verify, lambda: work(first, second, looking, gallery, fmr, threshold))


@app.command()
def forget(
    identity: Annotated[str, typer.Argument(metavar="IDENTITY", help="The name of the person's folder.")],
    gallery: Annotated[str, GALLERY],
) -> None:
    """Remove somebody from a gallery, for good."""
    from bareface.tasks.enroll import forget as work

    _finish(forget, lambda: work(identity, gallery))


@app.command()
def gallery(
    place: Annotated[str, typer.Argument(metavar="GALLERY", help="A folder, milvus:FILE.db or milvus:http://...")],
    people: Annotated[bool, typer.Option("--people", help="List everybody, with the number of pictures.")] = False,
) -> None:
    """Say what is in a gallery."""
    from bareface.tasks.enroll import contents as work

    _finish(gallery, lambda: work(place, people))


def _finish(command: Callable[..., None], work: "Callable[[], Done]") -> NoReturn:
    """Prints what was done, or the mistake in one line; exit status 1 where nothing could be done."""
    from bareface.tasks.launch import MENDABLE

    try:
        done = work()
    except MENDABLE as error:
        _leave(error, command)
    print(done.text())
    raise typer.Exit(int(not done.complete))


def main() -> None:
    """Entry point of the installed command."""
    words = os.environ.get("COMP_LINE", "").split()
    if sys.argv[1:3] == ["-sc", "query=bash"] and len(words) > 1 and words[1] in TASKS:
        # Hydra's completion asks the program by its first word; which task it is stands in the line being completed.
        os.environ["COMP_LINE"] = os.environ["COMP_LINE"].replace(f" {words[1]}", "", 1)
        sys.argv[1:] = [words[1], *sys.argv[1:]]
    app()
