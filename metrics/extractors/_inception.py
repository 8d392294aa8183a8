"""The Inception-v3 of the FID: TensorFlow's graph of 2015-12-05 as a torch module.

Szegedy et al. 2016 (arXiv 1512.00567), figures 5 to 7, as in the graph that Heusel et al. 2017 (arXiv 1706.08500) took
their statistics from. Module names are those of the public state dicts, so these load as they are. Agrees with
torch-fidelity's `FeatureExtractorInceptionV3` and pytorch-fid's `fid_inception_v3`.

What differs from torchvision's `inception_v3`: 1008 logits, average pooling that does not count the padding, and max
pooling in the last block, which the graph has where its siblings have average pooling.
"""

from typing import Any

import torch
from torch import nn
from torch.nn import functional as F


class Convolution(nn.Module):
    """Convolution without bias, batch norm, ReLU."""

    def __init__(
        self, n_in: int, n_out: int, kernel: int | tuple[int, int], stride: int = 1, padding: str = "same"
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(n_in, n_out, kernel, stride, _padding(kernel) if padding == "same" else 0, bias=False)
        self.bn = nn.BatchNorm2d(n_out, eps=0.001)

    def forward(self, x: Any) -> Any:
        return F.relu(self.bn(self.conv(x)))


def _padding(kernel: int | tuple[int, int]) -> tuple[int, int]:
    height, width = kernel if isinstance(kernel, tuple) else (kernel, kernel)
    return height // 2, width // 2


def _average_pool() -> nn.Module:
    return nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False)


class BlockA(nn.Module):
    """35 x 35: 1x1, 5x5, double 3x3 and pooled branches."""

    def __init__(self, n_in: int, n_pool: int) -> None:
        super().__init__()
        self.branch1x1 = Convolution(n_in, 64, 1)
        self.branch5x5_1 = Convolution(n_in, 48, 1)
        self.branch5x5_2 = Convolution(48, 64, 5)
        self.branch3x3dbl_1 = Convolution(n_in, 64, 1)
        self.branch3x3dbl_2 = Convolution(64, 96, 3)
        self.branch3x3dbl_3 = Convolution(96, 96, 3)
        self.pool = _average_pool()
        self.branch_pool = Convolution(n_in, n_pool, 1)

    def forward(self, x: Any) -> Any:
        return torch.cat(
            [
                self.branch1x1(x),
                self.branch5x5_2(self.branch5x5_1(x)),
                self.branch3x3dbl_3(self.branch3x3dbl_2(self.branch3x3dbl_1(x))),
                self.branch_pool(self.pool(x)),
            ],
            1,
        )


class BlockB(nn.Module):
    """35 x 35 -> 17 x 17."""

    def __init__(self, n_in: int) -> None:
        super().__init__()
        self.branch3x3 = Convolution(n_in, 384, 3, stride=2, padding="valid")
        self.branch3x3dbl_1 = Convolution(n_in, 64, 1)
        self.branch3x3dbl_2 = Convolution(64, 96, 3)
        self.branch3x3dbl_3 = Convolution(96, 96, 3, stride=2, padding="valid")
        self.pool = nn.MaxPool2d(3, stride=2)

    def forward(self, x: Any) -> Any:
        double = self.branch3x3dbl_3(self.branch3x3dbl_2(self.branch3x3dbl_1(x)))
        return torch.cat([self.branch3x3(x), double, self.pool(x)], 1)


class BlockC(nn.Module):
    """17 x 17: 7x7 convolutions as 1x7 and 7x1."""

    def __init__(self, n_in: int, n: int) -> None:
        super().__init__()
        self.branch1x1 = Convolution(n_in, 192, 1)
        self.branch7x7_1 = Convolution(n_in, n, 1)
        self.branch7x7_2 = Convolution(n, n, (1, 7))
        self.branch7x7_3 = Convolution(n, 192, (7, 1))
        self.branch7x7dbl_1 = Convolution(n_in, n, 1)
        self.branch7x7dbl_2 = Convolution(n, n, (7, 1))
        self.branch7x7dbl_3 = Convolution(n, n, (1, 7))
        self.branch7x7dbl_4 = Convolution(n, n, (7, 1))
        self.branch7x7dbl_5 = Convolution(n, 192, (1, 7))
        self.pool = _average_pool()
        self.branch_pool = Convolution(n_in, 192, 1)

    def forward(self, x: Any) -> Any:
        single = self.branch7x7_3(self.branch7x7_2(self.branch7x7_1(x)))
        double = self.branch7x7dbl_3(self.branch7x7dbl_2(self.branch7x7dbl_1(x)))
        double = self.branch7x7dbl_5(self.branch7x7dbl_4(double))
        return torch.cat([self.branch1x1(x), single, double, self.branch_pool(self.pool(x))], 1)


class BlockD(nn.Module):
    """17 x 17 -> 8 x 8."""

    def __init__(self, n_in: int) -> None:
        super().__init__()
        self.branch3x3_1 = Convolution(n_in, 192, 1)
        self.branch3x3_2 = Convolution(192, 320, 3, stride=2, padding="valid")
        self.branch7x7x3_1 = Convolution(n_in, 192, 1)
        self.branch7x7x3_2 = Convolution(192, 192, (1, 7))
        self.branch7x7x3_3 = Convolution(192, 192, (7, 1))
        self.branch7x7x3_4 = Convolution(192, 192, 3, stride=2, padding="valid")
        self.pool = nn.MaxPool2d(3, stride=2)

    def forward(self, x: Any) -> Any:
        long = self.branch7x7x3_4(self.branch7x7x3_3(self.branch7x7x3_2(self.branch7x7x3_1(x))))
        return torch.cat([self.branch3x3_2(self.branch3x3_1(x)), long, self.pool(x)], 1)


class BlockE(nn.Module):
    """8 x 8: 3x3 convolutions spread into 1x3 and 3x1."""

    def __init__(self, n_in: int, pool: nn.Module) -> None:
        super().__init__()
        self.branch1x1 = Convolution(n_in, 320, 1)
        self.branch3x3_1 = Convolution(n_in, 384, 1)
        self.branch3x3_2a = Convolution(384, 384, (1, 3))
        self.branch3x3_2b = Convolution(384, 384, (3, 1))
        self.branch3x3dbl_1 = Convolution(n_in, 448, 1)
        self.branch3x3dbl_2 = Convolution(448, 384, 3)
        self.branch3x3dbl_3a = Convolution(384, 384, (1, 3))
        self.branch3x3dbl_3b = Convolution(384, 384, (3, 1))
        self.pool = pool
        self.branch_pool = Convolution(n_in, 192, 1)

    def forward(self, x: Any) -> Any:
        single = self.branch3x3_1(x)
        double = self.branch3x3dbl_2(self.branch3x3dbl_1(x))
        return torch.cat(
            [
                self.branch1x1(x),
                self.branch3x3_2a(single),
                self.branch3x3_2b(single),
                self.branch3x3dbl_3a(double),
                self.branch3x3dbl_3b(double),
                self.branch_pool(self.pool(x)),
            ],
            1,
        )


class FIDInception(nn.Module):
    """float32 [b, 3, 299, 299] in about [-1, 1] to every tap; all but `spatial` are means over space."""

    def __init__(self) -> None:
        super().__init__()
        self.Conv2d_1a_3x3 = Convolution(3, 32, 3, stride=2, padding="valid")
        self.Conv2d_2a_3x3 = Convolution(32, 32, 3, padding="valid")
        self.Conv2d_2b_3x3 = Convolution(32, 64, 3)
        self.Conv2d_3b_1x1 = Convolution(64, 80, 1)
        self.Conv2d_4a_3x3 = Convolution(80, 192, 3, padding="valid")
        self.Mixed_5b = BlockA(192, 32)
        self.Mixed_5c = BlockA(256, 64)
        self.Mixed_5d = BlockA(288, 64)
        self.Mixed_6a = BlockB(288)
        self.Mixed_6b = BlockC(768, 128)
        self.Mixed_6c = BlockC(768, 160)
        self.Mixed_6d = BlockC(768, 160)
        self.Mixed_6e = BlockC(768, 192)
        self.Mixed_7a = BlockD(768)
        self.Mixed_7b = BlockE(1280, _average_pool())
        self.Mixed_7c = BlockE(2048, nn.MaxPool2d(3, stride=1, padding=1))
        self.fc = nn.Linear(2048, 1008)
        self.max_pool = nn.MaxPool2d(3, stride=2)
        self.mean = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())

    def forward(self, x: Any) -> Any:
        x = self.Conv2d_2b_3x3(self.Conv2d_2a_3x3(self.Conv2d_1a_3x3(x)))  # [b, 64, 147, 147]
        first = self.max_pool(x)  # [b, 64, 73, 73]
        second = self.max_pool(self.Conv2d_4a_3x3(self.Conv2d_3b_1x1(first)))  # [b, 192, 35, 35]
        x = self.Mixed_5d(self.Mixed_5c(self.Mixed_5b(second)))  # [b, 288, 35, 35]
        spatial = self.Mixed_6d(self.Mixed_6c(self.Mixed_6b(self.Mixed_6a(x))))  # [b, 768, 17, 17]
        third = self.Mixed_6e(spatial)
        pool = self.mean(self.Mixed_7c(self.Mixed_7b(self.Mixed_7a(third))))  # [b, 2048], from 8 x 8
        unbiased = F.linear(pool, self.fc.weight)
        return {
            "64": self.mean(first),
            "192": self.mean(second),
            "768": self.mean(third),
            # TensorFlow's mixed_6/conv is the first branch; ADM takes 7 of its channels, the last axis there.
            "spatial": torch.flatten(torch.permute(torch.narrow(spatial, 1, 0, 7), (0, 2, 3, 1)), 1),
            "pool": pool,
            "logits-unbiased": unbiased,
            "logits": unbiased + self.fc.bias,
        }
