from bareface.io.pictures import write_picture
from data.trees.shapes import noise

PEOPLE = {2880: (0, 3), 7: (0, 2), 10177: (1, 2), 1: (2, 2), 44: (2, 1)}
"""Partition and number of pictures of each person."""


def write(root, people=PEOPLE, pictures="img_align_celeba", suffix=".jpg", end="\r\n", header="", last=True):
    """Aligned pictures, numbered person by person, and the two lists, whose names end in .jpg in any case."""
    (root / pictures).mkdir(parents=True)
    for folder in ("Anno", "Eval"):
        (root / folder).mkdir()
    identities, partition = [header] if header else [], [header] if header else []
    number = 0
    for person, (stage, count) in people.items():
        for _ in range(count):
            number += 1
            write_picture(root / pictures / f"{number:06d}{suffix}", noise(number, 8, 8))
            identities.append(f"{number:06d}.jpg {person}")
            partition.append(f"{number:06d}.jpg {stage}")
    for path, lines in (("Anno/identity_CelebA.txt", identities), ("Eval/list_eval_partition.txt", partition)):
        (root / path).write_bytes((end.join(lines) + (end if last else "")).encode())
    return str(root)
