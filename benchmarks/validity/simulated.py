"""Studies with known effects, simulated: how often intervals hold the truth, and how often tests see what is not there.

``python -m benchmarks.validity.simulated`` or ``make bench ARGS=validity_simulated``.
"""

import argparse
from dataclasses import dataclass
from itertools import product
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit
from scipy.stats import binomtest

from bareface.pipeline.results import Change
from bareface.pipeline.statistics import change, holm, interval_of, level
from bareface.recognition.protocols.intervals import Interval

Row = dict[str, object]
Array = NDArray[Any]
STUDIES = 1000
PHOTOS = (3, 31)
"""Of each person, from the first number on, below the second."""
PERSON, PERSON_IN_ARM, PHOTO = 1.0, 0.5, 0.7
SEED, SEED_IN_ARM, SEED_PERSON, SEED_PERSON_IN_ARM = 0.25, 0.15, 0.3, 0.2
"""Standard deviations of what adds up to the log odds that a photo is recognised."""
EASIER = 0.8
"""How much easier a standard deviation more photos makes a person, where the number of photos tells something."""


@dataclass(frozen=True)
class Setting:
    """What one study is drawn from.

    Attributes:
        people: How many.
        share: Of photos that the first arm recognises, over all people and seeds that there could be.
        effect: What the second arm gains.
        seeds: Of each arm.
        paired: Whether they are the same recognisers in both arms.
        telling: Whether people of many photos are easier.
        loss: Whether photos have a cross-entropy instead of being right or wrong.
        uneven: Standard deviation of a person in the second arm, where the arms scatter differently.
        seed_in_arm: Standard deviation of what a seed does to one arm alone.
    """

    people: int
    share: float
    effect: float = 0.0
    seeds: int = 1
    paired: bool = True
    telling: bool = False
    loss: bool = False
    uneven: float = PERSON_IN_ARM
    seed_in_arm: float = SEED_IN_ARM

    @property
    def deviations(self) -> tuple[float, float]:
        """Of the log odds in both arms, over people, photos and seeds."""
        common = PERSON**2 + PHOTO**2
        if self.seeds > 1:
            common += SEED**2 + self.seed_in_arm**2 + SEED_PERSON**2 + SEED_PERSON_IN_ARM**2
        return tuple(float(np.sqrt(common + arm**2)) for arm in (PERSON_IN_ARM, self.uneven))


NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(80)
SIZES = np.arange(*PHOTOS)
SIZE_MEAN, SIZE_DEVIATION = SIZES.mean(), SIZES.std()


def expected(middle: float, deviation: float, telling: bool, loss: bool) -> float:
    """Mean over all photos that there could be: every person counts as often as it has photos."""
    shift = EASIER * (SIZES - SIZE_MEAN) / SIZE_DEVIATION if telling else np.zeros(len(SIZES))
    odds = middle + shift[:, None] + deviation * NODES
    of_size = (np.logaddexp(0, -odds) if loss else expit(odds)) @ WEIGHTS / WEIGHTS.sum()
    return float(of_size @ SIZES / SIZES.sum())


def middles(setting: Setting) -> tuple[float, float]:
    """The mean log odds that give both arms their share."""
    shares = (setting.share, setting.share + setting.effect)
    return tuple(
        brentq(lambda x, s=s, d=d: expected(x, d, setting.telling, False) - s, -20, 20)
        for s, d in zip(shares, setting.deviations, strict=True)
    )


def truth(setting: Setting) -> tuple[float, float]:
    """The true mean of the second arm, and what it gains."""
    pairs = zip(middles(setting), setting.deviations, strict=True)
    first, second = (expected(middle, d, setting.telling, setting.loss) for middle, d in pairs)
    return second, second - first


def draw(rng: np.random.Generator, setting: Setting, middle: tuple[float, ...]) -> tuple[list[Array], Array]:
    """One study: (S, P) values of as many arms as there are middles, and (P,) identities."""
    photos = rng.integers(*PHOTOS, setting.people)
    identity = np.repeat(np.arange(setting.people), photos)
    easy = PERSON * rng.standard_normal(setting.people)
    if setting.telling:
        easy += EASIER * (photos - SIZE_MEAN) / SIZE_DEVIATION
    common = easy[identity] + PHOTO * rng.standard_normal(len(identity))
    shape = (setting.seeds, setting.people)
    of_seed, arms = np.zeros((setting.seeds, 1)), []
    for number, mean in enumerate(middle):
        of_person = (setting.uneven if number else PERSON_IN_ARM) * rng.standard_normal(setting.people)
        if setting.seeds > 1:
            if number == 0 or not setting.paired:
                of_seed = SEED * rng.standard_normal((shape[0], 1)) + SEED_PERSON * rng.standard_normal(shape)
            in_arm = setting.seed_in_arm * rng.standard_normal(
                (shape[0], 1)
            ) + SEED_PERSON_IN_ARM * rng.standard_normal(shape)
            of_person = of_person + of_seed + in_arm
        odds = mean + common + np.broadcast_to(of_person, shape)[:, identity]
        arms.append(np.logaddexp(0, -odds) if setting.loss else rng.random(odds.shape) < expit(odds))
    return arms, identity


class Told(NamedTuple):
    """What a study says, as shares of studies once they are averaged."""

    level_held: float
    change_held: float
    truth_below: float
    truth_above: float
    rejected: float
    mcnemar: float
    plain_held: float
    plain_mcnemar: float
    width: float
    smallest: float


def told(setting: Setting, arms: list[Array], identity: Array, true: tuple[float, float]) -> Told:
    """Whether intervals hold the truth and tests reject, and the same if photos were independent."""
    value, spread = level(arms[1], identity)
    interval, found = (
        interval_of(value, spread, not setting.loss, positive=setting.loss),
        change(*arms, identity, setting.paired),
    )
    assert interval is not None and found.interval is not None and found.p is not None and found.smallest is not None
    gain = arms[1].mean(0) - arms[0].mean(0)
    half = 1.96 * float(gain.std()) / np.sqrt(len(gain))
    below, above = true[1] < found.interval.low, true[1] > found.interval.high
    return Told(
        holds(interval, true[0]),
        not below and not above,
        below,
        above,
        found.p < 0.05,
        found.mcnemar is not None and found.mcnemar < 0.05,
        abs(found.value - true[1]) <= half,
        plain_mcnemar(found) < 0.05,
        found.interval.high - found.interval.low,
        found.smallest,
    )


def holds(interval: Interval, value: float) -> bool:
    """Whether it does."""
    return interval.low <= value <= interval.high


def plain_mcnemar(found: Change) -> float:
    """The exact test's p value as if photos were independent; 1 where none is right or wrong."""
    if not found.gained and not found.lost:
        return 1.0
    assert found.gained is not None and found.lost is not None
    return float(binomtest(found.gained, found.gained + found.lost).pvalue)


def simulate(setting: Setting, studies: int, seed: int = 0) -> Told:
    """Means over studies."""
    rng = np.random.default_rng(seed)
    middle, true = middles(setting), truth(setting)
    cases = [told(setting, *draw(rng, setting, middle), true) for _ in range(studies)]
    return Told(*np.mean(cases, 0))


def row_of(what: str, setting: Setting, studies: int) -> Row:
    """One line of a table, in percent of the studies."""
    found = simulate(setting, studies)
    independent = f"{100 * found.plain_held:.1f}"
    if not setting.loss and setting.seeds == 1:
        independent += f" / {100 * found.plain_mcnemar:.1f}"
    return {
        "what": f"{what} (in % of {studies} studies)",
        "people": setting.people,
        "seeds": f"{setting.seeds}{'' if setting.seeds == 1 or setting.paired else ' of each'}",
        "first arm": f"{setting.share:.0%}",
        "true gain, points": f"{100 * setting.effect:+g}",
        "level held": f"{100 * found.level_held:.1f}",
        "gain held": f"{100 * found.change_held:.1f}",
        "truth below / above": f"{100 * found.truth_below:.1f} / {100 * found.truth_above:.1f}",
        "p < 0.05": f"{100 * found.rejected:.1f}",
        "McNemar < 0.05": "" if setting.loss or setting.seeds > 1 else f"{100 * found.mcnemar:.1f}",
        "photos as independent: held / McNemar": independent,
    }


def family(people: int, studies: int, share: float = 0.9, conditions: int = 8, seed: int = 0) -> tuple[float, float]:
    """Share of studies with a wrong finding among conditions that change nothing: after Holm, and without."""
    rng, setting = np.random.default_rng(seed), Setting(people, share)
    middle = (middles(setting)[0],) * (conditions + 1)
    wrong = np.zeros(2)
    for _ in range(studies):
        (first, *others), identity = draw(rng, setting, middle)
        p_values = [change(first, second, identity).p for second in others]
        for number, values in enumerate((holm(p_values), p_values)):
            wrong[number] += any(p is not None and p < 0.05 for p in values)
    return float(wrong[0]) / studies, float(wrong[1]) / studies


def measure(studies: int = STUDIES) -> list[Row]:
    """One recogniser, several seeds, what is harder than that, many conditions, and the smallest change."""
    rows, crowds = [], (25, 60, 200)
    for people, share, effect in product(crowds, (0.9, 0.5), (0, -0.03, -0.15)):
        rows.append(row_of("right or wrong, one recogniser", Setting(people, share, effect), studies))
    for people, seeds, paired, effect in product(crowds, (3, 5), (True, False), (0, -0.1)):
        rows.append(row_of("right or wrong, several seeds", Setting(people, 0.9, effect, seeds, paired), studies))
    for people in crowds:
        alike = Setting(people, 0.9, seeds=3, seed_in_arm=0)
        rows.append(row_of("seeds that differ alike in both arms, as McNemar's test takes them", alike, studies))
    harder = {
        "people of many photos are easier": {"telling": True, "effect": -0.1},
        "people scatter more in the second arm": {"uneven": 1.2},
        "hardly a mistake": {"share": 0.99},
        "cross-entropy instead of right or wrong": {"loss": True},
        "cross-entropy of an arm that is worse": {"loss": True, "effect": -0.1},
    }
    for (what, changes), people in product(harder.items(), crowds):
        rows.append(row_of(what, Setting(**{"people": people, "share": 0.9, **changes}), studies))
    for people in crowds:
        corrected, bare = family(people, studies)
        what = f"a wrong finding among 8 conditions that change nothing (in % of {studies} studies)"
        rows.append({"what": what, "people": people, "Holm": f"{100 * corrected:.1f}", "without": f"{100 * bare:.1f}"})
    for people, share in product(crowds, (0.9, 0.5)):
        smallest = 0.0
        for _ in range(3):  # an arm that is worse scatters more, so that its smallest change is larger
            smallest = simulate(Setting(people, share, -smallest), max(1, studies // 4)).smallest
        seen = simulate(Setting(people, share, -smallest), studies, seed=1).rejected
        row = {"people": people, "first arm": f"{share:.0%}", "points": f"{100 * smallest:.1f}"}
        what = f"the smallest change that a study sees with probability 0.8 (in % of {studies} studies)"
        rows.append({"what": what, **row, "seen": f"{100 * seen:.1f}"})
    return rows


def main() -> None:
    """Prints the tables; a number of studies may be given."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.validity.simulated", description=__doc__)
    parser.add_argument("--studies", type=int, default=STUDIES, help="simulated studies of each setting")
    rows = measure(parser.parse_args().studies)
    from benchmarks.machine import print_table  # the tests load this file alone

    for what in dict.fromkeys(row["what"] for row in rows):
        print_table([row for row in rows if row["what"] == what])


if __name__ == "__main__":
    main()
