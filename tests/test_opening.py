"""`bench tracks`, and a track opened for a results folder."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from submitted import good

from bench.leaderboard.entries import read_track
from bench.leaderboard.entry_places import REAL_MOMENTS, beside, track_path
from bench.leaderboard.moments import read_moments
from bench.leaderboard.open_tracks import measure_of, open_track, real_sources, record_track
from bench.leaderboard.track_words import rules_in_words
from bench.leaderboard.tracks import CLOSEST_AMONG, find_track, subject_of
from bench.measuring.measure import measure
from metrics.errors import InputError


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch, shared_cache):
    """A folder of its own as the current one; features are computed once for the whole file."""
    monkeypatch.setenv("BENCH_CACHE", str(shared_cache))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def opened(**how):
    return open_track(find_track("digits"), measure("digits-layout", **how))


# ----- tracks


def test_tracks_are_listed_with_what_is_here(here):
    lines = {line["name"]: line for line in json.loads(good("tracks", "--json").stdout)}
    assert lines["digits"] == {
        "name": "digits",
        "dataset": "digits",
        "domain": "",
        "extractor": "digits-layout",
        "images": 250,
        "sets": {"real 1": ["test", 250], "real 2": ["test", 250]},
        "table": "",
        "data_here": True,
        "weights_here": True,
        "entries": 0,
    }
    assert lines["stl10"]["table"] == "Table 6"
    assert not lines["stl10"]["data_here"]
    assert "bench datasets fetch" in good("tracks").stdout


def test_a_track_is_shown_in_words_with_its_id():
    shown = json.loads(good("tracks", "show", "digits", "--json").stdout)
    assert shown["id"] == opened().rules.id
    words = dict(shown["words"])
    assert words["to submit"] == "250 images, 32x32, grey; as the model made them, without selection"
    assert "Inception Score version 2 (seed 2020, splits 1)" in words["metrics"]
    assert "id" in good("tracks", "show", "digits").stdout


def test_the_words_of_stored_rules_are_their_own_and_not_this_versions():
    rules = opened().rules
    protocol = rules.protocol
    real = (replace(protocol.real[0], count=99), *protocol.real[1:])
    older = replace(rules, protocol=replace(protocol, real=real, resize="tf1", extractor_version=7, sampling_seed=5))
    words = dict(rules_in_words(find_track("digits"), older))
    assert words["id"] == older.id
    assert words["to submit"].startswith("99 images") and words["real 1"].startswith("99 images")
    assert words["resize"] == "tf1" and "digits-layout version 7" in words["extractor"]
    assert words["sampling"].startswith("models are sampled from the noise rows 0 to 98 of seed 5")


def test_the_words_say_which_set_is_translated_and_where_that_is_no_independent_one():
    track = find_track("edges2shapes-shapes")
    assert dict(rules_in_words(track, None))["translation"] == "a model that translates gets real 2 of edges"
    words = dict(rules_in_words(track, opened().rules))  # which translate real 1, as rules of earlier versions did
    assert words["translation"].endswith("real 1 of edges; its partners are in real 1, so the sets are NOT independent")
    assert dict(rules_in_words(find_track("emoji-apple"), None))["translation"].endswith("gets real 1 of windows")


def test_a_track_whose_images_are_missing_says_why_it_has_no_id():
    shown = json.loads(good("tracks", "show", "mnist-offline", "--json").stdout)
    assert shown["id"] is None
    assert "bench datasets fetch mnist" in dict(shown["words"])["id"]


def test_the_record_of_a_track_is_written_once_and_holds_other_rules_off(here):
    record = record_track(opened(), here)
    assert record.track_id == opened().rules.id
    assert record_track(opened(), here) == record == read_track(track_path(here, "digits"))
    assert set(record.landmarks) == {"real 2", "noise"}
    assert record.landmarks["real 2"]["fid"]["fid"] < record.landmarks["noise"]["fid"]["fid"]
    with pytest.raises(InputError, match=r"by other rules.*: resize: 'clean' there, 'tf1' here"):
        record_track(opened(resize="tf1"), here)


def test_the_moments_of_real_1_lie_beside_the_record(here):
    one = opened()
    record_track(one, here)
    stored = read_moments(beside(track_path(here, "digits")) / REAL_MOMENTS)
    assert stored.count == 250
    assert stored.mean == pytest.approx(one.features(one.real_1).mean(axis=0, dtype=float))


def test_many_that_open_a_track_at_once_write_one_record(here):
    start = threading.Barrier(3, timeout=60)  # seconds: a thread that fails must not keep the others waiting

    def one(_):
        mine = opened()
        start.wait()
        return record_track(mine, here)

    with ThreadPoolExecutor(3) as threads:
        found = list(threads.map(one, range(3)))
    assert found == [read_track(track_path(here, "digits"))] * 3
    assert sorted(path.name for path in here.rglob("*")) == [
        *("digits", "digits.json", "features.npz", "real-1.npz", "tracks")
    ]


def test_a_damaged_record_is_told_and_not_replaced(here):
    record_track(opened(), here)
    track_path(here, "digits").write_text("{")
    with pytest.raises(InputError, match=r"digits\.json is not a readable JSON"):
        record_track(opened(), here)


def test_copies_are_looked_for_among_training_and_held_out_images_that_are_drawn_once():
    one, again = opened(), opened()
    assert (one.train.count, one.held_out.count) == (1297, 500)
    assert (one.rules.train.digest, one.rules.held_out.split) == (again.rules.train.digest, "test")
    large = open_track(find_track("shapes"), measure("shapes-cnn"))
    assert (large.train.count, large.held_out.count) == (CLOSEST_AMONG, CLOSEST_AMONG)
    assert len(set(large.train.hashes)) == CLOSEST_AMONG
    assert not set(large.train.hashes) & set(large.held_out.hashes)


def test_the_real_sets_of_a_domain_are_those_of_the_whole_data_set():
    track = find_track("edges2shapes-edges")
    whole = subject_of(find_track("edges2shapes-edges")).dataset
    assert track.subject == "edges2shapes/edges"
    found = real_sources(subject_of(track))
    counts = {name: source.count for name, source in found.items()}
    assert counts == {name: count for name, (_, count) in whole.eval_sets.items()}


def test_missing_weights_name_the_track_that_works_without(monkeypatch, tmp_path):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(InputError, match=r"'inception' .*\. Use stl10-offline, a track"):
        measure_of(find_track("stl10"), offline=True)
