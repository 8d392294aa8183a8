"""OpenAI's CLIP ViT-B/32: the features of CLIP-FID as clean-fid computes it.

Layers and weights: see `_clip`. Trained on 400 million pairs of images and texts from the web.
The input is OpenAI's own: the shorter side brought to 224 by Pillow's bicubic on bytes, then the centre.
Never run here with the published weights, only with random ones.
"""

from pathlib import Path

from metrics.extractors._vit import TRANSFORMERS, Dimensions, extractor_of
from metrics.extractors.types import Extract, Extractor, WeightFile

DIMENSIONS = Dimensions(width=768, layers=12, heads=12, patch=32, side=224, projection=512)
VERSION = 1


def build(weights: Path | None, mode: str, device: str, taps: tuple[str, ...]) -> Extract:
    """The extractor as a function; InputError where a package or the weights are missing, or these are foreign."""
    from metrics.extractors import _clip

    return extractor_of(
        "clip-vit-b32",
        weights,
        device,
        taps,
        load=lambda path: _clip.load(path, DIMENSIONS),
        prepare=lambda images: _clip.shorter_side_then_centre(images, DIMENSIONS.side),
    )


EXTRACTOR = Extractor(
    name="clip-vit-b32",
    title="CLIP ViT-B/32 (CLIP-FID)",
    source="Radford et al. 2021, arXiv 2103.00020; Kynkäänniemi et al. 2022, arXiv 2203.06026",
    family="clip-vit-b32",
    taps={"pool": 512},
    pool="pool",
    resize=("pillow",),
    build=build,
    weights=(
        WeightFile.of_hub("openai/clip-vit-base-patch32", "pytorch_model.bin", "MIT"),
        WeightFile.of_hub("openai/clip-vit-base-patch32", "model.safetensors", "MIT"),
    ),
    needed=TRANSFORMERS,
    version=VERSION,
)
