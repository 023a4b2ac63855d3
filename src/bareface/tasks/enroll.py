"""``bareface enroll`` and ``bareface forget``: who is in a gallery."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from bareface.data.folders import people_in, pictures_of
from bareface.data.names import composed, spelt_twice
from bareface.errors import DataError
from bareface.recognition.gallery.calibration import NONE, Calibration
from bareface.recognition.gallery.embedding import EmbeddedFaces
from bareface.recognition.gallery.gallery import UNDECIDED, UNKNOWN, Enrolled, Gallery, IndexKind, Store
from bareface.recognition.gallery.leftovers import Leftovers
from bareface.recognition.gallery.location import store
from bareface.recognition.gallery.ranking import SEARCHES, calibrate, impostors
from bareface.tasks.looking import Looking


@dataclass
class Done:
    """What a command did.

    Attributes:
        lines: For the terminal.
        complete: Whether there is an answer: of some pictures at least, where others gave none and are listed.
    """

    lines: list[str] = field(default_factory=list)
    complete: bool = True

    def text(self) -> str:
        """For the terminal."""
        return "\n".join(self.lines)


def enroll(
    source: Path,
    gallery: str,
    looking: Looking,
    index: IndexKind | None = None,
    strangers: Path | None = None,
    searches: int = SEARCHES,
) -> Done:
    """Adds the people of a folder to a gallery; a picture of a known key replaces the old one.

    Args:
        source: A folder a person.
        gallery: Where it lies or will lie, as ``location.store`` says.
        looking: How the pictures are looked at.
        index: exact or hnsw; None: as it is, exact for a new one.
        strangers: Pictures of people who are not enrolled, for thresholds; None: thresholds come from the gallery.
        searches: At most so many enrolled pictures are searched to calibrate; 0: no thresholds.

    Raises:
        ValueError: Somebody is called ``unknown`` or ``undecided``, or another option is not what it can be.
        DataError: No face could be enrolled, or the gallery is another model's.
        OSError: Somebody else is writing.
        KeyboardInterrupt: It says which gallery is there now.
    """
    if searches < 0:
        raise ValueError(f"searches={searches}: expected 0 or more.")
    place = store(gallery)
    jobs, remarks = people_in(source)
    for word, meaning in ((UNKNOWN, "for strangers"), (UNDECIDED, "where there is no threshold")):
        if any(key.startswith(f"{word}/") for key, _ in jobs):
            raise ValueError(f"{source}: a folder is called {word}, the answer {meaning}. Give the person a name.")
    others = [] if strangers is None else pictures_of([strangers])
    with _interruptible(place):
        eyes = looking.loaded(place.open().card if place.exists() else None, place.where)
        found, unknown = eyes.look(jobs), eyes.look(others)
    with place.writing() as left, _interruptible(place):
        old = place.open() if place.exists() else place.empty(eyes.card())
        old.card.check_model(eyes.fingerprint, place.where)
        new = _one_a_picture(found)
        if not len(new):
            raise DataError(f"{source}: no face could be enrolled. {found.counts()}. {' '.join(found.lines()[:1])}")
        replaced = old.present(new.keys)
        changed = old.with_index(index).adding(new)
        calibration = calibrate(changed, unknown.embeddings if others else None, searches) if searches else NONE
        dropped = old.card.calibration.source == "strangers" and calibration.source != "strangers"
        changed.commit(calibration)
    counts = _people(changed.counts())
    alike = [f"spelt alike: {', '.join(group)}: one person? Then forget one name and enrol it as the other."
             for group in spelt_twice(counts)]  # fmt: skip
    several = len(found.keys) - len(new) - sum(number > 0 for number in found.numbers)
    lines = [*remarks, *found.lines(), *(f"stranger {line}" for line in unknown.lines()), *alike]
    lines += [*_removed(place, left), *_trained_on(eyes.model.identities, set(new.identities)), found.counts()]
    if dropped:
        lines.append(
            f"{place.where}: its thresholds came from strangers and no longer do: add --strangers DIR to keep them so"
        )
    lines.append(f"{place.where}: {len(new)} pictures enrolled ({replaced} in place of old ones)")
    lines.append(f"{place.where}: {len(changed)} pictures of {len(counts)} identities; {describe(calibration)}")
    unclear = f"{several} pictures with several faces that are meant are not enrolled: nobody knows whose they are"
    return Done([*lines, unclear] if several else lines)


@contextmanager
def _interruptible(place: Store) -> Iterator[None]:
    """Says of Ctrl-C whether it came before this block replaced the gallery or after."""
    before = place.version()
    try:
        yield
    except KeyboardInterrupt as stop:
        what = "is as it was" if place.version() == before else "is the new one already"
        rest = "; the next enroll or forget removes what was written" if place.leftovers() else ""
        raise KeyboardInterrupt(f"{place.where} {what}{rest}") from stop


def _removed(place: Store, left: Leftovers) -> list[str]:
    return [f"{place.where}: removed what an interrupted command had left: {left.text()}"] if left else []


def _trained_on(identities: Sequence[str], people: set[str]) -> list[str]:
    """A warning where a recogniser was trained on the people whom it is to know by their embeddings."""
    known = len(people.intersection(map(composed, identities)))
    what = f"{known} of {len(people)} people enrolled are among those that the recogniser was trained on"
    return [f"{what}: figures calibrated on them are too good"] if known else []


def _one_a_picture(found: EmbeddedFaces) -> Enrolled:
    """The faces of pictures that show one; of a picture with several that are meant, nobody knows whose it is."""
    numbers, keys = np.array(found.numbers, int), np.array(found.keys, object)
    alone = ~np.isin(keys.astype(str), keys[numbers > 0].astype(str))
    identities = np.array([composed(key.partition("/")[0]) for key in found.keys], object)
    return Enrolled(keys, identities, found.boxes, found.embeddings).take(alone)


def describe(calibration: Calibration) -> str:
    """What thresholds can be had, in words."""
    if not calibration.searches.count:
        return "no thresholds: two identities, or --strangers, are needed for them"
    least = 1 / calibration.searches.count
    by = {"gallery": "each picture searched among everybody else's", "strangers": "pictures of strangers"}
    return (
        f"thresholds for a false-positive rate of {least:.2g} or more, from {calibration.searches.count} searches in "
        f"N = {calibration.pictures} pictures ({by[calibration.source]})"
    )


def forget(identity: str, gallery: str) -> Done:
    """Removes somebody from a gallery: pictures' embeddings, index and old versions.

    Whoever has a name that looks the same, in another form of Unicode, is the same person and goes, too.
    Thresholds that came from the gallery are made anew; those from strangers stay, and are then a little too strict.
    Those of pairs come from the gallery always. What an interrupted command left goes, too, whoever it shows.

    Raises:
        ValueError: Nobody of this name is enrolled or among what was left.
        FileNotFoundError: There is no gallery.
        OSError: Somebody else is writing.
        KeyboardInterrupt: It says which gallery is there now.
    """
    place = store(gallery)
    if not (place.exists() or place.leftovers()):
        place.open()  # says that there is none
    with place.writing() as left, _interruptible(place):
        removed, name = _removed(place, left), composed(identity)
        beside, forms = _people(left.people), []
        if place.exists():
            forms = [form for form in place.open().counts() if composed(form) == name]
        if name in beside and not forms:
            gone = f"{beside[name]} pictures; nobody of that name was enrolled"
            return Done([*removed, f"{place.where}: {name} is forgotten, {gone}"])
        old = place.open()
        if removed and not forms:
            raise ValueError(f"{removed[0]}. Nobody called {identity!r} is enrolled, or was among them.")
        changed = old
        for form in forms or [name]:
            changed = changed.removing(form)
        calibration = old.card.calibration
        if calibration.source == "strangers":
            calibration = replace(calibration, pairs=impostors(changed))
        elif calibration.searches.count:
            calibration = calibrate(changed)
        changed.commit(calibration)
    left_out = len(old) - len(changed)
    rest = f"{len(changed)} pictures of {len(_people(changed.counts()))} identities are left"
    return Done([*removed, f"{place.where}: {name} is forgotten, {left_out} pictures; {rest}; {describe(calibration)}"])


def _people(counts: Mapping[str, int]) -> dict[str, int]:
    """Number of pictures of each person; names that look the same are one person's, however they are written."""
    found: Counter[str] = Counter()
    for name, count in counts.items():
        found[composed(name)] += count
    return dict(sorted(found.items()))


def contents(gallery: str, people: bool) -> Done:
    """Says what is in a gallery; with ``people`` how many pictures of each identity."""
    place = store(gallery)
    left = place.leftovers()
    what = f"{place.where}: left by an interrupted command, or one at work now: {left.text()}"
    beside = [f"{what}; the next enroll or forget removes it"] if left else []
    if left and not place.exists():
        return Done([*beside, f"{place.where}: no gallery beside that"], complete=False)
    opened: Gallery = place.open()
    card, counts = opened.card, _people(opened.counts())
    lines = [f"{name}\t{count}" for name, count in counts.items()] if people else []
    lines.append(f"{opened.where}: {len(opened)} pictures of {len(counts)} identities, index {card.index}")
    lines.append(f"model {card.model[:12]}, embeddings of {card.embedding_size} numbers, framing {card.framing}")
    return Done([*lines, f"detector {card.detector}", describe(card.calibration), *beside])
