"""One training step of each model against the same step written out from its equations, every factor and term of them.

Here both go straight down the gradient, so that the way a network moves is its gradient: a step of Adam is nearly the
same for half a loss as for the whole. What a model reports need not be what it minimises; the weights show that.
"""

import pytest
import torch
from one_step import COUNT, PIXELS, a_batch, agree, down, signed, twin_models
from torch import nn

from reference_models import (
    autoencoder,
    began,
    biggan,
    cgan,
    conv_autoencoder,
    conv_vae,
    cyclegan,
    cyclegan_emoji,
    cyclegan_resnet,
    dcgan,
    dcgan_deep,
    dcgan_small,
    dcgan_upconv,
    ebgan,
    gan_deep,
    improved_gan,
    pix2pix,
    sngan,
    vae,
    vdb_gan,
    wgan,
    wgan_gp,
)


def _generated(model, *labels):
    """Images for new noise."""
    return model.generator(torch.randn(COUNT, model.noise_dim), *labels)


def _mean(values):
    """The sum over the images, divided by their number."""
    return values.sum() / len(values)


def _squared_slopes(network, images):
    """|grad D|^2 of each image."""
    images = images.detach().requires_grad_()
    (slope,) = torch.autograd.grad(network(images).sum(), images, create_graph=True)
    return (slope**2).flatten(1).sum(1)


def _squares(real, fake):
    return _mean((real - 1) ** 2) / 2 + _mean(fake**2) / 2


def _square(fake):
    return _mean((fake - 1) ** 2)


def _half_square(fake):
    return _mean((fake - 1) ** 2) / 2


def _logarithms(real, fake):
    return -_mean(torch.sigmoid(real).log()) - _mean((1 - torch.sigmoid(fake)).log())


def _logarithm(fake):
    return -_mean(torch.sigmoid(fake).log())


def _hinges(real, fake):
    return _mean((1 - real).clamp(min=0)) + _mean((1 + fake).clamp(min=0))


def _minus_mean(fake):
    return -_mean(fake)


# ---- the discriminator first, then the generator


def _two_updates(model, loss_d, loss_g, *labels):
    """The generator gets noise of its own; both losses are functions of generated images."""
    minimised_d = loss_d(_generated(model, *labels).detach())
    down(minimised_d, model.discriminator)
    minimised_g = loss_g(_generated(model, *labels))
    down(minimised_g, model.generator)
    return {"generator": minimised_g, "discriminator": minimised_d}


@pytest.mark.parametrize(
    ("module", "settings", "loss_d", "loss_g"),
    [
        (cgan, {"dropout": 0.0}, _squares, _half_square),
        (dcgan_deep, {"dropout": 0.0}, _squares, _half_square),
        (dcgan_upconv, {"gradient_penalty": False, "d_train_iters": 1}, _squares, _square),
        (gan_deep, {"dropout": 0.0, "loss": "least-squares"}, _squares, _half_square),
        (gan_deep, {"dropout": 0.0, "loss": "vanilla"}, _logarithms, _logarithm),
        (improved_gan, {"feature_matching": False}, _logarithms, _logarithm),
    ],
    ids=["cgan", "dcgan-deep", "dcgan-upconv", "gan-deep least-squares", "gan-deep vanilla", "improved-gan"],
)
def test_a_step_is_the_two_losses_written_out(module, settings, loss_d, loss_g):
    labels = (a_batch().labels,) if module is cgan else ()

    def written(model):
        def d(images):
            return model.discriminator(images, *labels)

        real = signed(a_batch().x)
        return _two_updates(model, lambda fake: loss_d(d(real), d(fake)), lambda fake: loss_g(d(fake)), *labels)

    agree(twin_models(module, **settings), written)


def test_a_step_of_dcgan_is_the_two_cross_entropies_with_the_same_noise():
    def written(model):
        fake = _generated(model)
        loss_d = _logarithms(model.discriminator(signed(a_batch().x)), model.discriminator(fake.detach()))
        down(loss_d, model.discriminator)
        loss_g = _logarithm(model.discriminator(fake))
        down(loss_g, model.generator)
        return {"generator": loss_g, "discriminator": loss_d}

    agree(twin_models(dcgan), written)


def test_a_step_of_dcgan_small_is_algorithm_1_on_noisy_images():
    def noisy(images):
        return images + 0.3 * torch.randn(images.shape)

    def written(model):
        real, d = signed(a_batch().x), model.discriminator
        return _two_updates(
            model,
            lambda fake: _squares(*d(noisy(torch.cat([real, fake]))).chunk(2)),
            lambda fake: _square(d.eval()(noisy(fake))),
        )

    agree(twin_models(dcgan_small, input_noise=0.3, init_std=0.2), written)


def test_a_step_of_dcgan_upconv_adds_the_penalty_in_each_update_of_the_discriminator():
    def written(model):
        real, d = signed(a_batch().x), model.discriminator
        for _ in range(2):
            fake = _generated(model).detach()
            squares, share = _squares(d(real), d(fake)), torch.rand(COUNT, 1, 1, 1)
            loss_d = squares + 3 * _mean(_squared_slopes(d, share * real + (1 - share) * fake))
            down(loss_d, d)
        loss_g = _square(d(_generated(model)))
        down(loss_g, model.generator)
        return {"generator": loss_g, "discriminator": loss_d}

    agree(twin_models(dcgan_upconv, gradient_penalty=True, penalty_weight=3.0, d_train_iters=2), written)


def test_a_step_of_improved_gan_matches_the_means_of_the_features():
    def written(model):
        real, d = signed(a_batch().x), model.discriminator
        return _two_updates(
            model,
            lambda fake: _logarithms(d(real), d(fake)),
            lambda fake: ((d.features(real).sum(0) / COUNT - d.features(fake).sum(0) / COUNT) ** 2).sum(),
        )

    agree(twin_models(improved_gan, feature_matching=True), written)


@pytest.mark.parametrize(
    ("loss", "loss_d", "loss_g"),
    [("hinge", _hinges, _minus_mean), ("cross-entropy", _logarithms, _logarithm)],
    ids=["hinge", "cross-entropy"],
)
def test_a_step_of_sngan_shows_real_and_generated_images_together(loss, loss_d, loss_g):
    """Each pass of the discriminator is a power iteration."""

    def written(model):
        real, d = signed(a_batch().x), model.discriminator
        return _two_updates(
            model, lambda fake: loss_d(*d(torch.cat([real, fake])).chunk(2)), lambda fake: loss_g(d(fake))
        )

    agree(twin_models(sngan, loss=loss), written)


# ---- critics


@pytest.mark.parametrize("module", [wgan, wgan_gp], ids=["wgan", "wgan-gp"])
def test_a_step_of_the_critics_is_the_difference_of_the_means_and_the_penalty(module):
    def written(model):
        real, f = signed(a_batch().x), model.discriminator
        fake = _generated(model).detach()
        distance = _mean(f(real)) - _mean(f(fake))
        losses = {"discriminator": -distance, "wasserstein": distance}
        if module is wgan_gp:
            share = torch.rand(COUNT, 1, 1, 1)
            penalty = _mean((_squared_slopes(f, share * real + (1 - share) * fake).sqrt() - 1) ** 2)
            losses |= {"discriminator": -distance + 10 * penalty, "penalty": penalty}
        down(losses["discriminator"], f)
        losses["generator"] = -_mean(f(_generated(model)))
        down(losses["generator"], model.generator)
        return losses

    agree(twin_models(module, **({"clip": 1e3} if module is wgan else {"penalty_weight": 10.0})), written)


# ---- autoencoders and bottlenecks as discriminators


def _pulled_away(code):
    others = [(i, j) for i in range(COUNT) for j in range(COUNT) if i != j]
    cosines = torch.stack([code[i] @ code[j] / (code[i].norm() * code[j].norm()) for i, j in others])
    return _mean(cosines**2)


@pytest.mark.parametrize("pull_away", [0.0, 50.0])
def test_a_step_of_began_weighs_the_generated_images_by_k(pull_away):
    def written(model):
        def generated():
            normal = torch.randn(COUNT, model.noise_dim)
            return model.generator(torch.erf(normal / 2**0.5))  # uniform in [-1, 1]

        def error(images):
            return (images - model.discriminator(images)).abs().sum() / (COUNT * PIXELS)

        fake, real = generated().detach(), error(signed(a_batch().x))
        loss_d = real - 0.4 * error(fake)
        down(loss_d, model.discriminator)
        fake = generated()
        loss_g = error(fake)
        down(loss_g + pull_away * _pulled_away(model.discriminator[0](fake)), model.generator)
        balance = 0.5 * real - loss_g
        return {
            "generator": loss_g,
            "discriminator": loss_d,
            "k": 0.4 + 0.01 * balance,
            "M global": real + balance.abs(),
        }

    twins = twin_models(began, gamma=0.5, k_step=0.01, pull_away=pull_away)
    for model in twins:
        model.k.fill_(0.4)
    agree(twins, written)


def test_a_step_of_ebgan_is_equations_1_and_2_with_the_pull_away_term():
    def written(model):
        def energy(images):
            error = model.discriminator.decoder(model.discriminator.encoder(images)) - images
            return (error**2).sum((1, 2, 3)).sqrt()

        fake = _generated(model).detach()
        real = energy(signed(a_batch().x))
        loss_d = _mean(real) + _mean((25 - energy(fake)).clamp(min=0))
        down(loss_d, model.discriminator)
        fake = _generated(model)
        generated = energy(fake)
        loss_g = _mean(generated) + 50 * _pulled_away(model.discriminator.encoder(fake))
        down(loss_g, model.generator)
        energies = {"real energy": _mean(real), "generated energy": _mean(generated)}
        return {"generator": loss_g, "discriminator": loss_d, **energies}

    agree(twin_models(ebgan, margin=25.0, pull_away=50.0), written)


@pytest.mark.parametrize("penalty", [False, True])
def test_a_step_of_vdb_gan_adds_beta_times_the_excess_and_the_penalty(penalty):
    def written(model):
        real, d = signed(a_batch().x), model.discriminator
        fake = _generated(model).detach()
        mean, log_sigma = d.encoder(torch.cat([real, fake])).chunk(2, dim=1)
        judged = _logarithms(*d.judge(mean + log_sigma.exp() * torch.randn(mean.shape)).chunk(2))
        kl = _mean(mean**2 + (2 * log_sigma).exp() - 2 * log_sigma - 1) / 2
        minimised = judged + 0.7 * (kl - 0.1)
        if penalty:
            minimised = minimised + 3 * _mean(_squared_slopes(d, real))
        down(minimised, d)
        fake = _generated(model)
        loss_g = _logarithm(d.judge(d.encoder(fake).chunk(2, dim=1)[0]))
        down(loss_g, model.generator)
        return {"generator": loss_g, "discriminator": judged, "kl": kl, "beta": 0.7 + 0.5 * (kl - 0.1)}

    settings = {"beta_start": 0.7, "beta_step": 0.5, "information": 0.1, "penalty_weight": 3.0}
    agree(twin_models(vdb_gan, gradient_penalty=penalty, **settings), written)


# ---- with labels and with pairs


def test_a_step_of_biggan_is_the_hinge_of_each_share_and_minus_the_mean():
    def written(model):
        def generated(labels):
            return model.generator(torch.randn(2, model.noise_dim), model.generator.classes(labels))

        for real, labels in zip(a_batch().x.split(2), a_batch().labels.split(2), strict=True):
            shown = torch.cat([signed(real), generated(labels).detach()])
            loss_d = _hinges(*model.discriminator(shown, labels.repeat(2)).chunk(2))
            down(loss_d, model.discriminator)
        loss_g = _minus_mean(model.discriminator(generated(labels), labels))
        down(loss_g, model.generator)
        return {"generator": loss_g, "discriminator": loss_d}

    agree(twin_models(biggan), written)


@pytest.mark.parametrize("adversarial", [True, False])
def test_a_step_of_pix2pix_is_half_the_cross_entropy_and_the_generator_s_with_l1(adversarial):
    def written(model):
        x, y = signed(a_batch().x), signed(a_batch().y)
        fake = model.generator(x)
        l1 = (y - fake).abs().sum() / (COUNT * PIXELS)
        if not adversarial:
            down(7 * l1, model.generator)
            return {"L1": l1}
        real_pair, fake_pair = torch.cat([x, y], 1), torch.cat([x, fake], 1)
        for_real, for_fake = (model.discriminator(pair).flatten() for pair in (real_pair, fake_pair.detach()))
        loss_d = _logarithms(for_real, for_fake) / 2
        down(loss_d, model.discriminator)
        loss_g = _logarithm(model.discriminator(fake_pair).flatten())
        down(loss_g + 7 * l1, model.generator)
        return {"generator": loss_g, "discriminator": loss_d, "L1": l1}

    agree(twin_models(pix2pix, adversarial=adversarial, l1_weight=7.0, dropout=0.0), written)


# ---- cycles


def _mean_absolute(a, b):
    return (a - b).abs().sum() / (COUNT * PIXELS)


def _mean_squared(a, b):
    return ((a - b) ** 2).sum() / (COUNT * PIXELS)


def _summed_absolute(a, b):
    return (a - b).abs().sum() / COUNT


@pytest.mark.parametrize(
    ("module", "settings", "h", "for_d", "distance"),
    [
        (cyclegan, {"discriminator_weight": 0.7}, 1, 0.7, _mean_absolute),
        (cyclegan_emoji, {"cycle": "squared"}, 1, 1, _mean_squared),
        (cyclegan_emoji, {"cycle": "l1"}, 1, 1, _summed_absolute),
        (cyclegan_resnet, {"identity_weight": 3.0, "pool": 0}, 0.5, 0.5, _mean_absolute),
    ],
    ids=["cyclegan", "cyclegan-emoji squared", "cyclegan-emoji l1", "cyclegan-resnet"],
)
def test_a_step_of_the_cycles_moves_all_four_networks_as_written_out(module, settings, h, for_d, distance):
    """`h` stands before G, F, their sum, cycle and identity: the report halves each of them, the others none."""

    def written(model):
        x, y = signed(a_batch().x), signed(a_batch().y)
        d_of_x, d_of_y = (lambda images, d=d: d(images).flatten() for d in (model.D_X, model.D_Y))
        fake_x, fake_y = model.F(y), model.G(x)
        losses = {
            "D_X": for_d * 2 * _squares(d_of_x(x), d_of_x(fake_x.detach())),
            "D_Y": for_d * 2 * _squares(d_of_y(y), d_of_y(fake_y.detach())),
        }
        down(losses["D_X"] + losses["D_Y"], nn.ModuleList([model.D_X, model.D_Y]))
        losses["G"], losses["F"] = h * _square(d_of_y(fake_y)), h * _square(d_of_x(fake_x))
        losses["cycle"] = h * (distance(model.F(fake_y), x) + distance(model.G(fake_x), y))
        total = h * (losses["G"] + losses["F"]) + 7 * losses["cycle"]
        if module is cyclegan_resnet:
            losses["identity"] = h * (distance(model.F(x), x) + distance(model.G(y), y))
            total = total + 3 * losses["identity"]
        down(total, nn.ModuleList([model.G, model.F]))
        return losses

    agree(twin_models(module, cycle_weight=7.0, **settings), written)


# ---- autoencoders


@pytest.mark.parametrize(("module", "log_of"), [(vae, 2), (conv_vae, 1)], ids=["vae", "conv-vae"])
def test_a_step_of_a_vae_minimises_the_likelihood_and_the_weighted_divergence(module, log_of):
    """The encoder of `vae` gives log sigma^2, that of `conv-vae` log sigma."""

    def written(model):
        x = a_batch().x / 255
        mean, log = model.encoder(x)
        sigma = (log / log_of).exp()
        p = torch.sigmoid(model.decoder(mean + sigma * torch.randn(mean.shape)))
        likelihood = -_mean(x * p.log() + (1 - x) * (1 - p).log())
        kl = _mean(mean**2 + sigma**2 - 2 * sigma.log() - 1) / 2
        down(likelihood + 30 * kl, nn.ModuleList([model.encoder, model.decoder]))
        return {"reconstruction" if module is vae else "likelihood": likelihood, "kl": kl}

    agree(twin_models(module, kl_weight=30.0), written)


@pytest.mark.parametrize("module", [autoencoder, conv_autoencoder], ids=["autoencoder", "conv-autoencoder"])
def test_a_step_of_an_autoencoder_minimises_the_squared_distance(module):
    def written(model):
        x = a_batch().x / 255 if module is autoencoder else signed(a_batch().x)
        loss = _mean((model.decoder(model.encoder(x)) - x) ** 2)
        down(loss, nn.ModuleList([model.encoder, model.decoder]))
        return {"reconstruction": loss}

    agree(twin_models(module), written)
