"""Entries of one track that share images or a model say so, both of them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from leaderboard_entries import COUNT, entry, rules, sha256, track_record

from bench.leaderboard.board import read_board
from bench.leaderboard.board_tables import everything, ranking
from bench.leaderboard.entries import Origin, write_entry, write_track
from bench.leaderboard.entry_places import FEATURES, MANIFEST, MOMENTS, beside, entry_path, track_path
from bench.leaderboard.evidence import evidence_of
from bench.leaderboard.moments import moments_of
from bench.storage.files import npz_bytes, write_bytes
from bench.submissions._manifest import manifest_text

RESULTS = Path("results")
RULES = rules()


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_track(track_path(RESULTS, "digits"), track_record("digits", RULES))


def features(seed):
    return np.random.RandomState(seed).randn(COUNT, 96).astype(np.float32)


def hashes(seed, count=COUNT):
    return [sha256(f"{seed} {number}") for number in range(count)]


def place(name, table, pixels, *, schema=2, sha="", number=3):
    """An entry of this name with features [250, 96] and hashes of its pixels."""
    origin = Origin("checkpoint", sha, "dcgan", {}, 0, 1, 0) if sha else Origin("npz")
    made = entry(number, "digits", RULES, about={"name": name}, origin=origin, slug=name, schema=schema)
    files = {MOMENTS: npz_bytes(moments_of(table).arrays())}
    if schema > 1:
        logits = np.zeros((COUNT, 10), np.float32)
        files[FEATURES] = npz_bytes(evidence_of(RULES, pixels, table, logits).arrays())
    else:
        files[MANIFEST] = manifest_text([str(i) for i in range(COUNT)], pixels).encode()
    path = entry_path(RESULTS, "digits", name)
    for file, data in files.items():
        write_bytes(beside(path) / file, data)
    write_entry(path, replace(made, files=dict.fromkeys(files, "0" * 64)))


def shared():
    """What each entry shares, by name."""
    board = read_board(RESULTS, "digits")
    return {one.entry.about.name: one.twins for one in (*board.ranked, *board.flagged, *board.controls)}


def test_entries_of_their_own_share_nothing():
    for number in range(3):
        place(f"e{number}", features(number), hashes(number))
        place(f"old{number}", features(10 + number), hashes(10 + number), schema=1)
    assert set(shared().values()) == {()}


@pytest.mark.parametrize("schema", [1, 2])
def test_equal_images_under_two_names_are_said_of_both(schema):
    place("first", features(0), hashes(0))
    place("second", features(0), hashes(0), schema=schema)
    place("third", features(1), hashes(1))
    assert shared() == {
        "first": ("250 of its 250 images are also in 'second'",),
        "second": ("250 of its 250 images are also in 'first'",),
        "third": (),
    }


def test_some_equal_images_are_counted_and_few_are_not_mentioned():
    place("first", features(0), hashes(0))
    place("second", features(1), [*hashes(0, 100), *hashes(1, 150)])
    place("third", features(2), [*hashes(1, 2), *hashes(2, 248)])
    assert shared()["second"] == ("100 of its 250 images are also in 'first'",)
    assert shared()["third"] == ()


def test_nearly_equal_images_are_found_by_their_features():
    place("first", features(0), hashes(0))
    place("second", features(0) + 0.01 * features(5), hashes(1))
    place("third", np.concatenate([features(0)[:200], features(6)[:50]]), hashes(2))
    assert shared()["second"][0] == "250 of its 250 images are nearly images of 'first'"
    assert "200 of its 250 images are nearly images of 'first'" in shared()["third"]


def test_nearly_equal_images_without_features_are_found_by_their_means():
    place("first", features(0), hashes(0), schema=1)
    place("second", features(0) + 0.01 * features(5), hashes(1), schema=1)
    assert shared() == {
        "first": ("its images are nearly those of 'second', by the means of their features",),
        "second": ("its images are nearly those of 'first', by the means of their features",),
    }


def test_one_generator_under_two_names_is_said_of_both():
    place("first", features(0), hashes(0), sha="a" * 64)
    place("second", features(1), hashes(1), sha="a" * 64)
    place("third", features(2), hashes(2), sha="b" * 64)
    assert shared()["first"] == ("it was made by the same file as 'second'",)
    assert shared()["second"] == ("it was made by the same file as 'first'",)
    assert shared()["third"] == ()


def test_tables_say_what_is_shared():
    place("first", features(0), hashes(0))
    place("second", features(0), hashes(0))
    board = read_board(RESULTS, "digits")
    assert "first: 250 of its 250 images are also in 'second'" in ranking(board).notes
    table = everything(board)
    column = [one.key for one in table.columns].index("shared")
    assert "250 of its 250 images are also in 'first'" in [row[column].value for row in table.rows]
