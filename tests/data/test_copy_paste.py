import pytest
import torch

from bareface.data.copy_paste import CopyPaste
from bareface.data.samples import Skipped, collate


def batch() -> dict[str, torch.Tensor]:
    """Three grey pictures of 2 x 2 pixels: foreground up left, nothing, all of it ignored."""
    image = torch.tensor([10, 20, 30], dtype=torch.uint8)[:, None, None, None].expand(3, 3, 2, 2).clone()
    mask = torch.zeros(3, 2, 2, dtype=torch.uint8)
    mask[0, 0, 0] = 1
    mask[2] = 255
    return {"image": image, "mask": mask, "key": ["a", "b", "c"]}


def test_the_foreground_moves_to_the_next_picture() -> None:
    mixed = CopyPaste(p=1.0)(batch())
    assert mixed["image"][0].unique().tolist() == [10], "what is ignored is not foreground"
    assert mixed["image"][1, :, 0, 0].tolist() == [10, 10, 10] and (mixed["image"][1] == 10).sum() == 3
    assert mixed["mask"].tolist() == [[[1, 0], [0, 0]], [[1, 0], [0, 0]], [[255, 255], [255, 255]]]
    assert mixed["key"] == ["a", "b", "c"]


def test_p_is_the_share_of_pictures() -> None:
    many = {"image": torch.arange(1000)[:, None, None, None].expand(-1, 3, 1, 1), "mask": torch.ones(1000, 1, 1)}
    torch.manual_seed(0)
    changed = (CopyPaste(p=0.3)(many)["image"] != many["image"])[:, 0, 0, 0].float().mean()
    assert 0.25 < changed < 0.35
    assert torch.equal(CopyPaste(p=0.0)(many)["image"], many["image"])


def test_a_batch_of_which_nothing_could_be_read_is_not_mixed() -> None:
    assert collate([Skipped("a.png", "broken")], CopyPaste(p=1.0))["key"] == []


def test_refuses_what_is_no_probability() -> None:
    with pytest.raises(ValueError, match=r"transforms\.mix\.p=1\.5: expected a probability\."):
        CopyPaste(1.5)
