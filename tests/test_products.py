"""Products that another device makes: the same scores, whatever the caller has set."""

from contextlib import nullcontext

import numpy as np
import pytest
import torch

from bench.measuring import products
from bench.measuring.scoring import Options, score_pair
from bench.measuring.sets import MeasuredSet
from metrics import kid, memorisation, prdc
from metrics.arithmetic import mmd

draw = np.random.default_rng(0)
REAL, GENERATED, TRAIN = (draw.normal(size=(n, 8)).astype(np.float32) for n in (40, 30, 50))


def _scores():
    return prdc.compute(REAL, GENERATED), memorisation.compute(TRAIN, GENERATED, REAL), kid.compute(REAL, GENERATED)


def test_torch_makes_the_products_of_numpy_under_any_settings_of_the_caller(monkeypatch):
    monkeypatch.setattr(mmd, "SINGLE_FROM", 0)
    before = _scores()
    with torch.autocast("cpu", dtype=torch.bfloat16), products.by_torch("cpu"):
        after = (
            prdc.compute(REAL, GENERATED),
            memorisation.compute(TRAIN, GENERATED, REAL),
            kid.compute(REAL, GENERATED),
        )
    assert after[:2] == before[:2]
    assert after[2] == pytest.approx(before[2], rel=1e-5)


def test_the_device_that_made_the_features_makes_the_products_of_many_of_them(monkeypatch):
    asked = []
    monkeypatch.setattr(products, "by_torch", lambda device: asked.append(device) or nullcontext())
    sets = [MeasuredSet("a", arrays={"pool": rows}, device="cuda") for rows in (REAL, GENERATED)]
    score_pair(*sets, prdc.METRIC, Options())
    assert not asked
    monkeypatch.setattr(products, "LEAST_WORK", 40 * 30 * 8)
    score_pair(*sets, prdc.METRIC, Options())
    assert asked == ["cuda"]
