"""What is said of the difference of two: whether they are told apart, what is doubted, what stands in the table."""

from dataclasses import replace

import numpy as np
import pytest
from leaderboard_entries import rules, scores
from numbers_named import NUMBERS

from bench.leaderboard.compare import Comparison, Line, Score, _winner, compare, comparison_tables, welch
from bench.leaderboard.contestants import Side
from bench.leaderboard.differences import Difference, Differences, Estimate, differences, estimate
from bench.leaderboard.doubts import doubts
from metrics.errors import InputError

# ----- differences


def test_a_difference_is_away_from_0_by_what_its_room_leaves():
    """Least and most on either side of 0, at 0, and without an error."""
    least, most = np.array([[1.0, -3.0], [-1.0, 0.0]]), np.array([[3.0, -1.0], [1.0, 2.0]])
    found = Differences(least, np.array([[0.5, 0.25], [1.0, 1.0]]), least, most, np.zeros((2, 2), bool))
    assert found.apart().tolist() == [[2.0, -4.0], [0.0, 0.0]]
    assert replace(found, se=np.zeros((2, 2))).apart().tolist() == [[0.0, 0.0], [0.0, 0.0]]


@pytest.mark.parametrize(
    ("low", "high", "told"),
    [(0.0, 1.0, False), (0.1, 1.0, True), (-1.0, 0.0, False), (-1.0, -0.1, True), (-1, 1, False)],
)
def test_a_difference_whose_interval_holds_0_is_not_told_apart(low, high, told):
    assert Difference(0.5, 0.1, low, high, False).told_apart is told
    for better, first in (("lower", "a" if high < 0 else "b"), ("higher", "b" if high < 0 else "a")):
        assert _winner(low, high, better) == (first if told else None)


@pytest.mark.parametrize(
    ("name", "se", "rest"), [("kid", 2.0, 0.25), ("fid_corrected", 2.0, 3.0), ("fid_corrected", 1.0, 0.25)]
)
def test_the_rest_of_a_variance_is_that_of_the_generated_images_or_what_the_influences_leave(name, se, rest):
    metric = "kid" if name == "kid" else "fid"
    found = {metric: {name: 5.0, f"{metric}_sd": se, f"{metric}_low": 1.0, f"{metric}_high": 9.0}}
    moves = np.full(5, 0.5, np.float32)
    made = estimate(NUMBERS[name], found, moves)
    assert (made.value, made.variance, made.rest, made.influence.tolist()) == (5.0, se**2, rest, [0.5] * 4)
    assert estimate(NUMBERS[name], found, None).influence is None
    for key in found[metric]:
        assert estimate(NUMBERS[name], {metric: {**found[metric], key: None}}, moves) is None
    classes = {"inception_score_corrected": 5.0, "inception_score_se": 1.0} | dict.fromkeys(
        ("inception_score_low", "inception_score_high"), 5.0
    )
    assert estimate(NUMBERS["inception_score_corrected"], {"inception-score": classes}, None).influence is None


def test_equal_influences_leave_the_rest_only_and_never_less_than_nothing():
    one = Estimate(3.0, 9.0, 0.0, 0.0, np.array([1.0, 2.0]), 0.5)
    other = Estimate(2.0, 9.0, 0.0, 0.0, np.array([1.0, 2.0]), 1.5)
    apart = Estimate(1.0, 4.0, 0.0, 0.0)
    found = differences((one, other, apart))
    assert found.se**2 == pytest.approx(np.array([[1.0, 2.0, 13.0], [2.0, 3.0, 13.0], [13.0, 13.0, 8.0]]))
    assert found.paired.tolist() == [[True, True, False], [True, True, False], [False, False, False]]
    rounded = Estimate(1.0, 0.0, 0.0, 0.0, np.array([0.1, 0.2, 0.3]), -1e-20)
    assert differences((rounded, rounded)).se.tolist() == [[0.0, 0.0], [0.0, 0.0]]


# ----- doubts


def fid(value, corrected, high, count=250):
    return {"fid": {"fid": value, "fid_corrected": corrected, "fid_high": high, "n_b": count}}


REAL = fid(8.0, 0.5, 3.5)  # a reach of 3


@pytest.mark.parametrize(
    ("scores_", "real_2", "said"),
    [
        (fid(8.0, -3.0, -1.5), REAL, ""),
        (fid(8.0, -3.5, -2.0), REAL, "is below 0 by more than 2 times its interval's half 1.5"),
        (fid(-2.0, 0.0, 4.0), REAL, ""),  # 2 hypot(3, 4) below
        (fid(-2.5, 0.0, 4.0), REAL, "the plain FID -2.5 of 250 images is far below that of as many real ones, 8"),
        (fid(-2.5, 0.0, 4.0, 200), REAL, ""),
        ({}, REAL, ""),
        (fid(-2.5, 0.0, 4.0), {}, ""),
        (fid(-2.5, -9.0, None), REAL, ""),
    ],
)
def test_what_is_lower_than_chance_allows(scores_, real_2, said):
    found = doubts(scores_, real_2)
    assert len(found) == bool(said)
    assert said in "".join(found)


# ----- comparisons


def line(key="kid", low=None, high=None, paired=False, winner=None, better="lower", domain="", count=(1, 1)):
    return Line(
        domain, key, key.upper(), better, Score(1.0, 0.5, 1.5), Score(2.0), -1.0, low, high, paired, winner, count
    )


@pytest.mark.parametrize(
    ("one", "first", "paired", "verdict"),
    [
        (line(), "KID ↓", None, None),
        (line(low=-2.0, high=1.0), "KID ↓", "no", "no"),
        (line(low=-2.0, high=-1.0, paired=True, winner="a", better="higher"), "KID ↑", "yes", "a is better"),
        (line(low=-2.0, high=1.0, better="neither", domain="zebra"), "KID zebra", "no", "no"),
        (line(low=-2.0, high=1.0, count=(3, 2)), "KID ↓", None, "no"),
    ],
)
def test_a_line_of_a_comparison(one, first, paired, verdict):
    (table,) = comparison_tables(Comparison("x", "y", (one,), ()))
    (row,) = table.rows
    assert (row[0].value, row[4].value, row[5].value) == (first, paired, verdict)
    assert [(cell.value, cell.low, cell.high) for cell in row[1:4]] == [
        (1.0, 0.5, 1.5), (2.0, None, None), (-1.0, one.low, one.high)
    ]  # fmt: skip
    assert table.title == "x (a) against y (b)"
    if one.low is None:
        assert {cell.decimals for cell in row[1:4]} == {3}


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([line(low=-2.0, high=1.0)], True),
        ([line("fid_corrected", low=-2.0, high=1.0)], True),
        ([line(low=-2.0, high=1.0, paired=True), line("fid_corrected", low=-2.0, high=1.0)], True),
        ([line(low=-2.0, high=1.0, paired=True)], False),
        ([line()], False),
        ([line("precision", low=-2.0, high=1.0)], False),
    ],
)
def test_a_comparison_says_where_nothing_is_known_of_pairs(lines, said):
    (table,) = comparison_tables(Comparison("x", "y", tuple(lines), (), ("a line",), ("a note",)))
    assert any(note.startswith("not paired:") for note in table.notes) is said
    assert table.notes[-2:] == ("a note", "damaged and left out (it may be another seed): a line")
    without = any(one.low is None for one in lines)
    assert len(table.notes) == 3 + said + without


def test_the_counts_over_seeds_are_those_of_the_score_that_most_have():
    over = (line(count=(2, 2)), line("fid", count=(3, 2)))
    _, table = comparison_tables(Comparison("x", "y", (), over))
    assert table.notes[0].startswith("means over 3 and 2 training seeds")
    assert table.title == "x (a) against y (b), over training seeds"


def side(name, found, influences=None, seeds=(), damaged=()):
    return Side(name, rules().protocol, None, found, influences, seeds, damaged)


def test_only_what_both_were_measured_by_is_compared():
    full = scores(0.5)
    few = {name: full[name] for name in ("fid", "prdc")}
    found = compare(side("x", {"": full, "zebra": full}), side("y", {"zebra": few}))
    assert {one.domain for one in found.lines} == {"zebra"}
    other_way = compare(side("x", {"zebra": few}), side("y", {"zebra": full}))
    assert [one.key for one in other_way.lines] == [one.key for one in found.lines]
    assert [one.key for one in found.lines] == ["fid", "fid_corrected", "precision", "recall", "density", "coverage"]
    assert [one.title for one in found.lines][:2] == ["FID", "FID, corrected"]
    with pytest.raises(InputError, match="x and y made images of different domains, so there is nothing to compare"):
        compare(side("x", {"horse": full}), side("y", {"zebra": few}))


@pytest.mark.parametrize("without", [(0,), (1,), (0, 1)])
def test_a_difference_has_an_interval_where_both_scores_have_one(without):
    full, sides = scores(0.5), []
    for number, name in enumerate("xy"):
        fid_ = {key: None if number in without and key == "fid_sd" else one for key, one in full["fid"].items()}
        sides.append(side(name, {"": {**full, "fid": fid_}}))
    found = {one.key: one for one in compare(*sides).lines}
    assert (found["fid_corrected"].low, found["fid_corrected"].winner) == (None, None)
    assert found["fid_corrected"].difference == 0
    assert found["kid"].low < 0 < found["kid"].high and found["kid"].winner is None


def test_a_difference_far_from_0_has_a_winner():
    found = compare(side("x", {"": scores(0.9)}), side("y", {"": scores(0.1)}))
    assert {one.key: one.winner for one in found.lines if one.low is not None} == {
        "fid_corrected": "a", "kid": "a", "inception_score_corrected": "a"
    }  # fmt: skip


def test_influences_are_those_of_the_only_domain():
    moves = np.full((2, 251), 0.001, np.float32)
    for domain, paired in (("", True), ("zebra", False)):
        found = compare(*(side(name, {domain: scores(0.5)}, moves) for name in "xy"))
        keys = [one.key for one in found.lines if one.paired]
        assert keys == (["fid_corrected", "kid"] if paired else [])
    one_sided = compare(side("x", {"": scores(0.5)}, moves), side("y", {"": scores(0.5)}))
    assert not any(one.paired for one in one_sided.lines)


def test_seeds_of_one_side_alone_and_one_value_of_a_score_are_not_compared_over_seeds():
    some = tuple(side(f"x{row}", {"": scores(0.5 + row / 10)}) for row in range(3))
    without = [replace(one, scores={"": {**one.scores[""], "kid": {}}}) for one in some[:2]]
    elsewhere = side("z", {"zebra": scores(0.9)})
    alone = compare(side("x", {"": scores(0.5)}, seeds=some), side("y", {"": scores(0.6)}, damaged=("d", "d")))
    assert (alone.over_seeds, alone.damaged) == ((), ("d",))
    x = side("x", {"": scores(0.5)}, seeds=(*without, some[2], elsewhere), damaged=("d",))
    found = compare(x, side("y", {"": scores(0.6)}, seeds=some, damaged=("e",)))
    assert found.damaged == ("d", "e")
    counts = {one.key: one.count for one in found.over_seeds}
    assert "kid" not in counts and counts["fid"] == (3, 3)
    values = [one.scores[""]["fid"]["fid"] for one in some]
    over = next(one for one in found.over_seeds if one.key == "fid")
    assert (over.a.value, over.difference) == (pytest.approx(np.mean(values)), pytest.approx(0))
    assert (over.winner, over.paired) == (None, False)


def test_welchs_interval_by_hand():
    """Variances 2 and 8 of two values each: se^2 = 1 + 4, degrees of freedom 25 / (1 + 16), quantile of scipy."""
    from scipy.stats import t

    low, high = welch([1.0, 3.0], [2.0, 6.0])
    reach = t.ppf(0.975, 25 / 17) * np.sqrt(5)
    assert (low, high) == pytest.approx((-2 - reach, -2 + reach))


def test_rules_are_looked_at_where_both_have_them_and_protocols_else():
    one = rules()
    other = replace(one, train=replace(one.train, count=9))
    made = [Side(name, chosen.protocol, chosen, {"": scores(0.5)}) for name, chosen in (("x", one), ("y", other))]
    with pytest.raises(InputError, match=r"x \(a\) and y \(b\) were measured by different rules: train"):
        compare(*made)
    assert compare(made[0], replace(made[1], rules=None)).lines
    assert compare(replace(made[0], rules=None), made[1]).lines
