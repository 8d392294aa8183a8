"""Entries of schema 2, forged with all their hashes: scores follow from the features beside them, or are named."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from entry_forging import BESIDE, PATH, forge, here, raise_level, said, submitted  # noqa: F401 (fixtures)

from bench.leaderboard.board import read_board
from bench.leaderboard.entries import read_entry, write_entry
from bench.leaderboard.evidence import read_evidence
from bench.storage.cache import Cache
from bench.storage.files import npz_bytes
from bench.submissions._book import Book
from bench.submissions._recounting import Stored, _independent, recount
from bench.submissions.verifying import verify_entry
from metrics import fid

pytestmark = pytest.mark.usefixtures("here")

KEYS = [
    ("fid", "fid_corrected"),
    ("fid", "fid_sd"),
    ("kid", "kid"),
    ("kid", "kid_sd"),
    ("prdc", "recall"),
    ("inception-score", "inception_score_se"),
    ("inception-score", "inception_score"),
    ("memorisation", "authpct"),
    ("memorisation", "c_t"),
    ("copies", "held_out_copies"),
]


def test_each_score_that_the_features_do_not_give_is_named():
    def change(values):
        for metric, key in KEYS:
            found = values["scores"][metric]
            found[key] = found[key] + 1 / 250 if key in ("recall", "held_out_copies") else found[key] * 1.01

    forge(PATH, change)
    found = said(PATH).splitlines()
    for metric, key in KEYS:
        assert any(f"{metric}: {key} is" in what and "the stored features give" in what for what in found), key


def test_features_of_other_images_are_named():
    entry = read_entry(PATH)
    evidence = read_evidence(BESIDE / "features.npz", entry.rules)
    better = replace(evidence, features=evidence.features * np.float32(0.5))
    forge(PATH, lambda values: None, {"features.npz": npz_bytes(better.arrays())})
    found = said(PATH)
    assert "moments.npz is not what the stored features give" in found
    assert "influence.npy is not what the stored features give" in found
    others = replace(evidence, pixels=evidence.pixels[::-1].copy())
    forge(PATH, lambda values: None, {"features.npz": npz_bytes(others.arrays())})
    assert "the digest of the entry is not that of its images" in said(PATH)


def test_features_of_another_shape_or_none_are_named():
    entry = read_entry(PATH)
    arrays = read_evidence(BESIDE / "features.npz", entry.rules).arrays()
    forge(PATH, lambda values: None, {"features.npz": npz_bytes({"pixels": arrays["pixels"]})})
    assert "features.npz holds pixels uint8 [250, 32]; expected features float32 [250, 48]" in said(PATH)
    (BESIDE / "features.npz").unlink()
    write_entry(PATH, replace(entry, files={k: v for k, v in entry.files.items() if k != "features.npz"}))
    assert "features.npz is missing" in said(PATH)


def test_of_what_is_not_kept_nothing_is_counted_again():
    entry, page = read_entry(PATH), Book(Path("my-results")).page("digits")
    evidence = read_evidence(BESIDE / "features.npz", entry.rules)
    nothing = Stored(page.moments, np.zeros(1), replace(evidence, features=None, logits=None))
    assert list(recount(entry, nothing, page.real)) == []


def test_a_level_raised_by_hand_is_a_claim_on_the_board():
    raise_level(PATH, 2)
    assert verify_entry(PATH, Book(Path("my-results"))).level == 1
    (blends,) = [one for one in read_board(Path("my-results"), "digits").ranked if one.entry.slug == "blends"]
    assert blends.level_word == "consistent; claimed: recomputed"


def test_an_entry_that_was_found_consistent_is_not_looked_at_again(monkeypatch):
    cache = Cache(Path("known").absolute())
    assert verify_entry(PATH, Book(Path("my-results"), cache)).level == 1
    monkeypatch.setattr("bench.submissions.verifying.measured", None)
    assert verify_entry(PATH, Book(Path("my-results"), cache)).level == 1


def test_whatever_changes_is_looked_at_again():
    cache = Cache(Path("known").absolute())
    assert verify_entry(PATH, Book(Path("my-results"), cache)).level == 1
    forge(PATH, lambda values: values["scores"]["kid"].update(kid=0.5))
    for _ in range(2):
        found = verify_entry(PATH, Book(Path("my-results"), cache))
        assert any("kid: kid is 0.5, the stored features give" in one.what for one in found.problems)


def test_estimates_of_images_that_the_features_show_to_be_copies_are_not_given():
    rows = np.random.default_rng(0).normal(size=(60, 8))
    claimed = {"fid": 1.0, "fid_corrected": 0.1, "fid_sd": 0.2}
    assert _independent(claimed, fid.METRIC, (rows, rows[::-1] + 3))
    assert not _independent(claimed, fid.METRIC, (rows, rows + 1e-9))  # copies
    assert not _independent({"fid": 1.0}, fid.METRIC, (rows, rows[::-1] + 3))  # the entry itself claims none
