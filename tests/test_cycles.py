"""The step that the CycleGANs share, against its equations on networks of one number each; the pool of images."""

import pytest
import torch
from torch import nn

from reference_models.blocks.cycles import CycleFactors, CycleModel, ImagePool
from reference_models.types import Batch, ImageShape

SHAPE = ImageShape(1, 2, 2)
X, Y = 0.2, -0.6  # the one value of all pixels of x and of y in [-1, 1], nearly: uint8 has 153 and 51
A, B = 0.5, 1.25  # G(x) = A x, F(y) = B y
P, Q = 2.0, -1.5  # D_X(x) = P x, D_Y(y) = Q y


class Scale(nn.Module):
    """A network of one number that multiplies."""

    def __init__(self, factor):
        super().__init__()
        self.factor = nn.Parameter(torch.tensor(factor))

    def forward(self, images):
        return self.factor * images


def scales(factors, lr=0.01, pools=()):
    return CycleModel([Scale(A), Scale(B)], [Scale(P), Scale(Q)], factors, lr=lr, betas=(0.5, 0.999), pools=pools)


def batch(count=3):
    full = torch.ones(count, *SHAPE, dtype=torch.uint8)
    return Batch(full * 153, full * 51)


FACTORS = CycleFactors(discriminator=0.5, generator=0.25, directions=0.5, cycle=10, identity=3)


def test_every_loss_is_the_equation_with_its_factors():
    model = scales(FACTORS, lr=1e-12)  # the generators see the discriminators after their update: leave them in place
    losses = {name: loss.item() for name, loss in model.train_step(batch()).items()}
    assert losses == pytest.approx(
        {
            "D_X": 0.5 * ((P * X - 1) ** 2 + (P * B * Y) ** 2),
            "D_Y": 0.5 * ((Q * Y - 1) ** 2 + (Q * A * X) ** 2),
            "G": 0.25 * (Q * A * X - 1) ** 2,
            "F": 0.25 * (P * B * Y - 1) ** 2,
            "cycle": 0.5 * abs(A * B - 1) * (abs(X) + abs(Y)),
            "identity": 0.5 * (abs(B - 1) * abs(X) + abs(A - 1) * abs(Y)),
        },
        rel=1e-6,  # float32
    )


def test_the_generators_minimise_the_weighted_sum():
    model = scales(FACTORS, lr=1e-12)
    model.train_step(batch())
    inside = A * B - 1
    adversarial = 0.25 * 2 * (Q * A * X - 1) * Q * X
    cycle = 0.5 * (1 if inside > 0 else -1) * B * (abs(X) + abs(Y))
    identity = 0.5 * (1 if A > 1 else -1) * abs(Y)
    expected = 0.5 * adversarial + 10 * cycle + 3 * identity
    assert model.G.factor.grad.item() == pytest.approx(expected, rel=1e-6)  # float32


def test_the_discriminators_are_updated_first():
    """A large step of D_Y changes the loss of G in the same training step."""
    slow, fast = scales(FACTORS, lr=1e-12), scales(FACTORS, lr=1.0)
    losses = [model.train_step(batch())["G"].item() for model in (slow, fast)]
    moved = fast.D_Y.factor.item()
    assert losses[1] == pytest.approx(0.25 * (moved * A * X - 1) ** 2, rel=1e-5)  # float32
    assert losses[0] != pytest.approx(losses[1], rel=0.1)


def test_the_discriminators_learn_from_their_own_loss_only():
    model = scales(FACTORS, lr=1e-12)
    model.train_step(batch())
    expected = 0.5 * (2 * (P * X - 1) * X + 2 * P * (B * Y) ** 2)
    assert model.D_X.factor.grad.item() == pytest.approx(expected, rel=1e-6)  # float32


def test_without_a_factor_there_is_no_identity_loss():
    losses = scales(CycleFactors(discriminator=1, generator=1, directions=1, cycle=1)).train_step(batch())
    assert set(losses) == {"G", "F", "D_X", "D_Y", "cycle"}


def test_the_distance_is_that_of_the_cycle_and_the_identity_has_the_mean():
    def seven_means(a, b):
        return 7 * (a - b).abs().mean()

    factors = CycleFactors(discriminator=1, generator=1, directions=1, cycle=1, identity=1, distance=seven_means)
    losses = scales(factors).train_step(batch())
    inside = abs(A * B - 1) * (abs(X) + abs(Y))
    assert losses["cycle"].item() == pytest.approx(7 * inside, rel=1e-6)  # float32
    assert losses["identity"].item() == pytest.approx(abs(B - 1) * abs(X) + abs(A - 1) * abs(Y), rel=1e-6)


def test_with_lambda_0_the_cycle_is_watched_and_pulls_nothing():
    model = scales(CycleFactors(discriminator=1, generator=1, directions=1, cycle=0), lr=1e-12)
    losses = model.train_step(batch())
    assert losses["cycle"].item() == pytest.approx(abs(A * B - 1) * (abs(X) + abs(Y)), rel=1e-6)
    assert model.G.factor.grad.item() == pytest.approx(2 * (Q * A * X - 1) * Q * X, rel=1e-6)  # float32


# ---- the pool


def numbered(*numbers):
    return torch.tensor([float(number) for number in numbers])[:, None, None, None].expand(-1, *SHAPE)


def test_a_pool_shows_new_images_until_it_is_full():
    pool = ImagePool(5, SHAPE)
    for start in (0, 2):
        images = numbered(start, start + 1)
        assert torch.equal(pool.exchange(images), images)
    assert pool.count == 4
    assert torch.equal(pool.images[:4], numbered(0, 1, 2, 3))


def test_a_full_pool_shows_an_earlier_image_half_of_the_time_and_keeps_the_new_one_instead():
    torch.manual_seed(0)
    pool = ImagePool(50, SHAPE)
    pool.exchange(numbered(*range(50)))
    before = set(range(50))
    earlier = 0
    for number in range(50, 1_050):
        shown = int(pool.exchange(numbered(number)).mean())
        inside = {int(image.mean()) for image in pool.images}
        assert inside == (before if shown == number else before - {shown} | {number})
        earlier += shown != number
        before = inside
    assert earlier / 1_000 == pytest.approx(0.5, abs=0.06)  # nearly four standard deviations of 1,000 coins


def test_a_pool_leaves_the_images_it_is_given_as_they_are():
    torch.manual_seed(0)
    pool = ImagePool(2, SHAPE)
    for start in range(0, 40, 4):
        images = numbered(*range(start, start + 4)).clone()
        pool.exchange(images)
        assert torch.equal(images, numbered(*range(start, start + 4)))


def test_a_pool_stands_in_the_state_of_the_model():
    model = scales(FACTORS, pools=[ImagePool(2, SHAPE), ImagePool(2, SHAPE)])
    model.train_step(batch(3))
    state = model.state_dict()
    assert state["pools.0.count"] == state["pools.1.count"] == 2
    assert state["pools.0.images"].mean().item() == pytest.approx(B * Y, rel=1e-6)  # translations to X, float32
    assert state["pools.1.images"].mean().item() == pytest.approx(A * X, rel=1e-6)


def test_the_discriminators_see_the_pool_and_the_generators_the_present():
    model = scales(FACTORS, lr=1e-12, pools=[ImagePool(1, SHAPE), ImagePool(1, SHAPE)])
    model.pools[0].count += 1
    model.pools[0].images += 7
    torch.manual_seed(1)
    shown = [model.train_step(batch(1)) for _ in range(20)]
    seen = {round(losses["D_X"].item(), 3) for losses in shown}
    assert round(0.5 * ((P * X - 1) ** 2 + (P * 7) ** 2), 3) in seen
    assert {round(losses["F"].item(), 3) for losses in shown} == {round(0.25 * (P * B * Y - 1) ** 2, 3)}
