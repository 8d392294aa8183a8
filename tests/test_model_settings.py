"""Every setting of every model at 0 and at -1: a refusal that names it, or a meaning that is written down here."""

from dataclasses import fields
from math import isfinite
from typing import get_origin

import pytest
import torch

from bench import registry
from reference_models.errors import ModelError
from reference_models.loop import with_settings
from reference_models.loop.settings import _kinds
from reference_models.types import Batch, ImageShape

NAMES = registry.names("models")
SHAPE = ImageShape(3, 32, 32)
MEANS_NONE = {  # 0 switches something off, or is one end of a range
    "attention", "average", "beta1", "beta2", "beta_start", "blocks", "cooling", "cycle_weight", "dropout", "gamma",
    "identity_weight", "input_noise", "kl_weight", "l1_weight", "path_weight", "penalty_weight", "pool",
    "pull_away", "r1_weight", "slope",
}  # fmt: skip
NEVER_NONE = {("vdb-gan", "penalty_weight"), ("wgan-gp", "penalty_weight"), ("dcgan", "penalty_weight")}
ANY_SIGN = {"beta_start", "slope"}  # a weight that its rule brings back above 0; the slope of a line


def numeric_fields(config):
    """The settings that are one number."""
    kinds = _kinds(type(config))
    return [one.name for one in fields(config) if get_origin(kinds[one.name]) is None and kinds[one.name] is not bool]


def built(spec, setting):
    torch.manual_seed(0)
    return spec.build(with_settings(spec.recipes["tiny"], [setting]), SHAPE, 3)


@pytest.fixture(params=NAMES)
def spec(request):
    return registry.load("models", request.param)


@pytest.mark.parametrize("value", [0, -1])
def test_a_setting_at_0_or_below_is_refused_by_name_or_means_what_is_written_here(spec, value):
    accepted = set()
    for name in numeric_fields(spec.recipes["tiny"]):
        try:
            built(spec, f"{name}={value}")
            accepted.add(name)
        except ModelError as error:
            assert name in str(error) or "rate" in str(error), str(error)
    allowed = ANY_SIGN if value else {name for name in MEANS_NONE if (spec.name, name) not in NEVER_NONE}
    assert accepted == allowed & set(numeric_fields(spec.recipes["tiny"]))


def test_what_0_switches_off_leaves_a_model_that_learns(spec):
    images = torch.randint(0, 256, (4, *SHAPE), dtype=torch.uint8)
    for name in (MEANS_NONE - {"beta1", "beta2"}) & set(numeric_fields(spec.recipes["tiny"])):
        if (spec.name, name) in NEVER_NONE:
            continue
        losses = built(spec, f"{name}=0").train().train_step(Batch(images, images.flip(0), torch.tensor([0, 1, 2, 0])))
        assert all(isfinite(value) for value in losses.values()), name


def test_a_share_of_1_is_refused(spec):
    for name in {"beta1", "beta2", "dropout"} & set(numeric_fields(spec.recipes["tiny"])):
        with pytest.raises(ModelError, match=name):
            built(spec, f"{name}=1")
