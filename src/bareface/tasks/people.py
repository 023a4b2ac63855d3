"""What the commands that look at people's pictures share: finding pictures, models and faces."""

from collections.abc import Sequence
from pathlib import Path

from omegaconf import OmegaConf

from bareface.data.face_frames import OnNoFace
from bareface.data.folders import folders_in, pictures_in
from bareface.errors import DataError
from bareface.io.pictures import PICTURE_SUFFIXES
from bareface.recognition.detection.choice import Choice
from bareface.recognition.detection.detector import Detector
from bareface.recognition.detection.framing import FaceFramer
from bareface.recognition.gallery.embedding import Job
from bareface.recognition.recogniser import Recogniser
from bareface.tasks.build import plain
from bareface.tasks.launch import conf_folder


def pictures_of(sources: Sequence[Path]) -> list[Job]:
    """The pictures that are named or lie in named folders, however deep; hidden ones do not count.

    Raises:
        FileNotFoundError: Something that is named is not there.
        DataError: There are no pictures.
    """
    jobs: list[Job] = []
    for source in sources:
        if not source.exists():
            raise FileNotFoundError(f"{source}: no such picture or folder.")
        if source.is_dir():
            found = (path for path in sorted(source.rglob("*")) if path.suffix.lower() in PICTURE_SUFFIXES)
            jobs += [(str(path), path) for path in found if path.is_file() and not _hidden(path.relative_to(source))]
        else:
            jobs.append((str(source), source))
    if not jobs:
        raise DataError(f"{', '.join(map(str, sources))}: no pictures found. Expected files such as a.jpg or b.png.")
    return jobs


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def people_in(root: Path) -> tuple[list[Job], list[str]]:
    """The pictures of a folder a person, and what else is to be said of the folders.

    A key is ``NAME/FILE``, so that the same picture has the same key wherever the folders lie.

    Raises:
        FileNotFoundError: There is no such folder.
        DataError: There are no persons, or none has a picture.
    """
    if not root.is_dir():
        raise FileNotFoundError(f"{root}: no such folder. Expected a folder with a folder for each person.")
    jobs: list[Job] = []
    remarks = []
    for name in folders_in(root):
        pictures, others = pictures_in(root / name)
        jobs += [(f"{name}/{picture}", root / name / picture) for picture in pictures]
        if not pictures:
            remarks.append(f"no pictures: {root / name}")
        if others:
            remarks.append(f"passed over: {others} in {root / name} that are no pictures")
    loose, _ = pictures_in(root)
    if loose:
        remarks.append(f"passed over: {len(loose)} pictures in {root} itself, not in the folder of a person")
    if not jobs:
        raise DataError(f"{root}: no pictures of people found. Expected files such as {root}/NAME/1.jpg.")
    return jobs, remarks


def default_detector(framing: str) -> str:
    """Haar's cascade where a box is enough, MTCNN where landmarks are needed, none for whole pictures."""
    return {"picture": "none", "box": "haar", "aligned": "mtcnn"}[framing]


def face_framer(
    recogniser: Recogniser, detector: str, file: Path | None, choice: Choice, on_no_face: OnNoFace
) -> FaceFramer:
    """What finds the faces of a picture as a recogniser wants them.

    Args:
        recogniser: Its ``framing`` says how.
        detector: ``none``, or a file of ``conf/detector``.
        file: The detector's weights or list, where it needs some.
        choice: Which of several faces is meant.
        on_no_face: What becomes of a picture without a face.

    Raises:
        ValueError: A recogniser that looks at whole pictures is given a detector, or another one is given none; or
            there is no such detector or word, or the detector lacks its file, or is given one that it does not read.
    """
    known = ["none", *sorted(path.stem for path in (conf_folder() / "detector").glob("*.yaml"))]
    if detector not in known:
        raise ValueError(f"detector={detector}: expected one of {', '.join(known)}.")
    if (recogniser.framing == "picture") != (detector == "none"):
        wanted = "none" if recogniser.framing == "picture" else "a detector"
        raise ValueError(f"detector={detector}: this recogniser has framing={recogniser.framing}; expected {wanted}.")
    built = _detector(detector, file)
    return FaceFramer(recogniser.framing, built, choice, on_no_face)


def _detector(name: str, file: Path | None) -> Detector | None:
    """The detector of ``conf/detector/NAME.yaml``, with the file where that leaves a value open."""
    node = OmegaConf.create() if name == "none" else OmegaConf.load(conf_folder() / "detector" / f"{name}.yaml")
    open_keys = OmegaConf.missing_keys(node)
    if file is not None and not open_keys:
        raise ValueError(f"detector={name}: reads no file, --detector-file={file} was given. Leave it out.")
    for key in open_keys:
        if file is None:
            raise ValueError(f"detector={name}: needs its {key}. Add --detector-file PATH.")
        OmegaConf.update(node, key, str(file))
    return plain(node) if node else None
