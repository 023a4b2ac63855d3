"""What every gallery must do, wherever it lies."""

import numpy as np
import pytest

from bareface.errors import DataError
from bareface.recognition.gallery.calibration import NONE
from bareface.recognition.gallery.gallery import Card, Enrolled, Gallery, Store
from bareface.recognition.gallery.ranking import calibrate, nearest_people

SIZE = 8
MODEL = "a" * 64


def towards(*degrees: float) -> np.ndarray:
    """Unit vectors in one plane, so that cosines can be worked out by hand."""
    angles = np.radians(np.array(degrees, np.float64))
    vectors = np.zeros((len(degrees), SIZE), np.float32)
    vectors[:, 0], vectors[:, 1] = np.cos(angles), np.sin(angles)
    return vectors


def people(**degrees: list[float]) -> Enrolled:
    """Faces: each person's, at these angles; keys are NAME/0, NAME/1, ..."""
    names = [name for name, angles in degrees.items() for _ in angles]
    keys = [f"{name}/{number}" for name, angles in degrees.items() for number in range(len(angles))]
    vectors = towards(*(angle for angles in degrees.values() for angle in angles))
    boxes = np.arange(4 * len(keys), dtype=np.float32).reshape(-1, 4)
    return Enrolled(np.array(keys, object), np.array(names, object), boxes, vectors)


def marked() -> Enrolled:
    """Two pictures of Dan, with embeddings whose bytes are nobody else's."""
    dan = people(Dan=[45.0, 45.0])
    dan.embeddings[:] = np.linspace(0.1, 0.5, SIZE, dtype=np.float32)
    return dan


def card(**changes: object) -> Card:
    return Card(**{"model": MODEL, "embedding_size": SIZE, "framing": "picture", "detector": "none", **changes})


ADA_BOB_CLEO = {"Ada": [0.0, 10.0], "Bob": [90.0], "Cleo": [180.0, 200.0, 220.0]}


class GalleryContract:
    """Inherited by a class that has a fixture ``store`` and says which ``index``."""

    index = "exact"

    def filled(self, store: Store, **degrees: list[float]) -> Gallery:
        with store.writing():
            old = store.open() if store.exists() else store.empty(card(index=self.index))
            gallery = old.adding(people(**(degrees or ADA_BOB_CLEO)))
            gallery.commit(calibrate(gallery))
        return store.open()

    def test_what_is_enrolled_is_found(self, store: Store) -> None:
        gallery = self.filled(store)
        assert len(gallery) == 6 and gallery.counts() == {"Ada": 2, "Bob": 1, "Cleo": 3}
        hits = gallery.search(towards(60.0), 2)
        assert hits.keys.tolist() == [["Bob/0", "Ada/1"]] and hits.identities.tolist() == [["Bob", "Ada"]]
        np.testing.assert_allclose(hits.scores, np.cos(np.radians([[30.0, 50.0]])), atol=1e-6)
        assert gallery.card.model == MODEL and gallery.card.framing == "picture"

    def test_a_person_with_many_pictures_does_not_hide_the_others(self, store: Store) -> None:
        gallery = self.filled(store, Ada=[0.1 * step for step in range(60)], Bob=[90.0], Cleo=[180.0])
        hits = nearest_people(gallery, towards(1.0), 5)
        assert hits.identities.tolist() == [["Ada", "Bob", "Cleo", "", ""]]
        np.testing.assert_allclose(hits.scores[0, :3], np.cos(np.radians([0.0, 89.0, 179.0])), atol=1e-6)
        assert np.isneginf(hits.scores[0, 3:]).all()

    def test_thresholds_come_from_everybody_elses_pictures(self, store: Store) -> None:
        calibration = self.filled(store).card.calibration
        # nearest other person: Ada 0 -> Bob 90, Ada 10 -> Bob 80, Bob 90 -> Ada 80, Cleo 180 -> Bob 90,
        # Cleo 200 -> Bob 110, Cleo 220 -> Bob 130 or Ada 0: 140
        best = sorted((np.cos(np.radians(angle)) for angle in (90, 80, 80, 90, 110, 130)), reverse=True)
        assert (calibration.source, calibration.pictures, calibration.searches.count) == ("gallery", 6, 6)
        np.testing.assert_allclose(calibration.searches.highest, best, atol=1e-6)
        assert calibration.pairs.count == 2 * 1 + 2 * 3 + 1 * 3
        assert calibration.for_search(2 / 6) == pytest.approx(np.cos(np.radians(90)), abs=1e-6)

    def test_the_same_key_again_replaces(self, store: Store) -> None:
        self.filled(store)
        gallery = self.filled(store, Bob=[45.0], Dan=[300.0])
        assert gallery.present(people(Bob=[0.0], Eve=[0.0]).keys) == 1
        assert gallery.counts() == {"Ada": 2, "Bob": 1, "Cleo": 3, "Dan": 1}
        hits = gallery.search(towards(90.0, 300.0), 1)
        assert hits.keys[:, 0].tolist() == ["Bob/0", "Dan/0"]
        np.testing.assert_allclose(hits.scores[:, 0], [np.cos(np.radians(45)), 1.0], atol=1e-6)

    def test_forgotten_is_gone(self, store: Store) -> None:
        self.filled(store)
        with store.writing():
            gallery = store.open().removing("Bob")
            assert len(gallery) == 5
            gallery.commit(calibrate(gallery))
        gallery = store.open()
        assert gallery.counts() == {"Ada": 2, "Cleo": 3}
        assert gallery.search(towards(90.0), 1).keys.tolist() == [["Ada/1"]]
        assert gallery.card.calibration.searches.count == 5

    def test_nobody_of_this_name(self, store: Store) -> None:
        gallery = self.filled(store)
        with pytest.raises(ValueError, match=r"nobody called 'Adda' is enrolled\. Did you mean Ada\?"):
            gallery.removing("Adda")

    def test_what_was_not_committed_does_not_count(self, store: Store) -> None:
        self.filled(store)
        with store.writing():
            changed = store.open().adding(people(Bob=[45.0], Dan=[300.0]))
            assert len(changed) == 7 and changed.search(towards(300.0), 1).keys.tolist() == [["Dan/0"]]
            assert store.open().search(towards(90.0), 1).scores[0, 0] == pytest.approx(1.0)  # Bob as he was
        with store.writing():
            store.open().removing("Ada")
        with store.writing():
            pass
        gallery = store.open()
        assert gallery.counts() == {"Ada": 2, "Bob": 1, "Cleo": 3}
        assert gallery.search(towards(90.0), 1).scores[0, 0] == pytest.approx(1.0)

    def test_a_gallery_that_is_not_there(self, store: Store) -> None:
        assert not store.exists()
        with pytest.raises(FileNotFoundError, match=r"no gallery\. Make one with bareface enroll DIR --gallery "):
            store.open()

    def test_another_models_embeddings_are_refused(self, store: Store) -> None:
        gallery = self.filled(store)
        expected = r"made with the model aaaaaaaaaaaa, --recogniser is bbbbbbbbbbbb; .* Use that model"
        with pytest.raises(DataError, match=expected):
            gallery.card.check_model("b" * 64, gallery.where)

    def test_a_sample_is_of_what_there_is(self, store: Store) -> None:
        gallery = self.filled(store, **{f"p{number}": [float(number)] for number in range(40)})
        sample, again = gallery.sample(10), gallery.sample(10)
        assert len(set(sample.keys.tolist())) == 10 and sample.keys.tolist() == again.keys.tolist()
        angles = [float(key.partition("/")[0][1:]) for key in sample.keys]
        np.testing.assert_allclose(sample.embeddings, towards(*angles), atol=1e-6)
        assert len(gallery.sample(1000)) == 40

    def test_nobody_is_left(self, store: Store) -> None:
        self.filled(store, Ada=[0.0])
        with store.writing():
            gallery = store.open().removing("Ada")
            gallery.commit(calibrate(gallery))
        gallery = store.open()
        assert len(gallery) == 0 and gallery.card.calibration.searches.count == 0
        assert nearest_people(gallery, towards(0.0), 1).identities.tolist() == [[""]]

    def test_one_identity_gives_no_thresholds(self, store: Store) -> None:
        calibration = self.filled(store, Ada=[0.0, 10.0]).card.calibration
        assert (calibration.searches.count, calibration.pairs.count) == (0, 0)
        expected = r"--fpir=0.5: needs at least 2 searches of people who are not enrolled, there are 0\."
        with pytest.raises(ValueError, match=expected):
            calibration.for_search(0.5)

    def test_strangers_instead(self, store: Store) -> None:
        with store.writing():
            gallery = store.empty(card(index=self.index)).adding(people(Ada=[0.0]))
            gallery.commit(NONE)
            calibration = calibrate(gallery, towards(60.0, 90.0))
        assert (calibration.source, calibration.pictures) == ("strangers", 1)
        np.testing.assert_allclose(calibration.searches.highest, [0.5, 0.0], atol=1e-6)
