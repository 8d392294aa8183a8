"""Disjoint sets: by index and by content, for any duplicates."""

import numpy as np
import pytest

from metrics import splits
from metrics.errors import InputError


def _hashes(seed: int, n: int = 60, contents: int = 40) -> list[str]:
    return [f"{content:03d}" for content in np.random.default_rng(seed).integers(0, contents, size=n)]


@pytest.mark.parametrize("seed", range(20))
def test_sets_share_no_index_and_no_content(seed):
    hashes = _hashes(seed)
    sets, _ = splits.disjoint(hashes, [12, 0, 7], seed)
    assert [len(indices) for indices in sets] == [12, 0, 7]
    drawn = np.concatenate(sets)
    assert len({hashes[i] for i in drawn}) == len(set(drawn.tolist())) == 19


@pytest.mark.parametrize("seed", range(20))
def test_the_report_names_every_duplicate_once(seed):
    hashes = _hashes(seed)
    _, report = splits.disjoint(hashes, [5], seed)
    assert (report.images, report.distinct, report.unused) == (60, len(set(hashes)), len(set(hashes)) - 5)
    assert report.dropped == sum(len(group) - 1 for group in report.duplicates) == 60 - len(set(hashes))
    assert all(len({hashes[i] for i in group}) == 1 for group in report.duplicates)
    assert all(hashes.count(hashes[group[0]]) == len(group) for group in report.duplicates)


@pytest.mark.parametrize("seed", range(5))
def test_the_same_contents_are_drawn_for_any_order_of_the_files(seed):
    hashes = _hashes(seed)
    moved = [hashes[i] for i in np.random.default_rng(seed).permutation(len(hashes))]
    here, there = splits.disjoint(hashes, [9, 9], 7)[0], splits.disjoint(moved, [9, 9], 7)[0]
    assert [[hashes[i] for i in part] for part in here] == [[moved[i] for i in part] for part in there]


def test_one_seed_draws_one_result_and_another_seed_another():
    hashes = [str(i) for i in range(50)]
    drawn = [splits.disjoint(hashes, [10], seed)[0][0].tolist() for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]


def test_every_image_is_drawn_equally_often():
    hashes = [str(i) for i in range(10)]
    drawn = np.concatenate([splits.disjoint(hashes, [3], seed)[0][0] for seed in range(1000)])
    assert np.abs(np.bincount(drawn, minlength=10) - 300).max() < 60  # seeded: 4 standard deviations of 14.5


def test_all_distinct_images_can_be_drawn():
    sets, report = splits.disjoint(["a", "b", "a", "c"], [2, 1], 0)
    assert sorted(np.concatenate(sets).tolist()) == [0, 1, 3]
    assert (report.duplicates, report.unused) == (((0, 2),), 0)


def test_indices_are_int64_also_for_an_empty_set():
    sets, _ = splits.disjoint([], [0], 0)
    assert sets[0].dtype == np.int64


def test_counts_that_cannot_be_met_say_how_many_distinct_images_there_are():
    with pytest.raises(InputError, match=r"2 \+ 2 = 4 .* 3 distinct images \(4 with 1 byte-identical copies\)"):
        splits.disjoint(["a", "b", "a", "c"], [2, 2], 0)


@pytest.mark.parametrize("counts", ["12", 3, None])
def test_what_is_no_list_of_counts_is_told_as_a_whole(counts, without_checks_of_shapes):
    with pytest.raises(InputError, match=f"^the counts are {counts!r}; expected a list of whole numbers, one per set$"):
        splits.disjoint(["a", "b", "c", "d"], counts, 0)


def test_negative_counts_are_an_input_error():
    with pytest.raises(InputError, match="at least 0"):
        splits.disjoint(["a", "b"], [2, -1], 0)


def test_overlap_lists_all_identical_pairs():
    assert splits.overlap(["a", "b", "c", "a"], ["x", "a", "c", "a"]) == [(0, 1), (0, 3), (2, 2), (3, 1), (3, 3)]
    assert splits.overlap(["a"], ["b"]) == []


@pytest.mark.parametrize("seed", range(5))
def test_drawn_sets_do_not_overlap(seed):
    hashes = _hashes(seed)
    one, two = splits.disjoint(hashes, [10, 10], seed)[0]
    assert splits.overlap([hashes[i] for i in one], [hashes[i] for i in two]) == []


def test_sets_take_their_rows_from_one_order_in_turn():
    orders = {"train": np.array([3, 1, 0, 2]), "test": np.array([1, 0])}
    wanted = {"a": ("train", 2), "b": ("test", 1), "c": ("train", 1)}
    drawn = {name: rows.tolist() for name, rows in splits.in_turn(wanted, orders.__getitem__)}
    assert drawn == {"a": [3, 1], "b": [1], "c": [0]}


def test_a_content_of_an_earlier_set_is_passed_over_also_in_another_part():
    contents = {"train": "ABCA", "test": "CABD"}
    wanted = {"a": ("train", 2), "b": ("test", 2), "c": ("train", 2)}
    drawn = splits.in_turn(wanted, lambda part: np.arange(4), lambda part, rows: [contents[part][row] for row in rows])
    assert [(name, rows.tolist()) for name, rows in drawn] == [("a", [0, 1]), ("b", [0, 3]), ("c", [])]


def test_within_one_set_a_content_may_stand_twice():
    drawn = splits.in_turn({"a": ("", 3)}, lambda part: np.arange(3), lambda part, rows: ["same"] * len(rows))
    assert next(drawn)[1].tolist() == [0, 1, 2]


def test_nothing_is_read_for_a_set_that_is_not_asked_for():
    def contents(part, rows):
        raise AssertionError("read")

    drawn = splits.in_turn({"a": ("", 2), "b": ("", 2)}, lambda part: np.arange(4), contents)
    assert next(drawn)[0] == "a"
