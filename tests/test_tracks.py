"""Tracks: one list for all data sets, and an id that changes exactly where a number would."""

import subprocess
import sys
from dataclasses import replace

import pytest

from bench import registry
from bench.leaderboard.tracks import TABLES, Rules, find_track, rules_difference, subject_of, tracks
from bench.measuring.evaluation import open_evaluation
from bench.measuring.measure import measure
from bench.measuring.subject import open_subject
from bench.protocol import MetricChoice, RealSet
from metrics.errors import InputError


@pytest.fixture(scope="module")
def rules():
    track = find_track("digits")
    evaluation = open_evaluation(subject_of(track), measure(track.extractor, cache=False))
    held_out = RealSet("held out", "", "test", 500, "b" * 64)
    choice = MetricChoice("memorisation", 1, {"k": 1})
    train = RealSet("train", "", "train", 1297, "a" * 64)
    return Rules(evaluation.protocol, train, held_out, choice, MetricChoice("copies", 1, {}))


def test_every_data_set_has_a_track_and_an_offline_one():
    known = tracks()
    for name in registry.names("datasets"):
        dataset = registry.load("datasets", name)
        of = [track for track in known.values() if track.subject.partition("/")[0] == name]
        assert {track.extractor for track in of} == {dataset.extractors[0], dataset.extractors[-1]}, name
        assert {track.subject for track in of} == {f"{name}/{one}" for one in dataset.domains} or {name}


def test_the_tables_of_the_assignment_have_tracks():
    assert {name: find_track(name).table for name in TABLES} == TABLES
    assert find_track("stl10").extractor == "inception"


def test_tracks_with_many_samples_take_disjoint_real_sets_that_the_splits_can_fill():
    assert find_track("cifar10-50k").sets == {"real 1": ("train", 50_000), "real 2": ("test", 10_000)}
    assert find_track("edges2shoes-shoes-10k").sets == {"real 1": ("train", 10_000), "real 2": ("train", 10_000)}
    assert "svhn2mnist-mnist-50k" not in tracks()  # of pairs both sets must be as many
    assert find_track("stl10-50k").sets == {"real 1": ("unlabeled", 50_000), "real 2": ("unlabeled", 50_000)}
    for track in tracks().values():
        dataset = subject_of(track).dataset
        for split in {split for split, _ in track.sets.values()}:
            wanted = sum(count for part, count in track.sets.values() if part == split)
            there = dataset.splits[split]
            assert there is None or wanted <= (min(there) if isinstance(there, tuple) else there), track.name


def test_of_pairs_another_set_is_translated_than_the_one_that_is_compared_with():
    for track in tracks().values():
        paired = subject_of(track).dataset.paired
        assert track.translated == ("real 2" if paired else "real 1"), track.name
        assert track.count == track.sets[track.translated][1]
    assert find_track("cufs-sketch").sets["real 2"] == ("test", 100)  # so that nothing seen in training is translated


def test_an_unknown_track_is_answered_with_the_close_ones():
    with pytest.raises(InputError, match=r"no track 'digit'\. Did you mean 'digits'"):
        find_track("digit")


def test_a_track_has_the_protocol_of_a_run_on_its_data_set(rules):
    ours = open_evaluation(open_subject("digits"), measure("digits-layout", cache=False)).protocol
    assert rules.protocol.id == ours.id


def test_rules_differ_exactly_where_their_ids_do(rules):
    longer = replace(rules.protocol, generated=(500,))
    others = {
        "generated": replace(rules, protocol=longer),
        "train": replace(rules, train=replace(rules.train, digest="c" * 64)),
        "held_out": replace(rules, held_out=replace(rules.held_out, count=499)),
        "memorisation": replace(rules, memorisation=replace(rules.memorisation, version=2)),
        "copies": replace(rules, copies=replace(rules.copies, version=2)),
    }
    assert rules_difference(rules, replace(rules)) == {}
    for name, other in others.items():
        assert list(rules_difference(rules, other)) == [name]
        assert other.id != rules.id


def test_listing_tracks_loads_no_torch():
    code = "from bench.leaderboard.tracks import tracks; tracks()"
    code += "; import sys; assert not {'torch', 'sklearn'} & set(sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
