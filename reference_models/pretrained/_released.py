"""What the three released generators of BigGAN-deep share: where their file is published, and how it is read.

torch is imported when a generator is built, so that listing them stays instant.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from reference_models.pretrained.types import PublicFile

if TYPE_CHECKING:
    from torch import Tensor

    from reference_models.types import Model

Layers = tuple[tuple[bool, int, int], ...]  # of each block: twice the side?, channels before and after in widths


def published(side: int, sha256: str = "", size: int = 0) -> PublicFile:
    """The weights file for images of this side; the hash and the size in bytes where they are on record."""
    name = f"biggan-deep-{side}-pytorch_model.bin"
    return PublicFile(
        name=name,
        url=f"https://s3.amazonaws.com/models.huggingface.co/biggan/{name}",
        sha256=sha256,
        size=size,
        licence="not on record; the package that publishes it is under Apache-2.0",
    )


def build(state: Mapping[str, "Tensor"], settings: Mapping[str, Any] | None, *, side: int, layers: Layers) -> "Model":
    """The generator with these blocks out of a state dict and its JSON settings."""
    from reference_models.pretrained._biggan_deep_files import build as build_deep

    return build_deep(state, settings, side, layers)
