"""What is written about CelebAMask-HQ: which picture of CelebA each one was made from, and which masks are bad."""

from pathlib import Path

from bareface.errors import DataError
from bareface.io.text import read_lines

_MISSING_HAIR = "the hair is not marked"
_LARGE_HAIR = "far more than the hair is marked as hair"
_FALSE_HAT = "a hat is marked where there is none"
_TWIN = "the same picture as {}"
_TWINS = (235, 3330, 5163, 6771, 7385, 7562, 12445, 12886, 13826, 15507, 19200, 20135, 24647)

KNOWN_BAD: dict[int, str] = {
    404: "mouth and lips are not marked",
    481: _MISSING_HAIR,
    573: "the skin has gaps",
    1499: _LARGE_HAIR,
    2110: "the picture is not aligned",
    2260: _LARGE_HAIR,
    2281: _LARGE_HAIR,
    2905: _FALSE_HAT,
    3137: _FALSE_HAT,
    4790: "nearly all parts are empty",
    4995: "the hair is not marked and the skin is wrong",
    5130: _LARGE_HAIR,
    5591: _LARGE_HAIR,
    5608: _LARGE_HAIR,
    9852: "the skin has gaps",
    9895: _FALSE_HAT,
    10184: _LARGE_HAIR,
    13008: "the hat is not marked",
    15587: _FALSE_HAT,
    17586: _MISSING_HAIR,
} | {number: _TWIN.format(number - 1) for number in _TWINS}
"""Why a picture or its mask is bad, by the number of the picture: what users told, not a complete list.

Of two equal pictures the second one is here.

Source: github.com/switchablenorms/CelebAMask-HQ, issues 5, 48 and 84.
"""


def read_mapping(path: Path) -> dict[int, str]:
    """Reads ``CelebA-HQ-to-CelebA-mapping.txt``: the stem of the original picture, by the number of the new one.

    The header ``idx orig_idx orig_file`` may be missing, blanks may be any. ``orig_idx`` counts from 0, the names of
    the files from 1; that the two agree in each line shows that no column slipped.

    Raises:
        DataError: A line is not of that form, or a picture has two lines.
    """
    stems: dict[int, str] = {}
    for position, line in enumerate(read_lines(path), start=1):
        fields = line.split()
        if not fields or (position == 1 and not fields[0].isdecimal()):
            continue
        stem = fields[-1].rpartition(".")[0]
        if len(fields) != 3 or not (fields[0].isdecimal() and fields[1].isdecimal() and stem.isdecimal()):
            raise DataError(f"{path}: line {position} is {line.strip()!r}, expected one like '0 119613 119614.jpg'.")
        if int(fields[1]) != int(stem) - 1:
            raise DataError(
                f"{path}: line {position} gives orig_idx {fields[1]} and {fields[2]}, expected {int(stem) - 1}, which "
                "is one less than the name. Use the official file."
            )
        if int(fields[0]) in stems:
            raise DataError(f"{path}: line {position} is the second one of {fields[0]}. Use the official file.")
        stems[int(fields[0])] = stem
    if not stems:
        raise DataError(f"{path}: no lines. Expected one like '0 119613 119614.jpg' for each picture.")
    return stems
