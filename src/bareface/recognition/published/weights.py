"""From a published file to a recogniser."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from bareface.data.identity_meta import read_identity_meta
from bareface.errors import CheckpointError, DataError, some
from bareface.io.place import check_file
from bareface.recognition.recogniser import Framing, Recogniser

LINEAR = {"_target_": "bareface.recognition.heads.linear.Linear"}
ABSENT = {"_target_": "bareface.recognition.heads.absent.Absent"}
COUNTER = "num_batches_tracked"
"""Steps that a batch normalisation was trained for: some files have them, and no result depends on them."""


class PublishedWeights(ABC):
    """One published file; a subclass for each format.

    Args:
        file: Name under which it was published.
        source: Where people get it.
        backbone: ``_target_`` and arguments of the network that it fills.
        identities: Number of classes of its classifier; 0: it has none.
    """

    backbones: ClassVar[tuple[type[nn.Module], ...]]
    """Classes that weights of this format were trained in."""
    wiring: ClassVar[str | None] = None
    """The wiring that they were trained in, where the class has several of equal shapes."""
    normalise: ClassVar[dict[str, Any]]
    shorter: ClassVar[int]
    crop: ClassVar[int]
    canvas: ClassVar[int]
    framing: ClassVar[Framing]

    def __init__(self, file: str, source: str, backbone: Mapping[str, Any], identities: int) -> None:
        self.file, self.source, self.backbone, self.identities = file, source, dict(backbone), identities

    @abstractmethod
    def tensors(self, path: Path) -> dict[str, Tensor]:
        """Reads a file without executing anything: its tensors under the names that they have in a recogniser.

        Raises:
            CheckpointError: The file has another format.
        """

    def recogniser(self, path: Path, names: Path | None = None) -> Recogniser:
        """Builds the recogniser and fills it.

        Args:
            path: The file.
            names: Of the identities: VGGFace2's ``identity_meta.csv``, or a text file with a name a line, in the order
                of the classes; None: ``class_0000``, ``class_0001``, ...

        Raises:
            FileNotFoundError: There is no such file.
            CheckpointError: The file has another format, or its tensors do not fit.
            ValueError: The network is not the one, or not in the wiring, that the weights were trained in.
            DataError: There are not as many names as classes, or one is there twice.
        """
        check_file(path, f"no such file. Get {self.file} from {self.source} and put it there, or give file=PATH.")
        identities = self._identities(names)
        tensors = self.tensors(path)
        recogniser = self._empty(identities)
        own = recogniser.state_dict()
        odd = differences({name: tuple(value.shape) for name, value in own.items()}, tensors)
        if odd:
            raise CheckpointError(f"{path}: does not fit {type(recogniser.backbone).__name__}: {odd}.")
        recogniser.load_state_dict({name: tensors.get(name, value) for name, value in own.items()})
        return recogniser.eval()

    def reads(self, path: Path) -> bool:
        """Whether a file is one of this format, of whatever network."""
        try:
            return bool(self.tensors(path))
        except CheckpointError:
            return False

    def fits(self, path: Path) -> bool:
        """Whether a file is one of this format and network."""
        try:
            tensors = self.tensors(path)
            with torch.device("meta"):
                own = self._empty(self._identities(None)).state_dict()
            return not differences({name: tuple(value.shape) for name, value in own.items()}, tensors)
        except CheckpointError:
            return False

    def _empty(self, identities: Sequence[str]) -> Recogniser:
        recogniser = Recogniser(
            self.backbone,
            LINEAR if identities else ABSENT,
            self.normalise,
            self.shorter,
            self.crop,
            self.canvas,
            identities,
            self.framing,
        )
        found = recogniser.backbone
        if not isinstance(found, self.backbones):
            allowed = " or ".join(kind.__name__ for kind in self.backbones)
            raise ValueError(f"published.backbone={type(found).__name__}: weights of this format need {allowed}.")
        wiring = getattr(found, "wiring", None)
        if wiring != self.wiring:
            reason = f"{self.file} was trained in {self.wiring}'s, and would fit, and give nonsense"
            raise ValueError(f"published.backbone.wiring={wiring}: {reason}. Use {self.wiring}.")
        return recogniser

    def _identities(self, names: Path | None) -> list[str]:
        count = self.identities
        if names is None:
            digits = max(4, len(str(count - 1)))
            return [f"class_{number:0{digits}d}" for number in range(count)]
        check_file(names, "no such file. Give identity_meta.csv, or a text file with a name a line.", "names=")
        if names.suffix == ".csv":
            found = list(read_identity_meta(names).class_names)
        else:
            found = [line.strip() for line in names.read_text(encoding="utf-8").splitlines() if line.strip()]
        twice = sorted({name for name in found if found.count(name) > 1}) if len(set(found)) < len(found) else []
        if twice:
            raise DataError(f"{names}: names that are there twice: {some(twice)}. Make them different.")
        if len(found) != count:
            raise DataError(f"{names}: {len(found)} names, but {self.file} has {count} classes. Give one a class.")
        return found


def differences(own: Mapping[str, tuple[int, ...]], tensors: Mapping[str, Tensor]) -> str:
    """What keeps tensors out of a network, in words; empty where they fit.

    Args:
        own: Shapes of the network's tensors.
        tensors: The file's.

    >>> differences({"a": (2,), "b": (3,)}, {"b": torch.zeros(4), "c": torch.zeros(1)})
    'missing a; not in the network c; of another shape b (4,), expected (3,)'
    """
    missing = [name for name in own if name not in tensors and not name.endswith(COUNTER)]
    extra = [name for name in tensors if name not in own]
    shaped = [
        f"{name} {tuple(tensors[name].shape)}, expected {shape}"
        for name, shape in own.items()
        if name in tensors and tuple(tensors[name].shape) != shape
    ]
    parts = {"missing": missing, "not in the network": extra, "of another shape": shaped}
    return "; ".join(f"{what} {some(names, limit=3)}" for what, names in parts.items() if names)
