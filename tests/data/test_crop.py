import re

import pytest

from bareface.data.crop import reaches_out, tight_crop


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ((80, 60, 70, 100), (45, 58, 175, 172)),  # 130 high; 0.7 < 112/128, so 113.75 wide, from 58.125 to 171.875
        ((80, 60, 100, 100), (45, 65, 175, 195)),  # wider than 112/128: its own aspect
        ((80, 60, 150, 100), (45, 58, 175, 253)),  # from 57.5, rounded up, to 252.5
    ],
)
def test_by_hand(box, expected):
    assert tight_crop(box, 300, 300) == expected


def test_it_is_clipped_and_not_padded():
    assert tight_crop((0, 10, 60, 100), 110, 70) == (0, 0, 110, 70)
    assert tight_crop((-20, -10, 70, 100), 300, 300) == (0, 0, 105, 72)


@pytest.mark.parametrize(
    ("box", "out"),
    [
        ((20, 20, 100, 100), False),  # from 5 to 135
        ((14, 20, 100, 100), True),  # from -1
        ((15, 15, 100, 100), False),
        ((20, 14, 100, 100), True),
        ((86, 20, 100, 100), True),  # to 201
        ((85, 85, 100, 100), False),  # to 200
        ((20, 86, 100, 100), True),
        ((5, 60, 50, 100), True),  # narrow, so 113.75 wide: from -26.875
    ],
)
def test_whether_it_reaches_out_of_the_picture(box, out):
    assert reaches_out(box, 200, 200) is out


@pytest.mark.parametrize("box", [(5, 5, 0, 9), (5, 5, 9, -1)])
def test_a_box_without_area(box):
    with pytest.raises(ValueError, match=re.escape(f"box {list(box)}: expected a width and a height above 0.")):
        tight_crop(box, 50, 50)


def test_a_box_outside_of_its_picture():
    with pytest.raises(ValueError, match=r"box \[90, 5, 9, 9\]: lies outside of its picture of 50 x 60\."):
        tight_crop((90, 5, 9, 9), 50, 60)
