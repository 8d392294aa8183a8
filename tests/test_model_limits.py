"""The shapes that each model takes, to the last pixel, and the smallest settings that it is built with."""

from dataclasses import fields, replace

import pytest
import torch

from bench import registry
from reference_models import began, biggan, cyclegan, ebgan, gan_deep, pix2pix
from reference_models.blocks.biggan_networks import layout
from reference_models.errors import ModelError
from reference_models.loop.settings import _kinds
from reference_models.types import ImageShape

ANY = [(1, 1), (3, 5), (7, 7)], []
RULES = {  # heights and widths that are taken, and others that are not
    "any": ANY,
    "squares from 7": ([(7, 7), (8, 8), (9, 9)], [(6, 6), (8, 16), (16, 8)]),
    "squares from 17": ([(17, 17), (18, 18)], [(16, 16), (17, 34), (34, 17)]),
    "squares of eights from 16": ([(16, 16), (24, 24)], [(8, 8), (12, 12), (20, 20), (16, 24), (24, 16)]),
    "eights from 32": ([(32, 32), (32, 40), (40, 32)], [(24, 32), (32, 24), (36, 32), (32, 36)]),
    "sixteens from 32": ([(32, 32), (32, 48), (48, 32)], [(16, 32), (32, 16), (40, 32), (32, 40)]),
    "fours": ([(4, 4), (4, 8), (28, 12)], [(2, 4), (6, 8), (8, 6)]),
    "halved to 4 to 8": (
        [(8, 8), (12, 12), (14, 14), (16, 16), (20, 20), (24, 24), (28, 28), (256, 256)],
        [(2, 2), (4, 4), (5, 5), (6, 6), (7, 7), (18, 18), (22, 22), (16, 8), (8, 16), (512, 512)],
    ),
    "doubled from 4 to 7": (
        [(8, 8), (10, 10), (12, 12), (14, 14), (16, 16), (28, 28), (64, 64)],
        [(2, 2), (4, 4), (6, 6), (7, 7), (9, 9), (18, 18), (16, 8)],
    ),
}
OTHER_RULES = {
    **dict.fromkeys(("autoencoder", "gan", "gan-deep", "pixel-gaussian", "train-copies", "vae"), "any"),
    **dict.fromkeys(("ddpm", "flow-matching"), "any"),
    **dict.fromkeys(("cgan", "cgan-translate", "dcgan-deep", "dcgan-small"), "squares from 17"),
    **dict.fromkeys(("cyclegan-emoji", "dcgan-upconv"), "squares of eights from 16"),
    "cyclegan-resnet": "eights from 32",
    "cyclegan": "sixteens from 32",
    "dcgan": "halved to 4 to 8",
    "stylegan2-small": "doubled from 4 to 7",
    "vqvae": "fours",
}
NAMES = [name for name in registry.names("models") if not name.startswith("biggan")]  # their layout is looked at below


def built(spec, height, width):
    with torch.device("meta"):
        return spec.build(spec.recipes["tiny"], ImageShape(3, height, width), 3)


@pytest.mark.parametrize("name", NAMES)
def test_a_model_takes_images_of_its_shapes_and_refuses_others_by_its_name(name):
    taken, refused = RULES[OTHER_RULES.get(name, "squares from 7")]
    spec = registry.load("models", name)
    for sides in taken:
        built(spec, *sides)
    for sides in refused:
        with pytest.raises(ModelError, match=rf"{name} cannot .* {sides[0]}x{sides[1]} images"):
            built(spec, *sides)


@pytest.mark.parametrize(
    ("side", "sides"),
    [
        (16, (4, 8, 16)), (20, (5, 10, 20)), (24, (6, 12, 24)), (28, (7, 14, 28)), (32, (4, 8, 16, 32)),
        (96, (6, 12, 24, 48, 96)), (256, (4, 8, 16, 32, 64, 128, 256)),
        *((side, None) for side in (3, 4, 6, 7, 8, 12, 14, 18, 22, 36, 72, 512)),
    ],
)  # fmt: skip
def test_biggan_halves_two_to_six_times_down_to_4_to_7(side, sides):
    if sides is None:
        with pytest.raises(ModelError, match=f"biggan cannot make {side}x{side} images"):
            layout(ImageShape(3, side, side), 1, 0)
        return
    found = layout(ImageShape(3, side, side), 1, 0)
    assert found.sides == sides
    assert found.halvings == (len(sides) - 1 if len(sides) > 4 else 2)


@pytest.mark.parametrize(
    ("attention", "place"), [(0, 0), (8, 8), (9, 8), (15, 8), (16, 16), (64, 16), (7, None), (1, None)]
)
def test_attention_stands_at_the_largest_inner_map_that_is_no_larger_than_asked_for(attention, place):
    if place is None:
        with pytest.raises(ModelError, match=rf"attention={attention}: the maps have sides \[8, 16\]"):
            layout(ImageShape(3, 32, 32), 1, attention)
    else:
        assert layout(ImageShape(3, 32, 32), 1, attention).attention == place


@pytest.mark.parametrize("shape", [(32, 16), (16, 32)])
def test_biggan_makes_squares(shape):
    with pytest.raises(ModelError, match="biggan cannot make"):
        layout(ImageShape(3, *shape), 1, 0)


# ----- settings

# a pair of codes, and a share for each update
NOT_ONE = {("ebgan", "batch_size"), ("biggan", "batch_size"), ("biggan-unlabelled", "batch_size")}


@pytest.mark.parametrize("name", registry.names("models"))
def test_1_is_enough_of_everything_that_is_counted(name):
    recipe = registry.load("models", name).recipes["tiny"]
    kinds = _kinds(type(recipe))
    for setting in (one.name for one in fields(recipe) if kinds[one.name] is int):
        if (name, setting) in NOT_ONE:
            with pytest.raises(ModelError, match=r"two images or more|cannot be shared"):
                replace(recipe, **{setting: 1})
        else:
            assert getattr(replace(recipe, **{setting: 1}), setting) == 1


@pytest.mark.parametrize("name", registry.names("models"))
def test_a_share_and_a_rate_are_taken_as_small_as_they_may_be(name):
    recipe = registry.load("models", name).recipes["tiny"]
    kinds = _kinds(type(recipe))
    for setting in (one.name for one in fields(recipe) if kinds[one.name] is float):
        assert getattr(replace(recipe, **{setting: 1e-30}), setting) == 1e-30


TAKEN_AND_REFUSED = [
    (began.BeganConfig, {"gamma": 1.0}, {"gamma": 1.01}),
    (began.BeganConfig, {"pull_away": 0.0, "batch_size": 1}, {"pull_away": 0.1, "batch_size": 1}),
    (began.BeganConfig, {"pull_away": 0.1, "batch_size": 2}, {"pull_away": -0.1, "batch_size": 2}),
    (ebgan.EbganConfig, {"pull_away": 0.0, "batch_size": 2}, {"pull_away": 0.0, "batch_size": 1}),
    (biggan.BigganConfig, {"average": 0.0}, {"average": 1.0}),
    (biggan.BigganConfig, {"truncation": None}, {"truncation": 0.0}),
    (biggan.BigganConfig, {"truncation": 0.1}, {"truncation": float("inf")}),
    (biggan.BigganConfig, {"batch_size": 6, "discriminator_steps": 3}, {"batch_size": 6, "discriminator_steps": 4}),
    (cyclegan.CycleganConfig, {"last_stride": 1}, {"last_stride": 3}),
    (cyclegan.CycleganConfig, {"last_stride": 2}, {"last_stride": 0}),
    (gan_deep.GanDeepConfig, {"hidden": (1,)}, {"hidden": ()}),
    (gan_deep.GanDeepConfig, {"hidden": (1, 2)}, {"hidden": (2, 0)}),
    (pix2pix.Pix2pixConfig, {"adversarial": False, "l1_weight": 1.0}, {"adversarial": False, "l1_weight": 0.0}),
    (pix2pix.Pix2pixConfig, {"adversarial": True, "l1_weight": 0.0}, {"adversarial": True, "l1_weight": -1.0}),
]


@pytest.mark.parametrize(("kind", "taken", "refused"), TAKEN_AND_REFUSED)
def test_settings_that_depend_on_each_other_are_refused_where_they_do_not_fit(kind, taken, refused):
    kind(**taken)
    with pytest.raises(ModelError):
        kind(**refused)
