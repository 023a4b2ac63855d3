"""Any folder of pictures: no masks, no identities, nothing to train on."""

import os
from pathlib import Path

import pyarrow as pa

from bareface.data.dataset import Record, Stage
from bareface.data.folders import existing_folder
from bareface.data.manifest import Manifest
from bareface.data.survey import Survey, SurveyedDataSet
from bareface.io.pictures import MAX_PIXELS, PICTURE_SUFFIXES, check_max_pixels, read_picture


class PictureFolder(SurveyedDataSet):
    """All pictures below a folder, at any depth; hidden files and folders are left out. All of them are ``test``.

    Args:
        root: The folder.
        max_pixels: Larger pictures are refused before they are decoded.
    """

    def __init__(self, root: str, max_pixels: int = MAX_PIXELS) -> None:
        self.root, self.max_pixels = Path(root), check_max_pixels(max_pixels)

    def survey(self) -> Survey:
        """Lists the pictures."""
        existing_folder(self.root, "Expected a folder with pictures such as a.jpg, or folders of them.")
        keys: list[str] = []
        for folder, folders, names in os.walk(self.root):
            folders[:] = [name for name in folders if not name.startswith(".")]
            above = Path(folder).relative_to(self.root)
            pictures = (name for name in names if not name.startswith("."))
            keys += [
                (above / name).as_posix() for name in pictures if os.path.splitext(name)[1].lower() in PICTURE_SUFFIXES
            ]
        return Survey(Manifest(pa.table({"key": pa.array(sorted(keys), pa.string())})))

    def split(self, manifest: Manifest) -> dict[Stage, Manifest]:
        """Everything is test."""
        nothing = manifest.take([])
        return {"train": nothing, "val": nothing, "test": manifest}

    def read(self, manifest: Manifest, row: int) -> Record:
        """Decodes one picture."""
        return Record(read_picture(self.root / manifest.key(row), self.max_pixels))
