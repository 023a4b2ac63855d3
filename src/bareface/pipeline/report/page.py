"""``report.html``: one file that opens from disk, asks for nothing else, and reads on a phone and on paper."""

import base64
import hashlib
import math
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from bareface.io.atomic import atomic_path
from bareface.pipeline.report.elsewhere import ELSEWHERE
from bareface.pipeline.report.forest import Forest, conditions_forest, contrasts_forest, recognisers
from bareface.pipeline.report.matte_quality import panels
from bareface.pipeline.report.picture_sheet import LIMIT, sections
from bareface.pipeline.report.tables import (
    READING,
    Table,
    basis,
    conditions_table,
    contrasts_of,
    contrasts_table,
    leakage_table,
    meanings,
    measured,
)
from bareface.pipeline.report.words import spaced, tick_words, unit_words, value_words
from bareface.pipeline.results import Quantity, Study

SHAPES = (
    "M-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0-9 0z",
    "M-4-4h8v8h-8z",
    "M0-5.5L5.5 0L0 5.5L-5.5 0z",
    "M0-5.2L5 4H-5z",
)
"""Circle, square, diamond, triangle: recognisers are told apart without colours, too."""


@dataclass(frozen=True)
class Part:
    """What the page shows of one quantity.

    Attributes:
        quantity: Which one.
        unit: Of its changes.
        caption: Of its table.
        conditions: Table of all conditions.
        forest: Their changes; None where nothing was compared.
        contrasts: Table, without rows where there are none.
        meanings: Of each question.
        contrasts_forest: The same, drawn.
        groups: Table, without rows where the data has none.
        groups_forest: The same, drawn.
    """

    quantity: Quantity
    unit: str
    caption: str
    conditions: Table
    forest: Forest | None
    contrasts: Table
    meanings: dict[str, str]
    contrasts_forest: Forest | None
    groups: Table
    groups_forest: Forest | None


def write_page(study: Study, run: Path) -> None:
    """Writes ``report.html`` into the run's folder.

    Args:
        study: All of it.
        run: The folder of the run, in which the tiles of photos lie.

    Raises:
        DataError: A tile lies outside the folder.
        PictureError: A tile is missing or damaged.
    """
    text = page(study, run)
    with atomic_path(run / "report.html") as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def page(study: Study, run: Path) -> str:
    """The page as text."""
    style, script = Markup(_part("report.css")), Markup(_part("report.js"))
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.policies["json.dumps_kwargs"] = {"allow_nan": False, "separators": (",", ":")}
    environment.filters |= {"per": lambda value: f"{value:.2f}%", "tick": tick_words, "tied": _tied}
    environment.tests["number_to_show"] = math.isfinite
    photos = sections(study, run)
    parts = [_of_quantity(study, quantity) for quantity in measured(study)]
    return environment.from_string(_part("report.html.j2")).render(
        study=study,
        policy=_policy(style, script),
        style=style,
        script=script,
        shapes=SHAPES,
        reading=READING,
        parts=parts,
        series=recognisers(study),
        unit_of_first=unit_words(study.quantities[0], change=True),
        first=spaced(study.conditions[0].name),
        mark_of_note=f" ({study.note})" if study.note else "",
        grouped=any(each.group for each in study.findings),
        panels=panels(study),
        photos=photos,
        without_room=sum(each.left_out for each in photos),
        room=LIMIT // 1_000_000,
        people=people(study),
        leakage=leakage_table(study),
        elsewhere=ELSEWHERE,
    )


def people(study: Study) -> dict[str, Any]:
    """What the list of identities is made from: short rows, so that 10,000 of them stay small."""
    first = study.quantities[0]
    names = [card.name for card in study.conditions]
    digits = 4 if first.unit == "share" else 3
    rows: dict[str, list[list[Any]]] = {}
    for each in study.people:
        values = [each.values.get(name, math.nan) for name in names]
        rounded = [round(value, digits) if math.isfinite(value) else None for value in values]
        rows.setdefault(each.recogniser, []).append([each.identity, each.group, each.photos, rounded])
    return {
        "share": first.unit == "share",
        "better": first.better,
        "grouped": any(each.group for each in study.people),
        "conditions": [spaced(name) for name in names],
        "recognisers": [{"name": name, "rows": found} for name, found in rows.items()],
    }


def _of_quantity(study: Study, quantity: Quantity) -> Part:
    caption = quantity.title
    if quantity.better is not None:
        caption += f", {quantity.better} is better"
    if quantity.chance is not None:
        caption += f", chance is {value_words(quantity.chance, quantity)}"
    if basis(study, quantity) != f"{study.photos:,} photos of {study.identities:,} identities":
        caption += f", on {basis(study, quantity)}"
    return Part(
        quantity,
        unit_words(quantity, change=True),
        caption,
        conditions_table(study, quantity),
        conditions_forest(study, quantity),
        contrasts_table(study, quantity),
        meanings(contrasts_of(study, quantity)),
        contrasts_forest(study, quantity),
        conditions_table(study, quantity, grouped=True),
        conditions_forest(study, quantity, grouped=True),
    )


def _tied(text: str) -> str:
    """Numbers that do not part from their percent sign at the end of a line."""
    return text.replace(" %", "\u00a0%")


def _policy(style: str, script: str) -> str:
    """Allows the one style, the one script and pictures that stand in the page itself; nothing is fetched or sent."""
    one, other = (f"'sha256-{_digest(text)}'" for text in (style, script))
    return (
        f"default-src 'none'; img-src data:; style-src {one}; script-src {other}; base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")


def _part(name: str) -> str:
    return files("bareface.pipeline.report").joinpath(name).read_text(encoding="utf-8")
