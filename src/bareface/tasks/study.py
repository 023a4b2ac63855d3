"""From what one pass over the photos left to the result of a study."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any

from omegaconf import DictConfig, OmegaConf

from bareface.data.dataset import IdentityDataSet
from bareface.data.synthetic.writer import is_drawn
from bareface.errors import DataError
from bareface.module import versions
from bareface.pipeline.answer import answer, methods
from bareface.pipeline.canvas import canvas_notes
from bareface.pipeline.conditions import Condition
from bareface.pipeline.doubts import strangers, trainings
from bareface.pipeline.measures.arms import Layout, LotEmbeddings, Outcomes
from bareface.pipeline.measures.contrasts import contrasts, questions
from bareface.pipeline.measures.measure import Measurer
from bareface.pipeline.measures.plan import Plan
from bareface.pipeline.parts import Passed
from bareface.pipeline.results import ConditionCard, Leakage, ModelCard, Study
from bareface.recognition.recogniser import Recogniser
from bareface.segmentation.segmenter import Segmenter
from bareface.tasks.leakage import leakage
from bareface.tasks.models import digest, recogniser_files, segmenter_files
from bareface.tasks.run import revision


def measured(
    cfg: DictConfig,
    dataset: IdentityDataSet,
    recognisers: Mapping[str, Sequence[Recogniser]],
    segmenters: Mapping[str, Segmenter],
    conditions: Mapping[str, Condition],
    canvas: int,
    passed: Passed,
) -> Study:
    """Everything that a study found.

    Args:
        cfg: The configuration; ``cfg.run`` holds the tables of the pass.
        dataset: Has the photos.
        recognisers: All trainings of each, by name.
        segmenters: By name.
        conditions: By name; the first is what others are compared with.
        canvas: Side in pixels of the square that photos were letterboxed to.
        passed: What the pass left beside its tables.
    """
    folder = Path(cfg.run)
    layout = Layout({name: len(seeds) for name, seeds in recognisers.items()}, list(conditions))
    outcomes = Outcomes(folder / "outcomes.parquet", layout)
    embedded = folder / "embeddings.parquet"
    lot = LotEmbeddings(embedded, layout) if embedded.is_file() else None
    known = {name: len(seeds[0].identities) for name, seeds in recognisers.items()}
    groups, notes = _groups(dataset)
    measurer = Measurer(outcomes, lot, known, groups, plan_of(cfg))
    findings = measurer.findings()
    answers = contrasts(measurer, questions(list(recognisers), conditions))
    cards = _condition_cards(cfg, conditions, passed)
    data = f"{type(dataset).__name__}, {dataset.root}, {cfg.stage} photos"
    compared = 0 if measurer.lot is None else len(measurer.lot.keys)
    people = sorted(set(map(str, outcomes.identities)))
    seeds = dict(layout.seeds)
    doubts = [
        *strangers(next(iter(recognisers)), next(iter(conditions)), measurer.quantities, findings),
        *trainings(recognisers, conditions),
        *canvas_notes(canvas, recognisers),
    ]
    said = methods(
        len(outcomes.keys), len(people), data, cards, seeds, _mattes(cfg, segmenters), cfg.references, compared, canvas
    )
    return Study(
        title=cfg.name,
        data=data,
        note="synthetic data" if is_drawn(dataset) else "",
        answer=answer(conditions, next(iter(recognisers)), measurer.quantities[0], findings, answers),
        photos=len(outcomes.keys),
        identities=len(people),
        left_out=reasons(passed.left_out),
        recognisers=tuple(
            _recogniser_card(name, recogniser_files(cfg)[name], recognisers[name]) for name in recognisers
        ),
        segmenters=tuple(
            _segmenter_card(name, segmenter_files(cfg)[name], each, passed.quality.get(name, {}))
            for name, each in segmenters.items()
        ),
        conditions=cards,
        quantities=measurer.quantities,
        findings=tuple(findings),
        contrasts=tuple(answers),
        people=tuple(measurer.people()),
        shown=passed.shown,
        leakage=tuple(_leakage(cfg, dataset, recognisers, list(map(str, outcomes.keys)), people)),
        methods=said,
        notes=(*notes, *measurer.notes, *doubts),
        versions={**{name: str(each) for name, each in versions().items()}, "revision": str(revision())},
    )


def plan_of(cfg: DictConfig) -> Plan:
    """What is measured of pairs and galleries.

    Raises:
        ValueError: A value cannot be.
    """
    return Plan(list(cfg.fars), list(cfg.fpirs), cfg.references, cfg.verification_photos, cfg.stage)


def _groups(dataset: IdentityDataSet) -> tuple[Mapping[str, str], list[str]]:
    try:
        return dataset.groups, []
    except DataError as error:
        return {}, [f"groups: none, {error}"]


def _condition_cards(cfg: DictConfig, conditions: Mapping[str, Condition], passed: Passed) -> tuple[ConditionCard, ...]:
    plain: Any = OmegaConf.to_container(cfg.conditions, resolve=True)
    return tuple(
        ConditionCard(
            name,
            each.meaning,
            {
                key: str(value).rpartition(".")[2] if key == "_target_" else str(value)
                for key, value in plain[name].items()
            },
            passed.milliseconds[name],
        )
        for name, each in conditions.items()
    )


def _mattes(cfg: DictConfig, segmenters: Mapping[str, Segmenter]) -> str:
    if cfg.mattes_from == "mask":
        origin = "the ground truth of the data"
    elif segmenters:
        first, *others = segmenters
        origin = f"predicted by {first}{', or another one where a condition says so' if others else ''}"
    else:
        return ""
    node: Any = OmegaConf.to_container(cfg.matte, resolve=True)
    settings = ", ".join(f"{name} {value}" for name, value in node.items() if name != "_target_")
    return f"{origin}, then tidied ({settings})"


def _recogniser_card(name: str, files: Sequence[Path], seeds: Sequence[Recogniser]) -> ModelCard:
    card = seeds[0].card
    network = str(card["backbone"]["_target_"]).rpartition(".")[2]
    people = f"trained on {len(card['identities']):,} people" if card["identities"] else "not trained on named people"
    seen = f", shown {card['shown']}" if card.get("shown") else ""
    meaning = f"{network}, {card['crop']} px, {people}{seen}"
    return ModelCard(name, tuple(map(str, files)), _fingerprints(files), meaning)


def _segmenter_card(name: str, file: Path, segmenter: Segmenter, quality: Mapping[str, float]) -> ModelCard:
    card = segmenter.card
    network = str(card["network"]["_target_"]).rpartition(".")[2]
    measured = f"; mIoU {100 * quality['miou']:.1f} % on these photos" if "miou" in quality else ""
    meaning = f"{network}, {card['size']} px, classes {', '.join(segmenter.classes)}{measured}"
    return ModelCard(name, (str(file),), _fingerprints([file]), meaning)


def _fingerprints(files: Sequence[Path]) -> tuple[str, ...]:
    return tuple(digest(path)[:16] for path in files)


def _leakage(
    cfg: DictConfig,
    dataset: IdentityDataSet,
    recognisers: Mapping[str, Sequence[Recogniser]],
    keys: Sequence[str],
    people: Sequence[str],
) -> list[Leakage]:
    found = [leakage(name, file, dataset.root, keys, (), people) for name, file in segmenter_files(cfg).items()]
    for name, files in recogniser_files(cfg).items():
        trained = recognisers[name][0].identities
        found += [leakage(name, file, dataset.root, keys, trained, people) for file in files]
    return found


def reasons(left_out: Mapping[str, str]) -> dict[str, int]:
    """How many photos were left out for which reason, without what is special about one of them.

    >>> reasons({"a/1.jpg": "no face found.", "b/2.jpg": "/photos/b/2.jpg: an empty file. Replace it."})
    {'no face found': 1, 'could not be read': 1}
    """
    return dict(Counter(_short(*each) for each in left_out.items()))


def _short(key: str, reason: str) -> str:
    if "; left out of every condition" in reason:
        return reason.partition("; ")[0]
    if PurePath(key).name in reason:  # what is wrong with a file names it
        return "could not be read"
    return "no face found" if reason.startswith("no face") else "the face could not be cut out"
