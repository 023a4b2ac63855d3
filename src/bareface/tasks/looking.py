"""How people's pictures are looked at: which model, which detector, how many at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from omegaconf import OmegaConf

from bareface.data.face_frames import OnNoFace
from bareface.io.pictures import MAX_PIXELS
from bareface.precision import processor_computes_in_bf16
from bareface.recognition.detection.choice import Choice
from bareface.recognition.detection.detector import Detector
from bareface.recognition.detection.framing import FaceFramer
from bareface.recognition.gallery.embedding import (
    EmbeddedFaces,
    Job,
    computing_device,
    embed_pictures,
    model_fingerprint,
)
from bareface.recognition.gallery.gallery import Card
from bareface.recognition.inference import prepare
from bareface.recognition.recogniser import Recogniser
from bareface.tasks.build import plain
from bareface.tasks.conf_tree import conf_folder


@dataclass(frozen=True)
class Looking:
    """The options that enroll, identify and verify share.

    Attributes:
        recogniser: Checkpoint of a recogniser.
        detector: ``none``, or a file of ``conf/detector``; None: what a gallery was made with, else what suits the
            model.
        detector_file: Weights or list of the detector, where it needs some.
        faces: Which of several faces is meant: largest, central, all or error.
        on_no_face: ``fail``: a picture without a face gives nothing. ``whole``: it is taken as it is.
        batch_size: Faces at a time.
        device: auto, cpu or cuda.
        max_pixels: Larger pictures are not decoded.
    """

    recogniser: Path
    detector: str | None = None
    detector_file: Path | None = None
    faces: Choice = "largest"
    on_no_face: OnNoFace = "fail"
    batch_size: int = 32
    device: str = "auto"
    max_pixels: int = MAX_PIXELS

    def loaded(self, card: Card | None = None, where: str = "") -> "Eyes":
        """Loads the model and makes it fast; its fingerprint is that of the file.

        Args:
            card: Of the gallery that its embeddings are for, if there is one.
            where: Where that gallery lies.

        Raises:
            DataError: The gallery was made by another model.
            ValueError: A word that is not known, or a detector that does not go together with the model, or is not the
                gallery's.
        """
        for name, value, kind in (("faces", self.faces, Choice), ("on-no-face", self.on_no_face, OnNoFace)):
            if value not in get_args(kind):  # the detector is none for whole pictures, and then nothing asks for them
                raise ValueError(f"{name}={value}: expected one of {', '.join(get_args(kind))}.")
        model = Recogniser.load(self.recogniser)
        fingerprint = model_fingerprint(model)
        if card is not None:
            card.check_model(fingerprint, where)
        detector = self.detector or (card.detector if card else default_detector(model.framing))
        if card is not None:
            card.check_detector(detector, where)
        if computing_device(self.device).type == "cpu":
            model = prepare(model, bf16=processor_computes_in_bf16())
        return Eyes(self, model, fingerprint, detector)


class Eyes:
    """A model that is ready to look.

    Args:
        options: How.
        model: The recogniser, prepared for embedding.
        fingerprint: What it had before that.
        detector: Name of the detector.
    """

    def __init__(self, options: Looking, model: Recogniser, fingerprint: str, detector: str) -> None:
        self.options, self.model, self.fingerprint, self.detector = options, model, fingerprint, detector
        self.source = face_framer(model, detector, options.detector_file, options.faces, options.on_no_face)

    def card(self) -> Card:
        """What a new gallery of this model says of itself."""
        return Card(self.fingerprint, int(self.model.backbone.embedding_size), self.model.framing, self.detector)  # type: ignore[arg-type]

    def look(self, jobs: Sequence[Job]) -> EmbeddedFaces:
        """Embeds the faces of pictures."""
        own = self.options
        return embed_pictures(jobs, self.model, self.source, own.batch_size, own.device, own.max_pixels)


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
        its = f"detector={detector}: this recogniser has framing={recogniser.framing}"
        if recogniser.framing != "picture":
            raise ValueError(f"{its}; expected a detector.")
        remedy = "Leave the detector out, or train one on faces: loader.faces=TABLE recogniser.framing=box"
        raise ValueError(f"{its}: it takes pictures as cut already, and asks no detector. {remedy}.")
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
