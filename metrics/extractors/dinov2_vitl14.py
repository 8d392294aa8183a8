"""DINOv2 ViT-L on 14-pixel patches: the features of FD-DINOv2 as dgm-eval computes it.

Layers, weights and input: see `_dinov2`. Trained without labels on 142 million images (LVD-142M), so it has no classes
and no Inception Score. Never run here with the published weights, only with random ones.
"""

from pathlib import Path

from metrics.extractors._vit import TRANSFORMERS, Dimensions, extractor_of
from metrics.extractors.types import Extract, Extractor, WeightFile

DIMENSIONS = Dimensions(width=1024, layers=24, heads=16, patch=14, side=224)
VERSION = 1


def build(weights: Path | None, mode: str, device: str, taps: tuple[str, ...]) -> Extract:
    """The extractor as a function; InputError where a package or the weights are missing, or these are foreign."""
    from metrics.extractors import _dinov2

    return extractor_of(
        "dinov2-vitl14",
        weights,
        device,
        taps,
        load=lambda path: _dinov2.load(path, DIMENSIONS),
        prepare=lambda images: _dinov2.prepared(images, mode, DIMENSIONS.side),
    )


EXTRACTOR = Extractor(
    name="dinov2-vitl14",
    title="DINOv2 ViT-L/14 (FD-DINOv2)",
    source="Oquab et al. 2023, arXiv 2304.07193; Stein et al. 2023, arXiv 2306.04675",
    family="dinov2-vitl14",
    taps={"pool": 1024},
    pool="pool",
    resize=("pillow", "clean"),
    build=build,
    weights=(
        WeightFile(
            name="dinov2_vitl14_pretrain.pth",
            url="https://dl.fbaipublicfiles.com/dinov2/dinov2_vitl14/dinov2_vitl14_pretrain.pth",
            sha256="",
            size=0,
            licence="Apache-2.0",
        ),
        WeightFile.of_hub("facebook/dinov2-large", "model.safetensors", "Apache-2.0"),
    ),
    needed=TRANSFORMERS,
    version=VERSION,
)
