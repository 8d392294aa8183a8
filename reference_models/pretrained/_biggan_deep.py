"""The generator of BigGAN-deep (Brock et al. 2019, figure 16, tables 7 to 9) for the weights that DeepMind released.

The weights were converted to torch by the package pytorch-pretrained-biggan, whose files are read here and whose output
is met within float32 rounding: the state dict with its names, the settings in JSON. What is folded when a file is read:

- spectral norm: each weight is divided by u' W v of the stored vectors, which is what the package does in every pass;
- the order of the first map (rows, columns, channels there);
- the last convolution has `channel_width` outputs of which three are used: the others are left out.

Batch norm has statistics for `n_stats` truncations from 0 to 1; between two of them the package interpolates, with the
two weights exchanged (a truncation just above a stored one gets nearly the statistics of the next). That is kept here,
because the numbers made with this generator were made so; the error is below one step, 1/50 of truncation.

Noise is `truncation` times a normal number within [-2, 2], as in the package and the demonstration of the authors, not
noise bounded by the truncation as in the paper. The package draws it with SciPy; here row i depends on (seed, i) only,
so equal seeds are other images of the same distribution. Pixels become bytes by this project's rule (x 127.5 + 128),
the package's is (x 128 + 128): they differ by one at most.
"""

from dataclasses import dataclass
from math import modf

import torch
from torch import Tensor, nn
from torch.nn import functional

from reference_models.blocks.biggan_networks import SelfAttention
from reference_models.errors import ModelError
from reference_models.loop.images import to_uint8
from reference_models.loop.noise import Noise
from reference_models.pretrained._released import Layers
from reference_models.types import Model

SIDE, FIRST, RGB = 4, 16, 3  # side of the first map, its channels in widths; channels of the images
REDUCTION = 4  # of channels inside a block
BOUND = 2.0  # of the noise before it is scaled


@dataclass(frozen=True)
class DeepConfig:
    """The settings as the package's JSON has them; the defaults are those of all three releases."""

    output_dim: int
    layers: Layers
    z_dim: int = 128
    class_embed_dim: int = 128
    channel_width: int = 128
    num_classes: int = 1000
    attention_layer_position: int = 8
    eps: float = 1e-4
    n_stats: int = 51

    def __post_init__(self) -> None:
        chained = all(one[2] == other[1] for one, other in zip(self.layers, self.layers[1:], strict=False))
        side = SIDE * 2 ** sum(up for up, _, _ in self.layers)
        if not self.layers or not chained or self.layers[0][1] != FIRST or self.layers[-1][2] != 1:
            raise ModelError(
                f"layers {self.layers} do not lead from 16 to 1 widths; the settings are of another network"
            )
        if side != self.output_dim or self.class_embed_dim != self.z_dim:
            raise ModelError(
                f"these layers make {side}x{side} images out of equal noise and embedding; the settings say "
                f"{self.output_dim}, {self.z_dim} and {self.class_embed_dim}: they are of another network"
            )


class StoredBatchNorm(nn.Module):
    """Batch norm by the statistics stored for `truncation`: (1 + W c) (x - mean) / sd + V c for a condition c [b, d].

    Where it is not conditional, gain and bias are two vectors.
    """

    means: Tensor
    variances: Tensor

    def __init__(self, channels: int, config: DeepConfig, conditional: bool) -> None:
        super().__init__()
        self.eps, self.conditional = config.eps, conditional
        self.register_buffer("means", torch.zeros(config.n_stats, channels))
        self.register_buffer("variances", torch.ones(config.n_stats, channels))
        if conditional:
            self.gain = nn.Linear(2 * config.z_dim, channels, bias=False)
            self.bias = nn.Linear(2 * config.z_dim, channels, bias=False)
        else:
            self.gain, self.bias = nn.Parameter(torch.ones(channels)), nn.Parameter(torch.zeros(channels))
        self.truncation = 1.0

    def statistics(self) -> tuple[Tensor, Tensor]:
        """Mean and variance [c] for the truncation."""
        share, start = modf(self.truncation / (1 / (len(self.means) - 1)))
        row = int(start)
        if share == 0:
            return self.means[row], self.variances[row]
        mean, variance = (share * rows[row] + (1 - share) * rows[row + 1] for rows in (self.means, self.variances))
        return mean, variance

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        mean, variance = self.statistics()
        gain, bias = (1 + self.gain(condition), self.bias(condition)) if self.conditional else (self.gain, self.bias)
        slope = gain / (variance + self.eps).sqrt()
        offset = bias - mean * slope
        return torch.addcmul(offset[..., None, None], x, slope[..., None, None])


class DeepBlock(nn.Module):
    """Figure 16: 1x1, 3x3, 3x3, 1x1 convolutions, a quarter of the channels inside; channels that are not kept are
    dropped on the way round."""

    def __init__(self, before: int, after: int, double: bool, config: DeepConfig) -> None:
        super().__init__()
        inside = before // REDUCTION
        self.kept, self.double = after if after == before else before // 2, double
        self.norms = nn.ModuleList(StoredBatchNorm(size, config, True) for size in (before, inside, inside, inside))
        self.convs = nn.ModuleList(
            [
                nn.Conv2d(before, inside, 1),
                nn.Conv2d(inside, inside, 3, padding=1),
                nn.Conv2d(inside, inside, 3, padding=1),
                nn.Conv2d(inside, after, 1),
            ]
        )

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        h = x
        for place, (norm, conv) in enumerate(zip(self.norms, self.convs, strict=True)):
            h = functional.relu(norm(h, condition))
            if place == 1:
                h = self._sized(h)
            h = conv(h)
        return h + self._sized(x[:, : self.kept])

    def _sized(self, x: Tensor) -> Tensor:
        return functional.interpolate(x, scale_factor=2) if self.double else x


class BigganDeep(Model):
    """The generator as a model: `sample` takes the noise of the package and int64 labels."""

    def __init__(self, config: DeepConfig) -> None:
        super().__init__()
        self.config = config
        self.noise_dim, self.classes, self.embedding_dim = config.z_dim, config.num_classes, config.class_embed_dim
        self.optimisers = {}
        width = config.channel_width
        self.embeddings = nn.Embedding(config.num_classes, config.class_embed_dim)
        self.gen_z = nn.Linear(2 * config.z_dim, FIRST * width * SIDE**2)
        self.layers = nn.ModuleList()
        for place, (double, before, after) in enumerate(config.layers):
            if place == config.attention_layer_position:
                self.layers.append(SelfAttention(before * width, _plain))
            self.layers.append(DeepBlock(before * width, after * width, double, config))
        self.bn = StoredBatchNorm(width, config, False)
        self.conv_to_rgb = nn.Conv2d(width, RGB, 3, padding=1)
        self.truncation = 1.0

    def truncate(self, bound: float) -> None:
        """The truncation of the package, above 0 and at most 1: noise is it times a normal number within [-2, 2]."""
        if not 0 < bound <= 1:
            raise ModelError(f"truncation {bound}; BigGAN-deep knows those above 0 and up to 1, such as 0.4")
        self.truncation = bound
        for layer in self.modules():
            if isinstance(layer, StoredBatchNorm):
                layer.truncation = bound

    def draw(self, rows: Noise) -> Tensor:
        return self.truncation * rows.truncated(self.noise_dim, BOUND)

    def class_embeddings(self) -> Tensor:
        return self.embeddings.weight

    def generate(self, noise: Tensor, embeddings: Tensor) -> Tensor:
        """Images [b, 3, h, w] in [-1, 1] of noise [b, z_dim], already scaled, and class embeddings [b, z_dim]."""
        condition = torch.cat([noise, embeddings], 1)
        x = self.gen_z(condition).unflatten(1, (-1, SIDE, SIDE))
        for layer in self.layers:
            x = layer(x, condition) if isinstance(layer, DeepBlock) else layer(x)
        return torch.tanh(self.conv_to_rgb(functional.relu(self.bn(x, condition))))

    def sample_embedded(self, noise: Tensor, embeddings: Tensor) -> Tensor:
        return to_uint8(self.generate(noise, embeddings))

    def sample(self, noise: Tensor, labels: Tensor | None = None) -> Tensor:
        if labels is None:
            raise ModelError("BigGAN-deep needs a label for each image; give labels")
        return self.sample_embedded(noise, self.embeddings(labels))


def _plain(before: int, after: int) -> nn.Module:
    return nn.Conv2d(before, after, 1, bias=False)
