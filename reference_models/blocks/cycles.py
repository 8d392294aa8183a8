"""What the CycleGANs share: four networks, one step, the pool of earlier images (Zhu et al. 2017, arXiv 1703.10593).

G: X -> Y and F: Y -> X with discriminators D_Y and D_X. The discriminators are updated first, then both generators
against them, on the same translations. The sources differ in their factors, which `CycleFactors` names:

    D_X       = d [mean (D_X(x) - 1)^2 + mean D_X(F(y))^2]                   D_Y likewise
    G         = g mean (D_Y(G(x)) - 1)^2                                     F likewise
    cycle     = h [distance(F(G(x)), x) + distance(G(F(y)), y)]
    identity  = h [mean |F(x) - x| + mean |G(y) - y|]
    the discriminators minimise D_X + D_Y, the generators h (G + F) + lambda cycle + mu identity
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from reference_models.blocks.gan_losses import least_squares_discriminator, least_squares_generator
from reference_models.blocks.steps import frozen, update
from reference_models.loop.images import to_float, to_uint8
from reference_models.types import Batch, Direction, ImageShape, Model

Distance = Callable[[Tensor, Tensor], Tensor]


def mean_absolute(a: Tensor, b: Tensor) -> Tensor:
    """Mean |a - b| over all values of two batches [b, c, h, w]."""
    return (a - b).abs().mean()


@dataclass(frozen=True)
class CycleFactors:
    """The numbers in the equations above; a loss whose factor is 0 is left out where it costs a pass."""

    discriminator: float  # d
    generator: float  # g
    directions: float  # h: 1 adds the two directions up, 1/2 averages them
    cycle: float  # lambda
    identity: float = 0.0  # mu
    distance: Distance = mean_absolute


class CycleModel(Model):
    """G, F, D_X and D_Y with one Adam for the generators and one for the discriminators.

    With a `pool`, the discriminators see half of the time an earlier translation instead of the present one.
    """

    directions = ("x-to-y", "y-to-x")

    def __init__(
        self,
        generators: Sequence[nn.Module],
        discriminators: Sequence[nn.Module],
        factors: CycleFactors,
        *,
        lr: float,
        betas: tuple[float, float],
        pools: Sequence["ImagePool"] = (),
    ) -> None:
        super().__init__()
        self.factors = factors
        self.G, self.F = generators
        self.D_X, self.D_Y = discriminators
        self.pools = nn.ModuleList(pools) if pools else None
        self.optimisers = {
            name: torch.optim.Adam(nn.ModuleList(pair).parameters(), lr=lr, betas=betas, fused=True)
            for name, pair in (("generators", generators), ("discriminators", discriminators))
        }

    def train_step(self, batch: Batch) -> Mapping[str, Tensor]:
        assert batch.y is not None
        factors, x, y = self.factors, to_float(batch.x), to_float(batch.y)
        fake_x, fake_y = self.F(y), self.G(x)

        seen_x, seen_y = self._seen(fake_x.detach(), fake_y.detach())
        d_x = factors.discriminator * discriminator_loss(self.D_X(x), self.D_X(seen_x))
        d_y = factors.discriminator * discriminator_loss(self.D_Y(y), self.D_Y(seen_y))
        update(self.optimisers["discriminators"], d_x + d_y)

        with frozen(self.D_X, self.D_Y):
            g = factors.generator * least_squares_generator(self.D_Y(fake_y))
            f = factors.generator * least_squares_generator(self.D_X(fake_x))
            losses = {"G": g, "F": f, "D_X": d_x, "D_Y": d_y, "cycle": self._cycle(x, y, fake_x, fake_y)}
            total = factors.directions * (g + f) + factors.cycle * losses["cycle"]
            if factors.identity:
                apart = mean_absolute(self.F(x), x) + mean_absolute(self.G(y), y)
                losses["identity"] = factors.directions * apart
                total = total + factors.identity * losses["identity"]
            update(self.optimisers["generators"], total)
        return {name: loss.detach() for name, loss in losses.items()}

    def _seen(self, fake_x: Tensor, fake_y: Tensor) -> tuple[Tensor, Tensor]:
        """The translations that the discriminators are shown."""
        if self.pools is None:
            return fake_x, fake_y
        return self.pools[0].exchange(fake_x), self.pools[1].exchange(fake_y)  # type: ignore[operator]

    def _cycle(self, x: Tensor, y: Tensor, fake_x: Tensor, fake_y: Tensor) -> Tensor:
        distance = self.factors.distance
        return self.factors.directions * (distance(self.F(fake_y), x) + distance(self.G(fake_x), y))

    def translate(self, images: Tensor, direction: Direction) -> Tensor:
        network = self.G if direction == "x-to-y" else self.F
        return to_uint8(network(to_float(images)))


def discriminator_loss(real: Tensor, fake: Tensor) -> Tensor:
    """Mean (D(real) - 1)^2 + mean D(fake)^2: the sum of two means, without the 1/2 of Algorithm 1."""
    return 2 * least_squares_discriminator(real, fake)


class ImagePool(nn.Module):
    """The last `size` translations or so (Shrivastava et al. 2017, section 2.3): a discriminator forgets less.

    Its images and their number are buffers, so that a checkpoint holds them.
    """

    images: Tensor
    count: Tensor

    def __init__(self, size: int, shape: ImageShape) -> None:
        super().__init__()
        self.register_buffer("images", torch.zeros(size, *shape))
        self.register_buffer("count", torch.zeros((), dtype=torch.int64))

    def exchange(self, images: Tensor) -> Tensor:
        """As many images [b, c, h, w]: new ones until the pool is full, then each for an earlier one half of the time.

        The new one takes the place of the one that it was given for.
        """
        shown = images.clone()
        for row, image in enumerate(images):
            if self.count < len(self.images):
                self.images[self.count] = image
                self.count += 1
            elif torch.rand(()) < 0.5:
                place = torch.randint(len(self.images), ())
                shown[row] = self.images[place]
                self.images[place] = image
        return shown
