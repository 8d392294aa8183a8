"""Ranks with intervals: by hand, against Holm's procedure written out, and how often they hold the true rank."""

from statistics import NormalDist

import numpy as np
import pytest

from bench.leaderboard.differences import Estimate, differences
from bench.leaderboard.ranking import LEVEL, Rank, ranks, verdicts


def _ranks(values, sd=1.0, lower=True):
    return ranks(verdicts(differences([Estimate(value, sd**2, 0.0, 0.0) for value in values]), lower_is_better=lower))


def test_scores_far_apart_have_one_rank_each_and_a_group_each():
    assert _ranks([1.0, 100.0, 200.0]) == [Rank(1, 1, 1, 1), Rank(2, 2, 2, 2), Rank(3, 3, 3, 3)]


def test_scores_that_cannot_be_told_apart_share_all_ranks_and_one_group():
    assert _ranks([1.0, 1.1, 1.2]) == [Rank(1, 1, 3, 1), Rank(2, 1, 3, 1), Rank(3, 1, 3, 1)]


def test_higher_is_better_where_that_is_said():
    assert _ranks([200.0, 100.0, 1.0], lower=False) == _ranks([1.0, 100.0, 200.0])


def test_one_entry_alone_is_the_first():
    assert _ranks([3.0]) == [Rank(1, 1, 1, 1)]
    assert ranks(verdicts(differences([Estimate(3.0, 1.0, 0.0, 0.0)] * 2), lower_is_better=True))[0] == Rank(1, 1, 2, 1)


def test_a_group_ends_where_its_first_entry_is_told_apart():
    found = _ranks([0.0, 2.5, 5.0, 7.5])  # in standard errors of a difference: neighbours are 1.8 apart, others 3.5
    assert [one.group for one in found] == [1, 1, 2, 2]
    assert [(one.first, one.last) for one in found] == [(1, 2), (1, 3), (2, 4), (3, 4)]


def test_only_the_first_of_a_group_ends_it():
    found = _ranks([0.0, 1.0, 6.0])  # the last is told apart from both others
    assert [one.group for one in found] == [1, 1, 2]


def test_the_verdicts_are_those_of_holms_procedure():
    values = np.sort(np.random.default_rng(0).normal(scale=3.0, size=12))
    found = _ranks(values)
    normal = NormalDist()
    for place, one in enumerate(found):
        z = (values - values[place]) / np.sqrt(2)
        p = sorted((2 * (1 - normal.cdf(abs(z[j]))), j) for j in range(12) if j != place)
        told = []
        for step, (probability, other) in enumerate(p):
            if probability > LEVEL / (11 - step):
                break
            told.append(other)
        assert one.first == 1 + sum(other < place for other in told)
        assert one.last == 12 - sum(other > place for other in told)


@pytest.mark.parametrize("spread", [0.0, 1.0, 3.0])
def test_the_interval_holds_the_true_rank_at_least_as_often_as_it_says(spread):
    random = np.random.default_rng(1)
    truth = spread * np.arange(8.0)
    held = []
    for _ in range(200):
        values = truth + random.normal(size=8)
        order = np.argsort(values)
        for place, one in enumerate(_ranks(values[order])):
            better = int((truth < truth[order[place]]).sum())
            equal = int((truth == truth[order[place]]).sum()) - 1
            held.append(one.first <= 1 + better and 1 + better + equal <= one.last)
    # seeded: 3.5 standard errors of 95 % of 200 draws, whose 8 ranks are not independent
    assert np.mean(held) > 0.95 - 3.5 * np.sqrt(0.05 * 0.95 / 200)


def test_room_for_a_bias_keeps_ranks_open():
    sure = Estimate(1.0, 1e-6, 0.0, 0.0)
    wide = ranks(verdicts(differences([sure, Estimate(1.8, 1e-6, 1.0, 1.0)]), lower_is_better=True))
    assert [(one.first, one.last) for one in wide] == [(1, 2), (1, 2)]


def test_a_bias_that_both_may_have_alike_keeps_no_ranks_open():
    alike = ranks(
        verdicts(differences([Estimate(1.0, 1e-6, 0.5, 0.5), Estimate(1.8, 1e-6, 0.5, 0.5)]), lower_is_better=True)
    )
    assert [(one.first, one.last) for one in alike] == [(1, 1), (2, 2)]
