"""Damage ladders: a growing share of bad digits moves the way to noise up, step by step (benchmarks/ladders.py counts
from which share on, for every number)."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from bench.datasets import digits
from bench.leaderboard import way
from bench.measuring.measure import measure
from metrics import inception_score, kid

N, SHARES = 250, (0.0, 0.2, 0.4, 0.7, 1.0)


@cache
def all_digits():
    """Images and labels in one random order."""
    splits = [digits.load(name, Path()) for name in digits.SPLITS]
    order = np.random.default_rng(0).permutation(sum(one.count for one in splits))
    images = np.concatenate([one.take(np.arange(one.count)) for one in splits])[order]
    return images, np.concatenate([one.labels for one in splits])[order]


@cache
def network():
    how = measure("digits-cnn", cache=False)
    return how.extractor.build(how.weights.path, how.resize, "cpu", ("pool", "logits"))


def seen(images):
    return network()(np.repeat(images, 3, axis=1))


@cache
def real():
    return seen(all_digits()[0][:N])


def scores(made):
    return {
        "kid": kid.compute(real()["pool"], made["pool"]),
        "inception-score": inception_score.compute(made["logits"]),
    }


@cache
def landmarks():
    noise = np.random.default_rng(1).integers(256, size=(N, 1, 32, 32), dtype=np.uint8)
    return {"real 2": scores(seen(all_digits()[0][N : 2 * N])), "noise": scores(seen(noise))}


def chimeras():
    """The upper half of one digit on the lower half of the next one of another class."""
    images, labels = (values[3 * N :] for values in all_digits())
    differ = np.flatnonzero(labels[:-1] != labels[1:])[:N]
    return np.concatenate([images[differ, :, :16], images[differ + 1, :, 16:]], axis=2)


def blobs():
    """A Gaussian over pixels."""
    flat = all_digits()[0][3 * N :].reshape(-1, 1024).astype(float)
    mean = flat.mean(axis=0)
    drawn = np.random.default_rng(2).normal(size=(N, len(flat))) @ (flat - mean) / np.sqrt(len(flat)) + mean
    return drawn.clip(0, 255).astype(np.uint8).reshape(N, 1, 32, 32)


@cache
def ways(damage):
    """The way of sets of which a growing share is damaged."""
    good, worse = seen(all_digits()[0][2 * N : 3 * N]), seen(damage())
    hits = [np.arange(N)[:, None] < share * N for share in SHARES]
    made = [{one: np.where(hit, worse[one], good[one]) for one in good} for hit in hits]
    return [way.way(scores(one), landmarks()) for one in made]


@pytest.mark.parametrize("damage", [chimeras, blobs])
def test_more_damage_is_further_on_the_way(damage):
    places = [one[way.KEY] for one in ways(damage)]
    assert places == sorted(places)


@pytest.mark.parametrize("damage", [chimeras, blobs])
def test_forty_percent_of_damage_are_told_from_none(damage):
    none, _, some, *_ = ways(damage)
    assert some[way.LOW] > max(none[way.KEY], 0.0)


def test_a_missing_class_weighs_less_than_forty_percent_of_chimeras():
    images, labels = all_digits()
    others = np.flatnonzero(labels[2 * N :] != 8)[:N] + 2 * N
    missing = way.way(scores(seen(images[others])), landmarks())
    assert missing[way.KEY] < ways(chimeras)[2][way.KEY]
