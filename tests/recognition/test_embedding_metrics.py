"""Embeddings compared with each other: by hand, and against scikit-learn."""

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score
from torch import Tensor

from bareface.recognition import embedding_metrics
from bareface.recognition.embedding_metrics import EmbeddingMetrics


def measured(embedding: Tensor, label: list[int]) -> dict[str, float]:
    metrics = EmbeddingMetrics()
    for rows in torch.arange(len(label)).split(3):
        metrics.update(embedding[rows], torch.zeros(0), torch.tensor(label)[rows])
    return {name: value.item() for name, value in metrics.compute().items()}


def circle(*degrees: float) -> Tensor:
    angle = torch.tensor(degrees).deg2rad()
    return 3 * torch.stack([angle.cos(), angle.sin()], 1)


def test_by_hand() -> None:
    # Own pairs: 10 and 40 degrees apart. Others: 20, 30, 60, 70. In the wrong order: 40 with 20 and with 30.
    found = measured(circle(0, 10, 30, 70), [0, 0, 1, 1])
    assert found["auc"] == pytest.approx(6 / 8)
    # With a threshold between 30 and 40 degrees, half of the own pairs are rejected and half of the others accepted.
    assert found["eer"] == pytest.approx(0.5)
    assert found["rank1"] == pytest.approx(3 / 4)  # 0 and 10 find each other, 70 finds 30, which finds 10


def test_the_nearest_counts() -> None:
    assert measured(circle(0, 10, 35, 70), [0, 0, 1, 1])["rank1"] == pytest.approx(3 / 4)
    assert measured(circle(0, 10, 50, 70), [0, 0, 1, 1])["rank1"] == 1
    # Somebody with one picture has nobody to be found, but may stand in the way.
    assert measured(circle(0, 10, 5), [0, 0, 1])["rank1"] == 0
    assert measured(circle(0, 10, 90), [0, 0, 1])["rank1"] == 1


def test_perfect_and_upside_down() -> None:
    perfect = measured(circle(0, 1, 90, 91), [0, 0, 1, 1])
    assert perfect == pytest.approx({"auc": 1, "eer": 0, "rank1": 1})
    wrong = measured(circle(0, 1, 180, 181), [0, 1, 0, 1])
    assert wrong == pytest.approx({"auc": 0, "eer": 1, "rank1": 0})


@pytest.mark.parametrize("size", [1, 512])
def test_a_collapsed_embedding_is_at_chance(size: int) -> None:
    torch.manual_seed(0)
    vector = torch.randn(1, size).expand(60, size)
    noise = 1 + 1e-7 * torch.randn(60, 1)
    assert measured(vector * noise, [n % 7 for n in range(60)]) == pytest.approx({"auc": 0.5, "eer": 0.5, "rank1": 0})
    assert measured(torch.zeros(6, size), [0, 0, 0, 1, 1, 1]) == pytest.approx({"auc": 0.5, "eer": 0.5, "rank1": 0})


def test_what_is_not_a_number_counts_as_wrong() -> None:
    assert measured(torch.full((4, 2), torch.nan), [0, 0, 1, 1]) == pytest.approx({"auc": 0, "eer": 1, "rank1": 0})


def test_agrees_with_scikit_learn_whatever_the_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    label = torch.randint(12, (150,))
    embedding = torch.randn(12, 16)[label] + 2 * torch.randn(150, 16)
    found = measured(embedding, label.tolist())
    monkeypatch.setattr(embedding_metrics, "BLOCK", 1000)
    assert measured(embedding, label.tolist()) == pytest.approx(found)
    vectors = torch.nn.functional.normalize(embedding.double())
    first, second = torch.triu_indices(150, 150, 1)
    score, same = (vectors[first] * vectors[second]).sum(1), label[first] == label[second]
    assert found["auc"] == pytest.approx(roc_auc_score(same, score), abs=1e-5)
    at = torch.quantile(score[same], found["eer"])
    assert (score[~same] >= at).double().mean().item() == pytest.approx(found["eer"], abs=0.005)


@pytest.mark.parametrize("label", [[], [0, 0], [0, 1]])
def test_without_pairs_there_is_nothing_to_say(label: list[int]) -> None:
    found = measured(circle(*[10.0 * n for n in range(len(label))]), label)
    assert all(value != value for value in found.values())


def test_why_there_are_no_figures() -> None:
    for labels, reason in (
        ([], "shows fewer than two people"),
        ([3, 3], "shows fewer than two people"),
        ([3, 1, 2], "shows nobody twice"),
        ([3, 1, 3], ""),
    ):
        assert EmbeddingMetrics.undefined(np.array(labels, np.int64)) == reason
        metric = EmbeddingMetrics()
        if labels:
            metric.update(torch.randn(len(labels), 4), torch.zeros(0), torch.tensor(labels))
        assert bool(metric.compute()["auc"].isnan()) == bool(reason)
