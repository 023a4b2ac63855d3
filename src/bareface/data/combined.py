"""Several data sets with masks as one."""

import logging
import os
import re
import zlib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from bareface.data.dataset import STAGES, MaskDataSet, Record, Stage
from bareface.data.manifest import Manifest
from bareface.data.mask import IGNORE
from bareface.data.splits import check_seed, of_stages
from bareface.data.survey import Survey, SurveyedDataSet
from bareface.errors import DataError, some

log = logging.getLogger(__name__)


class Combined(SurveyedDataSet, MaskDataSet):
    """Several data sets with masks as one: each keeps its own split, and no picture is in two stages.

    The key of a sample is that of its source behind the name of the source: ``celebhair/img_align_celeba/000001.jpg``.
    That two sources share a picture is known for those made of CelebA, by the name of the original; ``bareface check``
    also finds equal files. One person may have different pictures in two stages of two sources.

    Args:
        sources: The data sets, by name. The names are made of letters, digits, ``_`` and ``-``.
        class_map: For a source, what becomes of its classes: the name of a common class, or ``ignore`` (neither trained
            on nor scored); classes that are not named keep their names. A source that does not know a common class, as
            Figaro1k does not know faces, should have ``background: ignore``, or its faces teach background.
        weights: How often an epoch shows the training pictures of a source; 1 where not given. 2.5: each of them twice,
            and a seeded half of them once more; 0.5: a seeded half of them, the same in every epoch; 0: none. The
            second showing of a picture has the key ``celebhair#2/...``. Validation and test know no weights.
        overlap: What becomes of a picture that several sources have. ``keep_first``: one copy of it stays, that for the
            test before that for validation before that for training, among equal ones that of the first source.
            ``allow``: copies in one stage stay, those in an earlier stage (train before val before test) do not.
            ``error``: also where copies cannot be told, because a source does not name CelebA's originals; with the
            others that is a warning.
        seed: Of the choice by weight; the sources have their own.
    """

    def __init__(
        self,
        sources: Mapping[str, MaskDataSet],
        class_map: Mapping[str, Mapping[str, str]] | None = None,
        weights: Mapping[str, float] | None = None,
        overlap: Literal["keep_first", "allow", "error"] = "keep_first",
        seed: int = 0,
    ) -> None:
        self.sources, self.weights, self.overlap = dict(sources), dict(weights or {}), overlap
        if not sources:
            raise ValueError("data.sources={}: expected one data set or more, e.g. +data@data.sources.hair=figaro1k.")
        for name, source in self.sources.items():
            if re.fullmatch(r"[\w-]+", name) is None:
                raise ValueError(f"data.sources.{name}: expected a name of letters, digits, _ and -.")
            if not isinstance(source, MaskDataSet) or isinstance(source, Combined):
                raise ValueError(f"data.sources.{name}={type(source).__name__}: expected a single data set with masks.")
        _check_names("weights", self.weights, self.sources)
        for name, weight in self.weights.items():
            if not 0 <= weight < 1000:
                raise ValueError(f"data.weights.{name}={weight}: expected 0 <= weight < 1000.")
        if overlap not in ("keep_first", "allow", "error"):
            raise ValueError(f"data.overlap={overlap}: expected one of keep_first, allow, error.")
        self.root = Path(os.path.commonpath([source.root.absolute() for source in self.sources.values()]))
        self.seed = check_seed(seed)
        self.classes, self.tables = _classes(self.sources, dict(class_map or {}))

    def picture(self, key: str) -> Path:
        """The file of a sample's picture."""
        name, _, own = key.partition("/")
        return self.sources[name.partition("#")[0]].picture(own)

    def survey(self) -> Survey:
        """Looks at the files of all sources."""
        errors: list[str] = []
        warnings = self._blind_spots()
        tables = []
        for name, source in self.sources.items():
            survey = source.survey() if isinstance(source, SurveyedDataSet) else Survey(source.manifest)
            errors += [f"data.sources.{name}: {line}" for line in survey.errors]
            warnings += [f"data.sources.{name}: {line}" for line in survey.warnings]
            table = survey.manifest.table
            if not len(table):
                errors.append(f"data.sources.{name}: no samples found in {source.root}. Correct it, or leave it out.")
            columns = {
                "key": pc.binary_join_element_wise(name, table["key"], "/"),
                "source": pa.array([name] * len(table), pa.string()),
            }
            columns |= {f"{name}.{column}": table[column] for column in table.column_names if column != "key"}
            tables.append(pa.table(columns))
        return Survey(Manifest(pa.concat_tables(tables, promote_options="default").sort_by("key")), errors, warnings)

    def index(self) -> Manifest:
        """Lists the samples of all sources, sorted by key, and logs which classes a source does not know."""
        manifest = super().index()
        for line in self._blind_spots():
            log.warning(line)
        return manifest

    def split(self, manifest: Manifest) -> dict[Stage, Manifest]:
        """Splits each source as it says, takes out what is twice, repeats or thins out training pictures by weight.

        Raises:
            DataError: A source cannot be split, or sources share pictures, or may do, and that is an error.
        """
        stages = np.full(len(manifest), -1)
        origins: list[str | None] = [None] * len(manifest)
        for name, source in self.sources.items():
            rows = np.flatnonzero(pc.equal(manifest.table["source"], name).to_numpy())
            if not len(rows):
                continue
            own = _own(manifest.table.take(pa.array(rows)), name)
            for number, part in enumerate(source.split(own).values()):
                places = pc.index_in(part.table["key"], value_set=own.table["key"].combine_chunks())
                stages[rows[places.to_numpy()]] = number
            for row, origin in zip(rows.tolist(), source.origins(own), strict=True):
                origins[row] = origin
        self._check_origins(manifest, origins)
        self._take_out_copies(manifest, stages, origins)
        divided = of_stages(manifest, {stage: np.flatnonzero(stages == number) for number, stage in enumerate(STAGES)})
        return {**divided, "train": self._weighted(divided["train"])}

    def read(self, manifest: Manifest, row: int) -> Record:
        """Decodes one sample as its source does, and gives its mask the common classes."""
        name = manifest.table["source"][row].as_py()
        record = self.sources[name].read(_own(manifest.table.slice(row, 1), name), 0)
        assert record.mask is not None  # a MaskDataSet
        return Record(record.image, self.tables[name][record.mask])

    def unknown_values(self, sample: Mapping[str, Any]) -> set[int] | set[str]:
        """What the mask of a sample holds that has no class in its source."""
        source = self.sources[sample["source"]]
        prefix = f"{sample['source']}."
        own = {name.removeprefix(prefix): value for name, value in sample.items() if name.startswith(prefix)}
        own["key"] = sample["key"].partition("/")[2]
        return source.unknown_values(own) if isinstance(source, SurveyedDataSet) else set()

    def _blind_spots(self) -> list[str]:
        """Sources whose background may hold what is a class elsewhere."""
        lines = []
        for name, table in self.tables.items():
            blind = [known for index, known in enumerate(self.classes) if index not in table]
            if table[0] == 0 and blind:
                what = f"does not know {', '.join(blind)}, so where it shows that it teaches background"
                lines.append(f"data.sources.{name}: {what}. Set +data.class_map.{name}={{background: ignore}}.")
        return lines

    def _check_origins(self, manifest: Manifest, origins: list[str | None]) -> None:
        """Tells of sources made of CelebA that do not say from which of its pictures."""
        names = manifest.table["source"].to_pylist()
        nameless = {name for name, origin in zip(names, origins, strict=True) if origin is None}
        made = [name for name, source in self.sources.items() if source.of_celeba]
        untold = [name for name in made if name in nameless]
        if not untold or len(made) == 1:
            return
        others = ", ".join(name for name in made if name != untold[0])
        what = f"has no names of CelebA's pictures, so those that {others} shares with it cannot be told"
        remedy = "Restore the file that bareface check names"
        line = f"data.overlap={self.overlap}: data.sources.{untold[0]} {what}. {remedy}"
        if self.overlap == "error":
            raise DataError(f"{line}, or use data.overlap=keep_first.")
        log.warning("%s.", line)

    def _take_out_copies(self, manifest: Manifest, stages: NDArray[np.int64], origins: list[str | None]) -> None:
        """Gives copies of a picture the stage -1, such that no picture is in two stages."""
        rows_of: defaultdict[str, list[int]] = defaultdict(list)
        for row, origin in enumerate(origins):
            if origin is not None and stages[row] >= 0:
                rows_of[origin].append(row)
        names = manifest.table["source"].to_pylist()
        shared = [rows for rows in rows_of.values() if len({names[row] for row in rows}) > 1]
        if not shared:
            return
        pairs = some([" = ".join(manifest.key(row) for row in rows) for rows in shared])
        what = f"{len(shared)} pictures are in several sources: {pairs}"
        if self.overlap == "error":
            raise DataError(f"data.overlap=error: {what}. Leave a source out, or use data.overlap=keep_first.")
        order = list(self.sources)
        left_out = dict.fromkeys(STAGES, 0)
        for rows in shared:
            first = min(rows, key=lambda row: (-stages[row], order.index(names[row]), row))
            for row in rows:
                if row != first and (self.overlap == "keep_first" or stages[row] != stages[first]):
                    left_out[STAGES[stages[row]]] += 1
                    stages[row] = -1
        counts = ", ".join(f"{count} of {stage}" for stage, count in left_out.items())
        log.warning("data.overlap=%s: %s. Copies left out: %s.", self.overlap, what, counts)

    def _weighted(self, train: Manifest) -> Manifest:
        """The training pictures, as often as the weights say."""
        names = train.table["source"].to_numpy()
        tables = []
        for name in self.sources:
            rows = np.flatnonzero(names == name)
            lots = np.random.default_rng([self.seed, zlib.crc32(name.encode())]).random(len(rows))
            shuffled = rows[np.argsort(lots, kind="stable")]
            wanted = int(len(rows) * self.weights.get(name, 1) + 0.5)
            for showing, start in enumerate(range(0, wanted, len(rows) or 1), start=1):
                table = train.table.take(pa.array(np.sort(shuffled[: wanted - start])))
                if showing > 1:
                    keys = pc.replace_substring(table["key"], "/", f"#{showing}/", max_replacements=1)
                    table = table.set_column(table.column_names.index("key"), "key", keys)
                tables.append(table)
        return Manifest(pa.concat_tables(tables or [train.table.slice(0, 0)]).sort_by("key"))


def _own(table: pa.Table, name: str) -> Manifest:
    """The rows of one source as it made them: its keys and columns without its name."""
    prefix = f"{name}."
    columns = {"key": pc.replace_substring_regex(table["key"], "^[^/]*/", "")}
    columns |= {own.removeprefix(prefix): table[own] for own in table.column_names if own.startswith(prefix)}
    return Manifest(pa.table(columns))


def _check_names(option: str, given: Mapping[str, Any], sources: Mapping[str, Any]) -> None:
    unknown = [name for name in given if name not in sources]
    if unknown:
        raise ValueError(f"data.{option}.{unknown[0]}: no such source. Expected one of {', '.join(sources)}.")


def _classes(
    sources: Mapping[str, MaskDataSet], class_map: Mapping[str, Mapping[str, str]]
) -> tuple[tuple[str, ...], dict[str, NDArray[np.uint8]]]:
    """The common classes, and of each source the common index of each mask value."""
    _check_names("class_map", class_map, sources)
    mapped = {name: list(_mapped(name, source.classes, class_map.get(name, {}))) for name, source in sources.items()}
    names = list(dict.fromkeys(name for given in mapped.values() for name in given))
    classes = ("background", *(name for name in names if name not in ("background", "ignore")))
    if len(classes) == 1:
        raise ValueError(f"data.class_map={dict(class_map)}: expected a class other than background and ignore.")
    index = {"ignore": IGNORE} | {name: place for place, name in enumerate(classes)}
    tables = {}
    for name, given in mapped.items():
        tables[name] = np.full(256, IGNORE, np.uint8)
        tables[name][: len(given)] = [index[common] for common in given]
    return classes, tables


def _mapped(source: str, classes: tuple[str, ...], given: Mapping[str, str]) -> Iterator[str]:
    unknown = [name for name in given if name not in classes]
    if unknown:
        rule = f"no class of {source}. Expected some of {', '.join(classes)}"
        raise ValueError(f"data.class_map.{source}.{unknown[0]}: {rule}.")
    return (given.get(name, name) for name in classes)
