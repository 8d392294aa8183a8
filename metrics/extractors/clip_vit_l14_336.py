"""OpenAI's CLIP ViT-L/14 at 336 pixels: the features of CMMD.

Layers and weights: see `_clip`. Trained on 400 million pairs of images and texts from the web.
The input is that of CMMD's code: the largest square in the centre, brought to 336 by Pillow's bicubic on bytes.
Never run here with the published weights, only with random ones.
"""

from pathlib import Path

from metrics.extractors._vit import TRANSFORMERS, Dimensions, extractor_of
from metrics.extractors.types import Extract, Extractor, WeightFile

DIMENSIONS = Dimensions(width=1024, layers=24, heads=16, patch=14, side=336, projection=768)
VERSION = 1


def build(weights: Path | None, mode: str, device: str, taps: tuple[str, ...]) -> Extract:
    """The extractor as a function; InputError where a package or the weights are missing, or these are foreign."""
    from metrics.extractors import _clip

    return extractor_of(
        "clip-vit-l14-336",
        weights,
        device,
        taps,
        load=lambda path: _clip.load(path, DIMENSIONS),
        prepare=lambda images: _clip.centre_then_resize(images, DIMENSIONS.side),
    )


EXTRACTOR = Extractor(
    name="clip-vit-l14-336",
    title="CLIP ViT-L/14 at 336 pixels (CMMD)",
    source="Radford et al. 2021, arXiv 2103.00020; Jayasumana et al. 2024, arXiv 2401.09603",
    family="clip-vit-l14-336",
    taps={"pool": 768},
    pool="pool",
    resize=("pillow",),
    build=build,
    weights=(
        WeightFile.of_hub("openai/clip-vit-large-patch14-336", "pytorch_model.bin", "MIT"),
        WeightFile.of_hub("openai/clip-vit-large-patch14-336", "model.safetensors", "MIT"),
    ),
    needed=TRANSFORMERS,
    version=VERSION,
)
