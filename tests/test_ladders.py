"""Damage ladders: a growing share of bad digits moves the way to noise up, step by step (benchmarks/ladders.py counts
from which share on, for every number)."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from bench.datasets import digits
from bench.leaderboard import way
from bench.measuring.measure import measure
from metrics import fid, inception_score, kid

N, SHARES = 250, (0.0, 0.2, 0.4, 0.7, 1.0)


@cache
def held_out():
    """The test digits, images and labels, in one random order."""
    split = digits.load("test", Path())
    order = np.random.default_rng(0).permutation(split.count)
    return split.take(order), split.labels[order]


@cache
def spare():
    """The training digits, of which damage is made."""
    split = digits.load("train", Path())
    return split.read(0, split.count), split.labels


@cache
def network():
    how = measure("digits-layout", cache=False)
    return how.extractor.build(how.weights.path, how.resize, "cpu", ("pool", "logits"))


def seen(images):
    return network()(np.repeat(images, 3, axis=1))


@cache
def real():
    return seen(held_out()[0][:N])


def scores(made):
    return {
        "kid": kid.compute(real()["pool"], made["pool"]),
        "inception-score": inception_score.compute(made["logits"]),
    }


@cache
def landmarks():
    noise = np.random.default_rng(1).integers(256, size=(N, 1, 32, 32), dtype=np.uint8)
    return {"real 2": scores(seen(spare()[0][:N])), "noise": scores(seen(noise))}


def chimeras():
    """The upper half of one digit on the lower half of the next one of another class."""
    images, labels = spare()
    differ = np.flatnonzero(labels[:-1] != labels[1:])[:N]
    return np.concatenate([images[differ, :, :16], images[differ + 1, :, 16:]], axis=2)


def blobs():
    """A Gaussian over pixels."""
    flat = spare()[0].reshape(-1, 1024).astype(float)
    mean = flat.mean(axis=0)
    drawn = np.random.default_rng(2).normal(size=(N, len(flat))) @ (flat - mean) / np.sqrt(len(flat)) + mean
    return drawn.clip(0, 255).astype(np.uint8).reshape(N, 1, 32, 32)


@cache
def ladder(damage):
    """Features of sets of which a growing share is damaged."""
    good, worse = seen(held_out()[0][N:]), seen(damage())
    hits = [np.arange(N)[:, None] < share * N for share in SHARES]
    return [{one: np.where(hit, worse[one], good[one]) for one in good} for hit in hits]


@cache
def ways(damage):
    return [way.way(scores(one), landmarks()) for one in ladder(damage)]


@cache
def one_class_missing():
    """Of each digit an 8, another one."""
    images, labels = held_out()
    made = images[N:].copy()
    lost = np.flatnonzero(labels[N:] == 8)
    made[lost] = spare()[0][np.flatnonzero(spare()[1] != 8)[: len(lost)]]
    return seen(made)


@pytest.mark.parametrize("damage", [chimeras, blobs])
def test_more_damage_is_further_on_the_way(damage):
    places = [one[way.KEY] for one in ways(damage)]
    assert places == sorted(places)


@pytest.mark.parametrize("damage", [chimeras, blobs])
def test_twenty_percent_of_damage_are_told_from_none(damage):
    none, some, *_ = ways(damage)
    assert some[way.LOW] > max(none[way.KEY], 0.0)


def test_a_missing_class_weighs_less_than_twenty_percent_of_chimeras():
    missing = way.way(scores(one_class_missing()), landmarks())
    assert missing[way.KEY] < ways(chimeras)[1][way.KEY]


def test_to_the_fid_a_missing_class_weighs_less_than_forty_percent_of_chimeras():
    def corrected(made):
        return fid.compute(real()["pool"], made["pool"])["fid_corrected"]

    assert corrected(one_class_missing()) < corrected(ladder(chimeras)[2])
