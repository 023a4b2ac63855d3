from bareface.io.pictures import write_picture
from data.trees.shapes import noise

PEOPLE = {f"Person_{letter}": 2 + (letter in "AD") for letter in "ABCDEFGHIJKLMNOPQRST"} | {"Zoe": 1}
"""Number of pictures; folds hold two people each, A and B, C and D, ..."""


def pair_lines(people=PEOPLE, folds=10):
    """As pairs.txt has them: a mated pair and another one a fold."""
    names = list(people)
    lines = [f"{folds}\t1"]
    for fold in range(folds):
        one, other = names[2 * fold : 2 * fold + 2]
        lines += [f"{one}\t1\t2", f"{one}\t1\t{other}\t2"]
    return lines


def write(root, people=PEOPLE, pictures="lfw", suffix=".jpg", lines=None, end="\n"):
    for place, (name, count) in enumerate(people.items()):
        folder = root / pictures / name
        folder.mkdir(parents=True)
        for number in range(1, count + 1):
            write_picture(folder / f"{name}_{number:04d}{suffix}", noise(10 * place + number, 8, 8))
    text = end.join(pair_lines() if lines is None else lines) + end
    (root / "pairs.txt").write_bytes(text.encode())
    return str(root)
