"""BigGAN (Brock, Donahue and Simonyan 2019, arXiv 1809.11096), which CSC413 (2020) assignment 4, part 3, looks into.

The first of the paper's two architectures (figure 15, tables 4 to 6), which is also the assignment's figure 2; the
"deep" one, of the released weights, is in `pretrained`. `blocks.biggan_networks` has the networks: class embedding and
a chunk of the noise into each block's conditional batch norm, self-attention, spectral norm, orthogonal weights,
projection discriminator. One step is `discriminator_steps` updates of D, each on its own share of the batch, then one
of G; generated images have the labels of real ones:

    D: mean max(0, 1 - D(x, y)) + mean max(0, 1 + D(G(z, y), y))            G: - mean D(G(z, y), y)

Samples come from `average`, a moving average of the generator's weights (appendix C). Its batch norm has statistics of
its own: each step passes one batch of noise through it. `truncation` is for sampling (section 3.1): noise beyond the
bound is drawn again, which is the same as noise drawn within it. Statistics depend on the noise, so `truncate` collects
them anew from a fixed table of noise (appendix C.1 calls them standing statistics).

Different from the paper: shapes that it has no table for (see CHANNELS of `blocks.biggan_networks`); the decay of the
average starts low instead of late; no orthogonal regularisation (equation 3), which the authors' own recipes do
without; batch norm is over all images of an update.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import isfinite

import torch
from torch import Tensor, nn

from reference_models.blocks.averages import collect_statistics, start_average, update_average
from reference_models.blocks.biggan_networks import Discriminator, Generator, layout
from reference_models.blocks.gan_losses import hinge_discriminator, hinge_generator
from reference_models.blocks.gan_steps import adam_pair
from reference_models.blocks.steps import frozen, update
from reference_models.errors import ModelError
from reference_models.loop.images import to_float, to_uint8
from reference_models.loop.noise import Noise
from reference_models.types import Batch, ImageShape, Model, ModelSpec

STATISTICS_SEED, STATISTICS_RUNS, STATISTICS_BATCH = 413, 16, 64  # 1,024 rows of noise


@dataclass(frozen=True)
class BigganConfig:
    width: int = 96  # table 4: ch
    embedding: int = 128  # appendix C: one embedding shared by all blocks
    chunk: int = 20  # table 4: 120 numbers of noise are 6 chunks of 20; the noise has one for the start and each block
    attention: int = 64  # table 4: after the block that makes 64 x 64; smaller images: the largest map below them
    discriminator_steps: int = 2  # section 3
    average: float = 0.9999  # appendix C: decay of the moving average
    truncation: float | None = None  # section 3.1; of samples only, `none` for all of the normal distribution
    lr: float = 5e-5  # section 3 halves that of Zhang et al. 2019; of the generator
    discriminator_rate: float = 4.0  # section 3: 2e-4, four times that of the generator
    beta1: float = 0.0  # appendix C
    beta2: float = 0.999  # appendix C
    batch_size: int = 512  # images of a step, for all updates of D together; the paper has 2 x 2048 on 128 TPU cores
    epochs: float = 100  # not given; 1.5e5 steps of the paper are 480 epochs of ImageNet

    def __post_init__(self) -> None:
        sizes = (self.width, self.embedding, self.chunk, self.discriminator_steps)
        if min(sizes) < 1 or min(self.lr, self.discriminator_rate) <= 0 or self.attention < 0:
            raise ModelError(f"sizes, steps and rates must be positive and attention 0 or more; got {self}")
        if not 0 <= self.average < 1:
            raise ModelError(f"average {self.average}; expected a decay in [0, 1), such as 0.999")
        if self.truncation is not None and not (isfinite(self.truncation) and self.truncation > 0):
            raise ModelError(f"truncation {self.truncation}; expected a number above 0, such as 0.5, or none")
        if self.batch_size % self.discriminator_steps:
            raise ModelError(
                f"batch_size {self.batch_size} cannot be shared by discriminator_steps {self.discriminator_steps}; "
                "give a multiple of it"
            )


class Biggan(Model):
    def __init__(self, config: BigganConfig, shape: ImageShape, classes: int) -> None:
        super().__init__()
        self.config = config
        plan = layout(shape, config.width, config.attention)
        sizes = (classes, config.embedding, config.chunk)
        self.generator = Generator(plan, shape, *sizes)
        self.discriminator = Discriminator(plan, shape, classes)
        self.average = Generator(plan, shape, *sizes)
        start_average(self.average, self.generator)
        self.noise_dim, self.classes, self.embedding_dim = self.generator.noise_dim, classes, config.embedding
        if config.truncation is not None:
            super().truncate(config.truncation)
        rates = (config.lr, config.beta1, config.beta2, config.discriminator_rate * config.lr)
        self.optimisers = adam_pair(self.generator, self.discriminator, *rates)

    def train_step(self, batch: Batch) -> Mapping[str, Tensor]:
        assert batch.labels is not None
        shares = self.config.discriminator_steps
        for real, labels in zip(batch.x.chunk(shares), batch.labels.chunk(shares), strict=True):
            with torch.no_grad():
                fake = self._generate(labels)
            scores = self.discriminator(torch.cat([to_float(real), fake]), labels.repeat(2))
            loss_d = hinge_discriminator(*scores.chunk(2))
            update(self.optimisers["discriminator"], loss_d)

        with frozen(self.discriminator):
            loss_g = hinge_generator(self.discriminator(self._generate(labels), labels))
            update(self.optimisers["generator"], loss_g)

        update_average(self.average, self.generator, self.config.average, batch.step)
        with torch.no_grad():
            self.average(self._noise_to_sample(labels), self.average.classes(labels))
        return {"generator": loss_g.detach(), "discriminator": loss_d.detach()}

    def _generate(self, labels: Tensor) -> Tensor:
        noise = torch.randn(len(labels), self.noise_dim, device=labels.device)
        return self.generator(noise, self.generator.classes(labels))

    def _noise_to_sample(self, labels: Tensor) -> Tensor:
        noise = torch.empty(len(labels), self.noise_dim, device=labels.device)
        bound = self.truncation
        return nn.init.trunc_normal_(noise, a=-bound, b=bound) if isfinite(bound) else noise.normal_()

    def truncate(self, bound: float) -> None:
        super().truncate(bound)
        collect_statistics(self.average, map(self._statistics_run, range(STATISTICS_RUNS)))

    def _statistics_run(self, run: int) -> tuple[Tensor, Tensor]:
        start, stop = run * STATISTICS_BATCH, (run + 1) * STATISTICS_BATCH
        embeddings = self.class_embeddings()
        labels = torch.arange(start, stop, device=embeddings.device) % self.classes
        return self.draw(Noise(STATISTICS_SEED, start, stop)).to(embeddings.device), embeddings[labels]

    def class_embeddings(self) -> Tensor:
        return self.average.classes.weight

    def sample(self, noise: Tensor, labels: Tensor | None = None) -> Tensor:
        if labels is None:
            raise ModelError("biggan needs a label for each image; give labels")
        return self.sample_embedded(noise, self.average.classes(labels))

    def sample_embedded(self, noise: Tensor, embeddings: Tensor) -> Tensor:
        return to_uint8(self.average(noise, embeddings))


def build(config: BigganConfig, shape: ImageShape, classes: int) -> Biggan:
    if classes < 2:
        raise ModelError(f"biggan needs two classes or more, the data have {classes}; use a labelled data set or dcgan")
    return Biggan(config, shape, classes)


SEED = BigganConfig()
SMALL = replace(SEED, embedding=32, chunk=8, discriminator_steps=1, average=0.999, lr=4e-4, discriminator_rate=2)

MODEL = ModelSpec(
    name="biggan",
    title="BigGAN, class-conditional, hinge loss",
    source="Brock, Donahue and Simonyan 2019, arXiv 1809.11096; CSC413 (2020) assignment 4, part 3",
    task="class-conditional",
    recipes={
        "cifar10": replace(  # appendix C.2 and the authors' recipe: equal rates, four updates of D with 50 images each
            SEED,
            width=64,
            attention=0,
            discriminator_steps=4,
            lr=2e-4,
            discriminator_rate=1,
            batch_size=200,
            epochs=500,
        ),
        "shapes": replace(SMALL, width=4, batch_size=32, epochs=1),  # 3,125 steps, about half an hour on two cores
        "digits": replace(SMALL, width=8, batch_size=32, epochs=30),  # 1,216 steps, minutes on two cores
        "default": SEED,
        "tiny": BigganConfig(width=2, embedding=3, chunk=2, batch_size=4, epochs=1),
    },
    build=build,
    figures={"losses": ("generator", "discriminator")},
)
