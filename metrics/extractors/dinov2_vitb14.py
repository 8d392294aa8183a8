"""DINOv2 ViT-B on 14-pixel patches: features for photographs, a quarter of the work of ViT-L.

Layers, weights and input: see `_dinov2`. Trained without labels on 142 million images (LVD-142M), so it has no classes
and no Inception Score. Never run here with the published weights, only with random ones.
"""

from pathlib import Path

from metrics.extractors._vit import TRANSFORMERS, Dimensions, extractor_of
from metrics.extractors.types import Extract, Extractor, WeightFile

DIMENSIONS = Dimensions(width=768, layers=12, heads=12, patch=14, side=224)
VERSION = 1


def build(weights: Path | None, mode: str, device: str, taps: tuple[str, ...]) -> Extract:
    """The extractor as a function; InputError where a package or the weights are missing, or these are foreign."""
    from metrics.extractors import _dinov2

    return extractor_of(
        "dinov2-vitb14",
        weights,
        device,
        taps,
        load=lambda path: _dinov2.load(path, DIMENSIONS),
        prepare=lambda images: _dinov2.prepared(images, mode, DIMENSIONS.side),
    )


EXTRACTOR = Extractor(
    name="dinov2-vitb14",
    title="DINOv2 ViT-B/14",
    source="Oquab et al. 2023, arXiv 2304.07193",
    family="dinov2-vitb14",
    taps={"pool": 768},
    pool="pool",
    resize=("pillow", "clean"),
    build=build,
    weights=(
        WeightFile(
            name="dinov2_vitb14_pretrain.pth",
            url="https://dl.fbaipublicfiles.com/dinov2/dinov2_vitb14/dinov2_vitb14_pretrain.pth",
            sha256="",
            size=0,
            licence="Apache-2.0",
        ),
        WeightFile.of_hub("facebook/dinov2-base", "model.safetensors", "Apache-2.0"),
    ),
    needed=TRANSFORMERS,
    version=VERSION,
)
