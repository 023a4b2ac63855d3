"""What of studies is drawn: changes over the option in which they differ, or study by study."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from bareface.pipeline.report.words import is_significant, spaced
from bareface.pipeline.results import Change, Quantity, Study
from bareface.tasks.settings import setting
from bareface.tasks.study_names import named, number, told_apart
from bareface.tasks.study_runs import Group

MOST = 7
"""Lines in one panel: there are no more colours that anybody can tell apart."""
TOGETHER = 4
"""So many conditions share a panel; more have one each."""


@dataclass(frozen=True)
class Line:
    """Changes that belong together, in the unit in which they are drawn.

    Attributes:
        places: The option's values, or numbers of studies in their group.
        changes: What was gained there.
        lows: Lower ends of the intervals; NaN for none.
        highs: Upper ends.
        sure: Which of them are told from none.
    """

    places: list[float] = field(default_factory=list)
    changes: list[float] = field(default_factory=list)
    lows: list[float] = field(default_factory=list)
    highs: list[float] = field(default_factory=list)
    sure: list[bool] = field(default_factory=list)

    def add(self, place: float, change: Change, factor: float) -> None:
        """Adds a change; a share's is multiplied by 100."""
        interval = change.interval
        self.places.append(place)
        self.changes.append(factor * change.value)
        self.lows.append(math.nan if interval is None else factor * interval.low)
        self.highs.append(math.nan if interval is None else factor * interval.high)
        self.sure.append(is_significant(change))


Panels = dict[str, dict[str, Line]]
"""Lines by their label, by the name of the panel; a panel of everything has none."""


def across(group: Group, options: Sequence[str]) -> str | None:
    """The option that goes from left to right: the only number among those in which studies differ; None for none.

    A seed is a number that means nothing. Two studies at one place would not be a line.
    """
    runs = [run for run, _ in group.studies]
    differing = [name for name in options if len({setting(run, name) for run in runs}) > 1]
    numeric = [name for name in differing if all(number(setting(run, name)) is not None for run in runs)]
    found = [name for name in numeric if name != "seed"]
    places = {tuple(setting(run, name) for name in differing) for run in runs}
    return found[0] if len(found) == 1 and len(places) == len(runs) else None


def lines_across(group: Group, name: str, options: Sequence[str]) -> Panels:
    """One panel for few conditions of studies that differ in nothing else; otherwise one a condition.

    Args:
        group: Studies of the same photos.
        name: The option that goes from left to right.
        options: In which studies differ.
    """
    runs = [run for run, _ in group.studies]
    others = [each for each in options if each != name and len({setting(run, each) for run in runs}) > 1]
    together = not others and len(group.conditions) <= TOGETHER
    several = len({card.name for _, study in group.studies for card in study.recognisers}) > 1
    columns = [told_apart([setting(run, each) for run in runs]) for each in others]
    panels: Panels = {} if together else {each: {} for each in group.conditions}
    for row in sorted(range(len(runs)), key=lambda row: float(setting(runs[row], name))):
        words = [named(each, column[row]) for each, column in zip(others, columns, strict=True)]
        for recogniser, condition, change in _changes(group.studies[row][1], group.quantity):
            label = ", ".join([*words, *([recogniser] if several else []), *([spaced(condition)] if together else [])])
            panel = panels.setdefault("" if together else condition, {})
            panel.setdefault(label, Line()).add(float(setting(runs[row], name)), change, _factor(group.quantity))
    return {title: lines for title, lines in panels.items() if lines}


def rows_of(group: Group) -> Panels:
    """A panel a condition, in it a line a recogniser; places are numbers of studies. One empty panel for nothing."""
    panels: Panels = {name: {} for name in group.conditions}
    for place, each in enumerate(group.entries):
        for recogniser, condition, change in [] if each.study is None else _changes(each.study, group.quantity):
            line = panels.setdefault(condition, {}).setdefault(recogniser, Line())
            line.add(place, change, _factor(group.quantity))
    return {title: lines for title, lines in panels.items() if lines} or {"": {}}


def labels_of(panels: Panels) -> list[str]:
    """Of all panels' lines, each once."""
    return list(dict.fromkeys(label for lines in panels.values() for label in lines))


def _changes(study: Study, quantity: Quantity | None) -> list[tuple[str, str, Change]]:
    wanted = "" if quantity is None else quantity.name
    return [
        (each.recogniser, each.condition, each.change)
        for each in study.findings
        if (each.group, each.quantity) == ("", wanted) and each.change is not None
    ]


def _factor(quantity: Quantity | None) -> float:
    return 100.0 if quantity is not None and quantity.unit == "share" else 1.0
