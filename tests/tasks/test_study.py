"""What a study says of the photos that are in none of its conditions."""

from bareface.tasks.study import reasons


def test_photos_are_counted_by_reason_without_what_is_special_about_one() -> None:
    left_out = {
        "ada/1.jpg": "removed: no hair found; left out of every condition.",
        "ada/2.jpg": "removed: no hair found; left out of every condition.",
        "ada/3.jpg": "no face in the table.",
        "bob/1.jpg": "no face found.",
        "bob/2.jpg": "3 faces, expected one. Crop the picture, or set choice=largest or central.",
        "bob/3.jpg": "box [9.0, 9.0, 4.0, 4.0] lies outside of the picture of 8 x 8. Correct its row in boxes.csv.",
        "cy/1.jpg": "/photos/cy/1.jpg: an empty file. Replace it, or leave it out.",
        "12": "/photos/train.rec: 12: not a picture of a known format. Convert it to JPEG or PNG.",
    }
    assert reasons(left_out) == {
        "removed: no hair found": 2,
        "no face found": 2,
        "the face could not be cut out": 2,
        "could not be read": 2,
    }
    assert reasons({}) == {}
