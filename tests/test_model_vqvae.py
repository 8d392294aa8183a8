"""vqvae: its networks, its codes and its prior on numbers worked out by hand."""

from dataclasses import replace
from math import log

import pytest
import torch
from network_facts import count, shapes
from one_step import COUNT, a_batch, agree, down, signed, twin_models
from torch import nn

from reference_models import vqvae
from reference_models.loop.noise import Noise
from reference_models.types import Batch, ImageShape

SMALL = ImageShape(1, 8, 12)
TINY = vqvae.MODEL.recipes["tiny"]


def built(shape=SMALL, **settings):
    torch.manual_seed(0)
    return vqvae.build(replace(TINY, **settings), shape, 0)


def codebook(vectors, **settings):
    book = vqvae.Codebook(replace(TINY, codes=len(vectors), code=len(vectors[0]), **settings))
    book.vectors.copy_(torch.tensor(vectors))
    return book


# ---- the architecture


def test_the_networks_are_those_of_section_4_1():
    model = vqvae.build(vqvae.VqvaeConfig(width=6, codes=5, code=3, prior_width=4, prior_blocks=2), SMALL, 0)
    residual = (9 * 36 + 6) + (36 + 6)
    encoder = (16 * 6 + 6) + (16 * 36 + 6) + (9 * 36 + 6) + 2 * residual + (6 * 3 + 3)
    decoder = (9 * 18 + 6) + 2 * residual + (16 * 36 + 6) + (16 * 6 + 1)
    masked = (4 * 2 + 2) + (9 * 4 + 2) + (2 * 4 + 4)
    prior = 5 * 4 + (49 * 16 + 4) + 2 * masked + (16 + 4) + (4 * 5 + 5)
    assert (count(model.encoder), count(model.decoder), count(model.prior)) == (encoder, decoder, prior)
    found = shapes(model.encoder, torch.zeros(1, *SMALL), (nn.Conv2d, vqvae.Residual))
    assert found == [(6, 4, 6), *4 * [(6, 2, 3)], (3, 2, 3)]
    found = shapes(model.decoder, torch.zeros(1, 3, 2, 3), (nn.Conv2d, nn.ConvTranspose2d, vqvae.Residual))
    assert found == [*3 * [(6, 2, 3)], (6, 4, 6), SMALL]
    assert (model.noise_dim, model.code_dim) == (6, 18)


# ---- the codes


def test_each_vector_gets_the_nearest_code():
    book = codebook([[0.0, 0.0], [1.0, 1.0], [0.0, 3.0]])
    z = torch.tensor([[0.4, 0.4], [0.6, 0.5], [-9.0, 2.0]]).T.reshape(1, 2, 1, 3)
    numbers = book.nearest(z)
    assert numbers.tolist() == [[[0, 1, 2]]]
    assert book.look_up(numbers)[0, :, 0].T.tolist() == [[0, 0], [1, 1], [0, 3]]


def test_codes_are_moving_means_of_what_comes_to_them():
    book = codebook([[0.0], [10.0]], average=0.5)
    book.counts.copy_(torch.tensor([4.0, 2.0]))
    book.sums.copy_(torch.tensor([[0.0], [20.0]]))
    z = torch.tensor([1.0, 3.0, 9.0]).reshape(1, 1, 1, 3)
    book.follow(z, book.nearest(z))
    assert book.counts.tolist() == [3, 1.5]
    assert book.vectors.flatten().tolist() == pytest.approx([(0 + 4) / 2 / 3, (20 + 9) / 2 / 1.5])


def test_a_code_to_which_nothing_comes_starts_anew_at_a_vector_of_the_batch():
    book = codebook([[0.0], [100.0]])
    book.counts.copy_(torch.tensor([1.0, 0.1]))
    z = torch.full((1, 1, 1, 4), 0.5)
    book.follow(z, book.nearest(z))
    assert book.vectors[1].item() == 0.5
    assert book.counts[1].item() == 1


def test_the_gradient_of_the_decoder_s_input_reaches_the_encoder_unchanged():
    """With no weight on the commitment, the encoder learns from the reconstruction alone."""
    model = built(commitment=1e-30)
    before = [weight.clone() for weight in model.encoder.parameters()]
    model.train_step(Batch(torch.randint(0, 256, (4, *SMALL), dtype=torch.uint8)))
    assert any(not torch.equal(old, new) for old, new in zip(before, model.encoder.parameters(), strict=True))


@pytest.mark.parametrize(("numbers", "expected"), [([0, 0, 0, 0], 1), ([0, 1, 0, 1], 2), ([0, 1, 2, 3], 4)])
def test_codes_in_use_are_counted_by_their_entropy(numbers, expected):
    assert built().in_use(torch.tensor(numbers).view(1, 2, 2)).item() == pytest.approx(expected)


def test_a_step_of_a_vqvae_hands_the_gradient_over_and_pulls_its_vectors_to_the_codes():
    def written(model):
        x = signed(a_batch().x)
        with torch.no_grad():
            z = model.encoder(x)
            places = z.permute(0, 2, 3, 1).flatten(0, 2)
            start = places[torch.randint(len(places), (8,))]  # all codes start at vectors of the batch
            numbers = torch.cdist(places, start).argmin(1).view(COUNT, 8, 8)
            e = start[numbers].permute(0, 3, 1, 2).requires_grad_()
        error = ((model.decoder(e) - x) ** 2).sum() / COUNT
        (slope,) = torch.autograd.grad(error, e, retain_graph=True)
        z = model.encoder(x)
        pull = ((z - e.detach()) ** 2).sum() / COUNT
        both = error + 0.5 * pull + (z * slope).sum()
        down(both, nn.ModuleList([model.encoder, model.decoder]))
        p = torch.log_softmax(model.prior(numbers), dim=1).gather(1, numbers[:, None])
        loss = -p.sum() / (COUNT * 64)
        down(loss, model.prior)
        shares = torch.bincount(numbers.flatten(), minlength=8) / (COUNT * 64)
        in_use = (-(shares[shares > 0] * shares[shares > 0].log()).sum()).exp()
        return {"reconstruction": error, "commitment": pull, "prior": loss, "codes in use": in_use}

    agree(twin_models(vqvae, commitment=0.5), written)


# ---- the prior


def test_the_prior_of_a_place_follows_from_the_places_before_it_only():
    model = built(ImageShape(1, 16, 16), prior_blocks=2)
    numbers = torch.randint(0, 8, (1, 4, 4))
    with torch.no_grad():
        whole = model.prior(numbers)
        for place in range(16):
            changed = numbers.clone().flatten()
            changed[place] = (changed[place] + 1) % 8
            moved = (model.prior(changed.view(1, 4, 4)) - whole).abs().amax((0, 1)).flatten() > 1e-6
            assert not moved[: place + 1].any()
            assert (
                moved[place + 1 : place + 2].all() or place % 4 == 3
            )  # a new line does not see the end of the last one


def test_a_number_of_noise_picks_the_code_in_whose_share_it_lies():
    model = built(codes=3)
    shares = torch.tensor([0.25, 0.25, 0.5])
    last = model.prior.layers[-1]
    nn.init.zeros_(last.weight)
    last.bias.data.copy_(shares.log())
    uniform = torch.tensor([[0.01, 0.24, 0.26, 0.49, 0.51, 0.99]], dtype=torch.float64)
    with torch.no_grad():
        assert model.draw_numbers(torch.special.ndtri(uniform)).flatten().tolist() == [0, 0, 1, 1, 2, 2]


def test_codes_are_drawn_one_place_at_a_time_given_those_before():
    """A prior that is sure of the code after the one to the left."""
    model = built(codes=8)

    def next_one(self, numbers):
        left = torch.cat([torch.full_like(numbers[:, :, :1], 7), numbers[:, :, :-1]], dim=2)
        return 100.0 * nn.functional.one_hot((left + 1) % 8, 8).permute(0, 3, 1, 2).double()

    model.prior.__class__ = type("Counting", (vqvae.Prior,), {"forward": next_one})
    assert model.draw_numbers(Noise(0, 0, 2).normal(6)).tolist() == 2 * [[[0, 1, 2], [0, 1, 2]]]


def test_it_learns_to_reconstruct_and_to_draw_two_images():
    torch.manual_seed(1)
    model = vqvae.build(replace(TINY, width=8, lr=1e-2), ImageShape(1, 4, 4), 0)
    images = torch.tensor([32, 224], dtype=torch.uint8).repeat(4)[:, None, None, None].expand(8, 1, 4, 4)
    for step in range(120):
        losses = model.train_step(Batch(images, step=step))
    assert losses["prior"].item() == pytest.approx(log(2), abs=0.05)
    with torch.no_grad():
        assert (model.reconstruct(images).int() - images.int()).abs().max() < 32
        made = model.sample(Noise(0, 0, 40).normal(1)).float().mean((1, 2, 3))
    assert torch.minimum((made - 32).abs(), (made - 224).abs()).max() < 32
    assert 8 < (made > 128).sum() < 32
