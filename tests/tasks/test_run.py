"""What a job writes beside its results."""

import json
import math
from pathlib import Path

from bareface.tasks.run import write_json


def test_a_number_that_json_has_no_word_for_is_null(tmp_path: Path) -> None:
    values = {"a": math.nan, "b": [math.inf, 1.5], "c": {"d": (-math.inf, 0)}, "e": None, "f": "NaN"}
    write_json(tmp_path / "x.json", values)

    def refused(token: str) -> None:
        raise ValueError(f"{token} is no JSON")

    found = json.loads((tmp_path / "x.json").read_text(), parse_constant=refused)
    assert found == {"a": None, "b": [None, 1.5], "c": {"d": [None, 0]}, "e": None, "f": "NaN"}
