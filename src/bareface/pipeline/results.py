"""What a study found: the one thing that its report, tables, figures and dashboards are made of."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Self, get_args, get_origin, get_type_hints

from bareface.errors import DataError
from bareface.io.atomic import atomic_path
from bareface.recognition.protocols.intervals import Interval

Kind = Literal["typical", "flipped", "worst"]


@dataclass(frozen=True)
class Change:
    """What a quantity gains from one arm to another, on the same photos.

    Attributes:
        value: The gain; negative is a loss. In the unit of the quantity.
        interval: 95 %, both arms together; None where there are too few identities.
        p: Of a gain this far from 0 if there were none, identities being what was drawn; None without an interval.
        holm: The same, corrected for all conditions that the quantity was compared in.
        smallest: The gain, of either sign, that a study like this one sees with probability 0.8.
        gained: Photos that were wrong and are right now; None where photos are not right or wrong.
        lost: Photos that were right and are wrong now.
        mcnemar: P value of McNemar's test on these two, photos of one identity taken together; None with several seeds.
    """

    value: float
    interval: Interval | None
    p: float | None
    holm: float | None
    smallest: float | None
    gained: int | None = None
    lost: int | None = None
    mcnemar: float | None = None


@dataclass(frozen=True)
class Finding:
    """One quantity of one recogniser in one condition.

    Attributes:
        recogniser: Its name.
        condition: Its name.
        group: Whose photos; "" for everybody's.
        quantity: Name of a ``Quantity``.
        value: What was measured.
        interval: 95 %; None where there are too few identities, or seeds, and ``note`` says so.
        change: From the first condition to this one; None for the first itself.
        photos: How many it rests on.
        identities: How many of these.
        note: Why there is no interval; "" otherwise.
    """

    recogniser: str
    condition: str
    group: str
    quantity: str
    value: float
    interval: Interval | None
    change: Change | None
    photos: int
    identities: int
    note: str = ""


@dataclass(frozen=True)
class Contrast:
    """The answer to a question that two arms put together.

    Attributes:
        question: What it is called, as ``BG-Gap``.
        meaning: One sentence: what is taken from what, and what it tells.
        quantity: Name of a ``Quantity``.
        recogniser: Of the second arm.
        condition: Of the second arm.
        against_recogniser: Of the first arm.
        against_condition: Of the first arm.
        change: From the first arm to the second.
    """

    question: str
    meaning: str
    quantity: str
    recogniser: str
    condition: str
    against_recogniser: str
    against_condition: str
    change: Change


@dataclass(frozen=True)
class Quantity:
    """What is measured.

    Attributes:
        name: As in file names and dashboards, ``top1``.
        title: As in tables, ``top-1``.
        unit: ``share`` is shown in percent and its changes in points; ``number`` as it is.
        better: Whether more or less of it is better recognition; None where neither is.
        chance: What guessing gives; None where it is not known.
    """

    name: str
    title: str
    unit: Literal["share", "number"]
    better: Literal["more", "less"] | None
    chance: float | None = None


@dataclass(frozen=True)
class ConditionCard:
    """One condition, as the report introduces it.

    Attributes:
        name: Its name.
        meaning: What is shown, ``face+hair in front of black``.
        settings: Its class and arguments, resolved.
        milliseconds: To compose and recognise one photo.
    """

    name: str
    meaning: str
    settings: dict[str, str]
    milliseconds: float


@dataclass(frozen=True)
class ModelCard:
    """A segmenter, or a recogniser with all its seeds.

    Attributes:
        name: What the study calls it.
        files: Its checkpoints, one a seed.
        fingerprints: SHA-256 of each, the first 16 digits.
        meaning: Network, what it was trained on.
    """

    name: str
    files: tuple[str, ...]
    fingerprints: tuple[str, ...]
    meaning: str


@dataclass(frozen=True)
class PersonRow:
    """One identity in all conditions.

    Attributes:
        recogniser: Who was asked.
        identity: Its name.
        group: Its group; "" where the data has none.
        photos: How many of it.
        values: The first quantity by condition, mean over its photos (and seeds).
    """

    recogniser: str
    identity: str
    group: str
    photos: int
    values: dict[str, float]


@dataclass(frozen=True)
class Shown:
    """A photo on the picture sheet.

    Attributes:
        key: The photo.
        identity: Who it is.
        kind: Drawn by lot; wrong in a condition though right in the first; or one of the segmenter's worst.
        tiles: PNG files by what they show (``original``, ``matte``, other conditions), paths relative to the run.
        predicted: Whom the first recogniser took it for, by condition; empty where it names nobody.
        note: What is special, ``IoU of the matte 41 %``.
    """

    key: str
    identity: str
    kind: Kind
    tiles: dict[str, str]
    predicted: dict[str, str]
    note: str = ""


@dataclass(frozen=True)
class Leakage:
    """Photos of the study that a model was trained on.

    Attributes:
        model: Name of the model.
        photos: Photos of the study among its training pictures; None where those are not known.
        identities: Identities of the study among those it was trained on, where that is not the point of it.
        note: What was compared, or why nothing could be.
    """

    model: str
    photos: int | None
    identities: int
    note: str


@dataclass(frozen=True)
class Study:
    """All of it.

    Attributes:
        title: Name of the run.
        data: What the photos are, in words.
        note: ``synthetic data`` or "".
        answer: One sentence, with its interval.
        photos: How many were shown in every condition.
        identities: How many of these.
        left_out: Number of photos that were not, by reason.
        recognisers: Who was asked.
        segmenters: Who made mattes.
        conditions: The first is what the others are compared with.
        quantities: What was measured; the first is what the answer is about.
        findings: Everything measured, recogniser by recogniser, condition by condition.
        contrasts: Questions that two arms answer together.
        people: One row an identity and recogniser.
        shown: The picture sheet.
        leakage: One entry a model.
        methods: A paragraph, generated from the configuration.
        notes: What was not measured, and why; what else casts doubt on figures.
        versions: Of the program and what it runs on.
    """

    title: str
    data: str
    note: str
    answer: str
    photos: int
    identities: int
    left_out: dict[str, int]
    recognisers: tuple[ModelCard, ...]
    segmenters: tuple[ModelCard, ...]
    conditions: tuple[ConditionCard, ...]
    quantities: tuple[Quantity, ...]
    findings: tuple[Finding, ...]
    contrasts: tuple[Contrast, ...]
    people: tuple[PersonRow, ...]
    shown: tuple[Shown, ...]
    leakage: tuple[Leakage, ...]
    methods: str
    notes: tuple[str, ...]
    versions: dict[str, str]

    def write(self, path: Path) -> None:
        """Writes everything as JSON; a number that is not finite becomes null."""
        with atomic_path(path) as temporary:
            text = json.dumps(_plain(asdict(self)), indent=1, allow_nan=False, ensure_ascii=False)
            temporary.write_text(text, encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Self:
        """Reads what ``write`` wrote.

        Raises:
            FileNotFoundError: There is no such file.
            DataError: It is not the result of a study.
        """
        if not path.is_file():
            raise FileNotFoundError(f"{path}: no such file. bareface pipeline writes it when a study ends.")
        try:
            study = _built(cls, json.loads(path.read_text(encoding="utf-8")))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise DataError(f"{path}: not the result of a study ({error!r}). Run the study again.") from error
        assert isinstance(study, cls)
        return study


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value


def _built(kind: Any, value: Any) -> Any:
    """A value of JSON as the type that an attribute has."""
    if isinstance(kind, type) and hasattr(kind, "__dataclass_fields__"):
        hints = get_type_hints(kind)
        return kind(**{field.name: _built(hints[field.name], value[field.name]) for field in fields(kind)})
    if get_origin(kind) is UnionType:
        return None if value is None else _built(next(each for each in get_args(kind) if each is not NoneType), value)
    if get_origin(kind) is tuple:
        return tuple(_built(get_args(kind)[0], each) for each in value)
    if get_origin(kind) is dict:
        return {key: _built(get_args(kind)[1], each) for key, each in value.items()}
    return math.nan if kind is float and value is None else value
