"""``bareface identify`` and ``bareface verify``: who is in a picture."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from bareface.data.folders import pictures_of
from bareface.errors import DataError
from bareface.io.atomic import atomic_path
from bareface.io.place import check_writable
from bareface.recognition.gallery.calibration import Calibration
from bareface.recognition.gallery.embedding import EmbeddedFaces
from bareface.recognition.gallery.gallery import UNDECIDED, UNKNOWN, Gallery, Hits
from bareface.recognition.gallery.location import store
from bareface.recognition.gallery.ranking import nearest_people
from bareface.tasks.enroll import Done
from bareface.tasks.looking import Looking

FPIR, FMR = 0.01, 0.001
"""What is taken where the user names no rate and the gallery can show it."""


def identify(
    pictures: Sequence[Path],
    gallery: str,
    looking: Looking,
    fpir: float | None = None,
    threshold: float | None = None,
    top: int = 5,
    out: Path | None = None,
) -> Done:
    """Says who is in pictures, or that they are unknown.

    Args:
        pictures: Pictures and folders.
        gallery: Where the gallery lies.
        looking: How the pictures are looked at.
        fpir: Share of people who are not enrolled that may be taken for somebody; with ``threshold`` not used. None:
            0.01, or the smallest that this gallery can show; where it can show none, nobody is known or unknown.
        threshold: The least score of an answer, instead.
        top: How many identities are listed for each face, the answer included.
        out: A .csv or .parquet file for the table.

    Raises:
        ValueError: A number or name that is not known, or a rate that the gallery's calibration cannot show.
        DataError: The gallery is empty, damaged or another model's.
        FileNotFoundError: There is no gallery, or no such picture.
        OSError: The table cannot be written.
    """
    if top < 1:
        raise ValueError(f"top={top}: expected at least 1.")
    if out is not None and out.suffix.lower() not in (".csv", ".parquet"):
        raise ValueError(f"{out}: expected a name that ends in .csv or .parquet.")
    if out is not None:
        check_writable(out, "out=")
    opened = store(gallery).open()
    if not len(opened):
        raise DataError(f"{opened.where}: an empty gallery. Enrol somebody: bareface enroll DIR --gallery {gallery}.")
    jobs, given = pictures_of(pictures), None if threshold is None else _checked(threshold)
    eyes = looking.loaded(opened.card, opened.where)
    calibration = opened.card.calibration
    rate = calibration.searches.rate(FPIR) if fpir is None else fpir
    least = given if given is not None or rate is None else calibration.for_search(rate)
    found = eyes.look(jobs)
    hits = nearest_people(opened, found.embeddings, top)
    table = _table(found, hits, least)
    if out is not None:
        with atomic_path(out) as temporary:
            table.to_csv(temporary, index=False) if out.suffix.lower() == ".csv" else table.to_parquet(temporary)
    known = int((~table["identity"].isin([UNKNOWN, UNDECIDED, ""])).sum())
    origin = "as given" if given is not None else _origin(calibration, rate, fpir is None)
    said = f"no threshold {origin}" if least is None else f"threshold {least:.4f} {origin}"
    said += f", N = {len(opened)} pictures"
    if given is None and least is not None and calibration.pictures != len(opened):
        said += f"; calibrated when N was {calibration.pictures}, and the rate grows with N: enrol anew to calibrate"
    lines = [*_printed(table), *found.lines(), said, found.counts()]
    rest = len(found.keys) - known
    lines.append(f"{rest} undecided" if least is None else f"{known} known, {rest} unknown")
    return Done(lines, bool(found.keys))


def _origin(calibration: Calibration, rate: float | None, chosen: bool) -> str:
    """Where the threshold of a search comes from, or why there is none."""
    count = calibration.searches.count
    if rate is None:
        remedy = "Enrol more people, calibrate with enroll --strangers DIR, or name --fpir or --threshold"
        return f"({count} searches of people who are not enrolled are too few; nothing is decided. {remedy})"
    text = f"for a false-positive rate of {rate:.3g}, from {count} searches"
    return f"{text} (the smallest they can show)" if chosen and rate > FPIR else text


def _checked(threshold: float) -> float:
    if not -1 <= threshold <= 1:
        raise ValueError(f"threshold={threshold:g}: expected a cosine, -1 <= v <= 1.")
    return threshold


def _table(found: EmbeddedFaces, hits: Hits, least: float | None) -> pd.DataFrame:
    """A row a face and a row for each picture that gave none; without a threshold every face is undecided."""
    score, reasons = hits.scores[:, 0], dict(found.whole)
    table = pd.DataFrame({"picture": found.keys, "face": found.numbers})
    table[["x1", "y1", "x2", "y2"]] = found.boxes
    if least is None:
        table["identity"] = UNDECIDED
    else:
        table["identity"] = np.where(score >= least, hits.identities[:, 0], UNKNOWN)
    table["score"], table["threshold"] = score, math.nan if least is None else least
    for place in range(hits.scores.shape[1]):
        there = hits.identities[:, place] != ""
        table[f"candidate_{place + 1}"] = hits.identities[:, place]
        table[f"score_{place + 1}"] = pd.Series(hits.scores[:, place]).where(there)
    table["note"] = pd.Series([reasons.get(key, "") for key in found.keys], dtype=object)
    nobody = pd.DataFrame([{"picture": key, "note": reason} for key, reason in [*found.unreadable, *found.faceless]])
    if len(nobody):
        table = pd.concat([table, nobody], ignore_index=True)
        for name in ("identity", *(f"candidate_{place + 1}" for place in range(hits.scores.shape[1]))):
            table[name] = table[name].astype(object).fillna("")
        table["face"] = table["face"].astype("Int64")
    return table


def _printed(table: pd.DataFrame) -> list[str]:
    """A line a face: picture, face, answer, score, and whom else it could be."""
    lines = ["picture\tface\tidentity\tscore\trunners-up"]
    places = range(1, sum(str(name).startswith("candidate_") for name in table) + 1)
    for row in table[table["identity"] != ""].to_dict("records"):
        start = 1 if row["identity"] in (UNKNOWN, UNDECIDED) else 2  # somebody below the threshold is a runner-up, too
        others = [
            f"{row[f'candidate_{place}']} {row[f'score_{place}']:.4f}"
            for place in places
            if place >= start and row[f"candidate_{place}"]
        ]
        lines.append(f"{row['picture']}\t{row['face']}\t{row['identity']}\t{row['score']:.4f}\t{', '.join(others)}")
    return lines


def verify(
    first: Path,
    second: Path,
    looking: Looking,
    gallery: str | None = None,
    fmr: float | None = None,
    threshold: float | None = None,
) -> Done:
    """Says whether two pictures show one person; without a threshold, the score alone.

    Args:
        first: A picture.
        second: Another one.
        looking: How they are looked at.
        gallery: A gallery of the same model, whose people tell how alike two people look.
        fmr: Share of pairs of two people that may be taken for one person. None: 0.001, or the smallest that the
            gallery can show; where it can show none, the score alone is said.
        threshold: The least score of one person, instead of ``gallery``.

    Raises:
        ValueError: Both a gallery and a threshold, a number that is not known, a rate that the gallery's calibration
            cannot show, or not one face in a picture.
        PictureError: A picture cannot be read.
        DataError: The gallery is another model's.
    """
    if gallery is not None and threshold is not None:
        raise ValueError(f"gallery={gallery}, threshold={threshold:g}: expected one of them, both give a threshold.")
    least = None if threshold is None else _checked(threshold)
    opened = None if gallery is None else store(gallery).open()
    eyes = looking.loaded(opened.card, opened.where) if opened is not None else looking.loaded()
    origin = "as given" if least is not None else "was given, so nothing is said of whether it is one person"
    remedy = "Add --gallery or --threshold"
    if opened is not None:
        least, origin = _of_pairs(opened, fmr)
        remedy = "Enrol more people, or name --fmr or --threshold"
    found = eyes.look([("A", first), ("B", second)])
    problems = [reason for _, reason in found.unreadable]
    problems += [f"{first if key == 'A' else second}: {reason}" for key, reason in found.faceless]
    if sum(number > 0 for number in found.numbers):
        problems.append("faces=all: expected one face a picture. Use largest, central or error.")
    if problems:
        raise DataError(problems[0])
    score = math.fsum((found.embeddings[0].astype(float) * found.embeddings[1].astype(float)).tolist())
    notes = [line.replace(": A", f": {first}").replace(": B", f": {second}") for line in found.lines()]
    if least is None:
        return Done([*notes, f"score {score:.4f}; no threshold {origin}. {remedy}."])
    answer = "same" if score >= least else "different"
    return Done([*notes, f"{answer}: score {score:.4f}, threshold {least:.4f} {origin}"])


def _of_pairs(gallery: Gallery, fmr: float | None) -> tuple[float | None, str]:
    """The threshold of a gallery's pairs, and where it comes from or why there is none."""
    pairs = gallery.card.calibration.pairs
    rate = pairs.rate(FMR) if fmr is None else fmr
    which = f"{pairs.count} pairs of two identities"
    if rate is None:
        return None, f"({which} are too few, N = {len(gallery)} pictures)"
    text = f"for a false-match rate of {rate:.3g}, from {which}"
    text += " (the smallest they can show)" if fmr is None and rate > FMR else ""
    return gallery.card.calibration.for_pair(rate), f"{text}, N = {len(gallery)} pictures"
