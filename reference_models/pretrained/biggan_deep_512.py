"""BigGAN-deep for ImageNet at 512x512 (Brock et al. 2019, table 9), with the weights that DeepMind released."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from reference_models.pretrained.types import Pretrained, PublicFile

if TYPE_CHECKING:
    from torch import Tensor

    from reference_models.types import Model

LAYERS = (  # twice the side?, channels before and after in widths of 128
    (False, 16, 16),
    (True, 16, 16),
    (False, 16, 16),
    (True, 16, 8),
    (False, 8, 8),
    (True, 8, 8),
    (False, 8, 8),
    (True, 8, 4),
    (False, 4, 4),
    (True, 4, 2),
    (False, 2, 2),
    (True, 2, 1),
    (False, 1, 1),
    (True, 1, 1),
)


def build(state: Mapping[str, "Tensor"], settings: Mapping[str, Any] | None) -> "Model":
    from reference_models.pretrained._biggan_deep_files import build as build_deep

    return build_deep(state, settings, 512, LAYERS)


PRETRAINED = Pretrained(
    name="biggan-deep-512",
    title="BigGAN-deep, ImageNet at 512x512",
    source="Brock, Donahue and Simonyan 2019, arXiv 1809.11096; converted by pytorch-pretrained-biggan",
    shape=(3, 512, 512),
    classes=1000,
    labels="ImageNet (ILSVRC 2012) classes in their usual order",
    file=PublicFile(
        name="biggan-deep-512-pytorch_model.bin",
        url="https://s3.amazonaws.com/models.huggingface.co/biggan/biggan-deep-512-pytorch_model.bin",
        sha256="",  # not on record
        size=0,
        licence="not on record; the package that publishes it is under Apache-2.0",
    ),
    saved_as=("pytorch_model.bin", "config.json"),
    build=build,
)
