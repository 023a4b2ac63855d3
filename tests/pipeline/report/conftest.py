"""A study that nobody measured: its numbers are made up, so what the report must say of them is known."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from bareface.data.synthetic.renderer import Renderer
from bareface.io.pictures import write_picture
from bareface.pipeline.report.files import write_report
from bareface.pipeline.results import (
    Change,
    ConditionCard,
    Contrast,
    Finding,
    Leakage,
    ModelCard,
    PersonRow,
    Quantity,
    Shown,
    Study,
)
from bareface.recognition.protocols.intervals import Interval

CONDITIONS = {
    "original": ("the photo as it is", 0.0),
    "removed_face_black": ("face in front of black", -0.31),
    "removed_hair_black": ("face+hair in front of black", -0.12),
    "removed_person_black": ("person in front of black", -0.05),
    "removed_hair_white": ("face+hair in front of white", -0.15),
    "removed_hair_blur": ("face+hair in front of a blur", -0.06),
    "removed_hair_noise": ("face+hair in front of noise", -0.21),
    "removed_hair_true": ("face+hair by the true mask in front of black", -0.1),
    "swapped_same": ("background of another photo of the same identity", -0.02),
    "swapped_other": ("background of another identity", -0.08),
    "background_only": ("foreground blacked out", -0.82),
    "random_mask": ("a random mask as large as the matte", -0.44),
}
QUANTITIES = (
    Quantity("top1", "top-1", "share", "more", 1 / 40),
    Quantity("top5", "top-5", "share", "more", 5 / 40),
    Quantity("loss", "loss", "number", "less"),
    Quantity("tar_1e-3", "TAR at FAR 1e-3", "share", "more"),
    Quantity("moved", "moved (1 - cosine)", "number", None),
    Quantity("matte_iou", "IoU of the matte", "share", "more"),
)
RECOGNISERS = {"vggface2_resnet50": 0.0, "removed_hair_black": 0.06}
IOU = {"removed_face_black": 0.81, "removed_person_black": 0.952, "removed_hair_true": 1.0, "random_mask": 0.33}


NASTY = "</script><script>alert(1)</script>\u2028'\"&|<img src=x onerror=alert(1)>"


def interval(value: float, half: float) -> Interval:
    return Interval(value - half, value + half, 40)


def change(value: float, half: float, counted: bool) -> Change:
    sure = abs(value) > half
    lost = round(abs(min(value, 0.0)) * 800) + 11
    sides = (11, lost, 0.0004 if sure else 0.41) if counted else (None, None, None)
    p, holm = (0.0002, 0.0021) if sure else (0.21, 0.63)
    return Change(value, interval(value, half), p, holm, 1.4 * half, *sides)


def findings() -> Iterator[Finding]:
    for name, bonus in RECOGNISERS.items():
        for place, (condition, (_, effect)) in enumerate(CONDITIONS.items()):
            for group in ("", "f", "m"):
                extra = {"": 0.0, "f": -0.012, "m": 0.012}[group]
                effect_here = effect * (1 - bonus * 4) + (extra if place else 0.0)
                half = 0.031 if group else 0.022
                for quantity in QUANTITIES[:4] if not group else QUANTITIES[:1]:
                    scale = -4.0 if quantity.name == "loss" else 1.0
                    value = {"top1": 0.908, "top5": 0.9635, "loss": 0.412, "tar_1e-3": 0.871}[quantity.name]
                    made = change(scale * effect_here, abs(scale) * half, quantity.name in ("top1", "top5"))
                    value = value + scale * effect_here
                    yield Finding(
                        *(name, condition, group, quantity.name, value, interval(value, half), made if place else None),
                        *(800 if not group else 400, 40 if not group else 20),
                    )
            moved = abs(effect) * 0.7
            yield Finding(name, condition, "", "moved", moved, interval(moved, 0.01), None, 800, 40)
            if condition.startswith(("removed", "random")):
                iou = IOU.get(condition, 0.914)
                yield Finding(name, condition, "", "matte_iou", iou, interval(iou, 0.004), None, 800, 40)


def contrasts() -> Iterator[Contrast]:
    gap = "Background of the same identity minus that of another: what the background gives away of who it is."
    lost = "The face recogniser trained on what is left, against the usual one on originals: information that is gone."
    mismatch = "The same removed photos, by one who knows such photos and one who does not: never having seen them."
    one, two = RECOGNISERS
    for quantity in ("top1", "loss"):
        for name in RECOGNISERS:
            yield Contrast(
                "BG-Gap", gap, quantity, name, "swapped_same", name, "swapped_other", change(0.06, 0.02, True)
            )
        place = "removed_hair_black"
        yield Contrast("information lost", lost, quantity, two, place, one, "original", change(-0.041, 0.019, True))
        yield Contrast("mismatch", mismatch, quantity, one, place, two, place, change(-0.013, 0.021, True))


def tiles(run: Path, key: str, number: int) -> dict[str, str]:
    """Small pictures of a drawn person in every condition."""
    photo = Renderer(seed=3).render(number, 0)
    matte = cv2.GaussianBlur((photo.mask > 0).astype(np.float32), (0, 0), 2)[..., None]
    rng = np.random.default_rng(number)
    backdrops = {"white": 255.0, "noise": rng.integers(0, 256, photo.image.shape), "blur": photo.image.mean((0, 1))}
    found = {}
    for condition in ("original", "matte", *list(CONDITIONS)[1:]):
        behind = next((picture for name, picture in backdrops.items() if name in condition), 0.0)
        shown = photo.image * matte + behind * (1 - matte)
        if condition == "original":
            shown = photo.image
        elif condition == "matte":
            shown = np.repeat(255 * matte, 3, axis=2)
        elif condition == "background_only":
            shown = photo.image * (1 - matte)
        path = run / "figures" / "photos" / f"{key.replace('/', '_')}_{condition}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_picture(path, np.clip(shown, 0, 255).astype(np.uint8))
        found[condition] = path.relative_to(run).as_posix()
    return found


def photos(run: Path) -> Iterator[Shown]:
    for number in range(6):
        key, identity = f"n{number:06}/0001_01.jpg", f"n{number:06}"
        right = dict.fromkeys(CONDITIONS, identity)
        found = tiles(run, key, number)
        if number < 2:
            yield Shown(key, identity, "typical", found, right)
        elif number < 4:
            wrong = right | {"removed_face_black": "n000031", "background_only": "n000007"}
            yield Shown(key, identity, "flipped", found, wrong, "wrong in removed_face_black, background_only")
        else:
            yield Shown(key, identity, "worst", found, right | {"random_mask": "n000012"}, "IoU of the matte 41 %")


def people() -> Iterator[PersonRow]:
    for name in RECOGNISERS:
        for number in range(40):
            values = {c: max(0.0, 1 - 0.05 * ((number * 7 + 3 * p) % 20) * (p > 0)) for p, c in enumerate(CONDITIONS)}
            yield PersonRow(name, f"n{number:06}", "fm"[number % 2], 20, values)


def fabricated(run: Path) -> Study:
    return Study(
        title="study of removed backgrounds",
        data="Drawn people: 40 identities, 20 photos each, background_bias 0.5, 218 x 178 pixels.",
        note="synthetic data",
        answer=(
            "Without the background, top-1 falls from 90.80 % to 78.80 %: by 12.00 points (95 % interval 9.80 to "
            "14.20), of which 4.10 are information lost and 1.30 mismatch between training and test."
        ),
        photos=800,
        identities=40,
        left_out={"no face found": 12, "removed_hair_black: empty matte": 3},
        recognisers=tuple(
            ModelCard(
                name,
                tuple(f"runs/recog/{name}/seed{seed}/best.ckpt" for seed in range(3)),
                tuple(f"{seed:x}f3a9c01d2e4b567" for seed in range(3)),
                "ResNet-50, ArcFace head, 160 px, trained on 300 drawn identities",
            )
            for name in RECOGNISERS
        ),
        segmenters=(
            ModelCard("segmenter", ("runs/seg/best.ckpt",), ("0123456789abcdef",), "U-Net, ResNet-34, face and hair"),
        ),
        conditions=tuple(
            ConditionCard(
                name,
                meaning,
                {"_target_": "bareface.pipeline.conditions.Removed", "foreground": "face+hair", "backdrop": "black"},
                3.21,
            )
            for name, (meaning, _) in CONDITIONS.items()
        ),
        quantities=QUANTITIES,
        findings=tuple(findings()),
        contrasts=tuple(contrasts()),
        people=tuple(people()),
        shown=tuple(photos(run)),
        leakage=(
            Leakage("segmenter", 0, 0, "by the fingerprints of its training pictures"),
            Leakage("vggface2_resnet50", 0, 40, "by key; its training knows these identities on purpose"),
        ),
        methods=(
            "800 photos of 40 identities were shown to 2 recognisers (3 seeds each) in 12 conditions. Detection and "
            "crop were taken from the original photo. Intervals: 2,000 resamples of identities, both arms together; "
            "seeds as a further level. P values are corrected after Holm over the 11 conditions of a quantity."
        ),
        notes=("Open-set identification was not measured: no identities were kept out of training.",),
        versions={"bareface": "0.1.0", "torch": "2.14.1", "python": "3.12.4"},
    )


def bare(study: Study) -> Study:
    """Two conditions, one recogniser, no segmenter, too few identities for intervals."""
    name, note = "vggface2_resnet50", "5 identities are too few for an interval: expected at least 10"
    kept = []
    for each in study.findings:
        if each.recogniser == name and each.condition in ("original", "removed_hair_true") and not each.group:
            made = each.change and replace(each.change, interval=None, p=None, holm=None, smallest=None)
            value = float("nan") if each.quantity == "tar_1e-3" else each.value
            kept.append(replace(each, value=value, interval=None, change=made, identities=5, photos=100, note=note))
    return replace(
        study,
        title="bare",
        note="",
        left_out={},
        photos=100,
        identities=5,
        recognisers=(replace(study.recognisers[0], files=("one.ckpt",), fingerprints=("0f3a9c01d2e4b567",)),),
        segmenters=(),
        conditions=(study.conditions[0], study.conditions[7]),
        findings=tuple(each for each in kept if each.quantity != "matte_iou"),
        contrasts=(),
        people=(),
        shown=(),
        leakage=(),
        notes=(),
    )


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("study")


@pytest.fixture(scope="session")
def study(run: Path) -> Study:
    return fabricated(run)


@pytest.fixture(scope="session")
def bare_study(study: Study) -> Study:
    return bare(study)


@pytest.fixture(scope="session")
def nasty_study(study: Study) -> Study:
    """Every name is one that would like to be a program."""
    card = study.recognisers[0]
    return replace(
        study,
        **dict.fromkeys(("title", "data", "note", "answer", "methods"), NASTY),
        **{"notes": (NASTY,), "versions": {NASTY: NASTY}, "left_out": {NASTY: 1}},
        leakage=(Leakage(NASTY, 0, 0, NASTY),),
        people=(PersonRow(NASTY, NASTY, NASTY, 1, {NASTY: 1.0}),),
        recognisers=(replace(card, name=NASTY, meaning=NASTY, files=(NASTY,), fingerprints=(NASTY,)),),
        conditions=(ConditionCard(NASTY, NASTY, {NASTY: NASTY}, float("nan")),),
        findings=(replace(study.findings[0], recogniser=NASTY, condition=NASTY, note=NASTY, interval=None),),
        contrasts=(replace(study.contrasts[0], question=NASTY, meaning=NASTY),),
        shown=(replace(study.shown[0], identity=NASTY, key=NASTY, note=NASTY, predicted={"original": NASTY}),),
    )


@pytest.fixture(scope="session")
def written(study: Study, run: Path) -> Path:
    """The run's folder with the whole report in it."""
    write_report(study, run)
    return run


@pytest.fixture
def edited(study: Study) -> Callable[..., Study]:
    """The study with other attributes, and without its photos."""

    def edit(**attributes: Any) -> Study:
        return replace(study, **{"shown": (), **attributes})

    return edit
