"""BigGAN-deep for ImageNet at 256x256 (Brock et al. 2019, table 8), with the weights that DeepMind released."""

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
)


def build(state: Mapping[str, "Tensor"], settings: Mapping[str, Any] | None) -> "Model":
    from reference_models.pretrained._biggan_deep_files import build as build_deep

    return build_deep(state, settings, 256, LAYERS)


PRETRAINED = Pretrained(
    name="biggan-deep-256",
    title="BigGAN-deep, ImageNet at 256x256",
    source="Brock, Donahue and Simonyan 2019, arXiv 1809.11096; converted by pytorch-pretrained-biggan",
    shape=(3, 256, 256),
    classes=1000,
    labels="ImageNet (ILSVRC 2012) classes in their usual order",
    file=PublicFile(
        name="biggan-deep-256-pytorch_model.bin",
        url="https://s3.amazonaws.com/models.huggingface.co/biggan/biggan-deep-256-pytorch_model.bin",
        # As a public installer of this file records it; its record of the settings' hash equals that of LAYERS here.
        sha256="5900ef4065047e3aa0d1b66197b7f2664dceb59b27080e414ad57e203c485bc5",
        size=234_411_737,
        licence="not on record; the package that publishes it is under Apache-2.0",
    ),
    saved_as=("pytorch_model.bin", "config.json"),
    build=build,
)
