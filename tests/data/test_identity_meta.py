import pytest

from bareface.data.identity_meta import read_identity_meta
from bareface.errors import DataError

HEADER = "Class_ID, Name, Sample_Num, Flag, Gender"
PUBLISHED = [
    'n000001, "14th_Dalai_Lama", 424, 0, m',
    'n000658, "Anne,_Princess_Royal", 300, 1, f',
    'n000659, "Beyoncé", 319, 1, f',
]
EXCEL = [
    'n000001," ""14th_Dalai_Lama""",424,0, m',
    'n000658," ""Anne_Princess_Royal""",300,1, f',
    'n000659," ""Beyoncé""",319,1, f',
]


def read(tmp_path, lines, end="\n", encoding="utf-8"):
    path = tmp_path / "identity_meta.csv"
    path.write_bytes(end.join(lines).encode(encoding))
    return read_identity_meta(path)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("header", [[], [HEADER]])
@pytest.mark.parametrize("tail", ["", ","])
@pytest.mark.parametrize("lines", [PUBLISHED, EXCEL])
def test_forms_in_circulation(tmp_path, end, header, tail, lines):
    meta = read(tmp_path, [*header, *(line + tail for line in reversed(lines)), ""], end)
    assert meta.ids == ("n000001", "n000658", "n000659")
    assert meta.names == (
        "14th_Dalai_Lama",
        "Anne,_Princess_Royal" if lines is PUBLISHED else "Anne_Princess_Royal",
        "Beyoncé",
    )
    assert meta.samples.tolist() == [424, 300, 319]
    assert meta.train.tolist() == [False, True, True]
    assert meta.genders == ("m", "f", "f")
    assert meta.class_names == ("n000658", "n000659")
    assert meta.warnings[0].endswith("3 identities, 2 of them for training; the published file has 9131 and 8631.")


def test_an_unquoted_name_with_a_comma(tmp_path):
    assert read(tmp_path, ["n000658, Anne,_Princess_Royal, 300, 1, f"]).names == ("Anne,_Princess_Royal",)


def test_lines_that_lost_their_number_of_pictures(tmp_path):
    meta = read(tmp_path, [PUBLISHED[0], 'n000659," ""Beyoncé""",1, f,'])
    assert (meta.samples.tolist(), meta.train.tolist(), meta.genders) == ([424, -1], [False, True], ("m", "f"))
    assert any("1 lines have lost their number of pictures" in line for line in meta.warnings)


def test_the_published_totals(tmp_path):
    lines = [HEADER]
    lines += [f'n{number:06d}, "A_{number}", 300, {int(number < 8631)}, m' for number in range(9131)]
    off = read(tmp_path, lines)
    train, test = off.samples[off.train].sum(), off.samples[~off.train].sum()
    assert f"{train} train and {test} test pictures; the published file has 3141890 and 169396" in off.warnings[0]
    lines[1] = f'n000000, "A", {off.samples[0] + 3141890 - train}, 1, m'
    lines[-1] = f'n009130, "A", {off.samples[-1] + 169396 - test}, 0, m'
    assert read(tmp_path, lines).warnings == ()


def test_names_in_another_encoding_are_reported(tmp_path):
    meta = read(tmp_path, PUBLISHED, encoding="latin-1")
    assert meta.ids[2] == "n000659"
    assert any(line.endswith("names that are not UTF-8: n000659.") for line in meta.warnings)


@pytest.mark.parametrize(
    "line",
    ["n1, A, 5, 1, m", "n000001, A, 5, 2, m", "n000001, A, 5, 1, x", "n000001, A, x, 1, m", "n000001, m", "text"],
)
def test_lines_that_are_wrong(tmp_path, line):
    with pytest.raises(
        DataError, match=rf'identity_meta\.csv: line 2 is {line!r}, expected n000001, "Name", 424, 0, m\.'
    ):
        read(tmp_path, [PUBLISHED[1], line])


def test_an_identity_twice(tmp_path):
    with pytest.raises(DataError, match=r"identity_meta\.csv: line 3 is the second one of n000001\. Remove one\."):
        read(tmp_path, [PUBLISHED[0], PUBLISHED[1], PUBLISHED[0]])
