"""The aligned pictures of CelebA, JPEG or PNG, wherever an archive left them."""

from pathlib import Path

from bareface.data.folders import existing_folder, folders_in, pictures_in
from bareface.errors import DataError, some

_USUAL = ("img_align_celeba", "img_align_celeba_png")


def aligned_pictures(root: Path, folder: str, sources: str) -> list[str]:
    """Names of the pictures in a folder of ``root``, sorted.

    Args:
        root: Folder of the data set.
        folder: As the user named it.
        sources: What should lie there, for the message.

    Raises:
        DataError: There are none; the message says where they seem to be instead.
    """
    # the parts of the PNG archive come in a folder that is itself named .7z
    inside = [f"{name}/{inner}" for name in folders_in(root) for inner in _USUAL]
    elsewhere = [name for name in (*_USUAL, *inside) if name != folder and (root / name).is_dir()]
    hint = "".join(f" Found {name}: set data.pictures={name}." for name in elsewhere)
    path = existing_folder(root / folder, hint.strip() or sources)
    names, _ = pictures_in(path)
    if not names:
        parts = sorted(part.name for part in path.glob("*.7z*"))
        what = f"holds archives, not pictures: {some(parts)}. Unpack {parts[0]}." if parts else "holds no pictures."
        raise DataError(f"{path}: {what}{hint}")
    return names
