"""Does a study find the reliance on backgrounds that was put in? ``python -m benchmarks.validity.reliance FOLDER``.

Drawn people, each with a background of its own that is behind a photo with probability ``background_bias``. A
recogniser is trained at each of five biases and studied on photos of the same bias that it has not seen, with the true
mattes. Then two recognisers that were built for the purpose, on photos of bias 1: one that looks at the face alone (all
backgrounds of its training were drawn by chance) and one that looks at the background alone (behind each person's own
background stands somebody else on every photo of its training).
"""

import json
import subprocess
import sys
from pathlib import Path

from bareface.data.synthetic.identity import Identity
from bareface.data.synthetic.renderer import Photo, Renderer
from bareface.data.synthetic.writer import write_vggface2
from bareface.pipeline.answer import gain, number
from bareface.pipeline.results import Finding, Study

BIASES = (0.0, 0.25, 0.5, 0.75, 1.0)
PEOPLE, PHOTOS, HEIGHT, WIDTH = 40, 40, 128, 112
SPLIT = "data.fractions=[0.5,0.1,0.4]"
CONDITIONS = ("original", "removed_blur", "removed_grey", "background_box", "background_tiled")
Row = dict[str, object]


class Strangers(Renderer):
    """Draws somebody else on every photo of an identity."""

    def render(self, identity: int, photo: int) -> Photo:
        """One photo."""
        self.somebody = PEOPLE + identity * PHOTOS + photo
        return super().render(identity, photo)

    def person(self, identity: int) -> Identity:
        """Not the one that was asked for."""
        return super().person(self.somebody)


def bareface(*arguments: str) -> Path:
    """Runs a command; the folder of its run."""
    command = [sys.executable, "-m", "bareface", *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return Path(done.stdout.splitlines()[-1])


def train(name: str, runs: Path, *data: str) -> Path:
    """A recogniser, as the demo trains one."""
    options = ["experiment=demo_recognition", f"name={name}", f"runs={runs}", SPLIT, *data]
    return bareface("train", *options) / "checkpoints" / "best.ckpt"


def study(name: str, runs: Path, bias: float, recogniser: Path) -> Study:
    """What the study says of it on drawn photos."""
    run = bareface(
        "pipeline", "experiment=study", f"name={name}", f"runs={runs}", "mattes_from=mask", "data=synthetic_identities",
        SPLIT, f"data.photos={PHOTOS}", f"data.background_bias={bias}", f"recogniser='{recogniser}'",
    )  # fmt: skip
    return Study.read(run / "study.json")


def row(what: str, found: Study) -> Row:
    """The quantities that tell what a recogniser looks at."""
    top1 = {each.condition: each for each in found.findings if each.quantity == "top1" and not each.group}
    quantity = next(each for each in found.quantities if each.name == "top1")
    gap = next(each.change for each in found.contrasts if each.question == "BG-Gap" and each.quantity == "top1")

    def cell(finding: Finding) -> str:
        assert finding.interval is not None
        ends = finding.interval.low, finding.interval.high
        return f"{number(finding.value, quantity)} [{100 * ends[0]:.1f}, {100 * ends[1]:.1f}]"

    return {"recogniser": what, "BG-Gap": gain(gap, quantity), **{name: cell(top1[name]) for name in CONDITIONS}}


def main(folder: Path) -> None:
    """Prints one row a recogniser."""
    runs, drawn = folder / "runs", folder / "strangers"
    rows = []
    for bias in BIASES:
        data = "data=synthetic_identities", f"data.photos={PHOTOS}", f"data.background_bias={bias}"
        recogniser = train(f"bias_{bias}", runs, *data)
        rows.append(row(f"bias {bias}", study(f"bias_{bias}", runs, bias, recogniser)))
        print(json.dumps(rows[-1]), flush=True)
        if bias == 0:
            rows.append(row("face alone, on bias 1", study("face_alone", runs, 1.0, recogniser)))
            print(json.dumps(rows[-1]), flush=True)
    drawn.mkdir(parents=True, exist_ok=True)
    write_vggface2(drawn, PEOPLE, PHOTOS, Strangers(0, HEIGHT, WIDTH, 1.0))
    recogniser = train("background_alone", runs, "data=vggface2", f"data.root={drawn}", "~data.background_bias")
    rows.append(row("background alone, on bias 1", study("background_alone", runs, 1.0, recogniser)))
    print(json.dumps(rows[-1]), flush=True)
    head = list(rows[0])
    print("| " + " | ".join(head) + " |\n|" + "---|" * len(head))
    for each in rows:
        print("| " + " | ".join(str(each[name]) for name in head) + " |")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
