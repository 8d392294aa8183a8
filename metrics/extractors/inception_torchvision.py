"""torchvision's Inception-v3 with its ImageNet weights: 1000 classes, for Inception Scores over those classes.

Szegedy et al. 2016 (arXiv 1512.00567). The network is torchvision's own; its weights (IMAGENET1K_V1) are a conversion
of TensorFlow's later Inception-v3, not of the FID graph: numbers made with the two are not comparable. torchvision
scales its input with ImageNet's mean and deviation and undoes that inside (`transform_input`); what the convolutions
see is 2 x / 255 - 1, which is applied here directly for every resize mode, in one rounding instead of three.
`pool` is the average-pooled last block (2048), `logits` the class scores before the softmax.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from metrics.errors import InputError
from metrics.extractors._engine import compile_network, file_sha256
from metrics.extractors.imagenet import class_names
from metrics.extractors.resizing import normalise, resize
from metrics.extractors.types import Extract, Extractor, Features, Images, WeightFile

if TYPE_CHECKING:
    from torch import nn

SIZE = 299
VERSION = 1


def build(weights: Path | None, mode: str, device: str, taps: tuple[str, ...]) -> Extract:
    """The extractor as a function; InputError where the weights are missing, foreign or of another shape."""
    if weights is None:
        command = "bench weights fetch inception-torchvision"
        raise InputError(f"extractor 'inception-torchvision' needs its weights file. Get it with: {command}")
    path = weights
    key = f"inception-torchvision {VERSION} {file_sha256(path)}"
    network = compile_network(lambda: _network(path), key, (3, SIZE, SIZE), taps, device)

    def extract(images: Images) -> Features:
        return network(normalise(resize(images, mode, SIZE), "torch"))

    return extract


def _network(path: Path) -> "nn.Module":
    from torchvision.models import inception_v3
    from torchvision.models.feature_extraction import create_feature_extractor

    from metrics.extractors.state import load_network

    network = load_network(lambda: inception_v3(init_weights=False, transform_input=False), path)
    return create_feature_extractor(network, {"flatten": "pool", "fc": "logits"}, suppress_diff_warning=True)


EXTRACTOR = Extractor(
    name="inception-torchvision",
    title="torchvision's Inception-v3 (IMAGENET1K_V1, 1000 classes)",
    source="torchvision; Szegedy et al. 2016, arXiv 1512.00567",
    family="torchvision-inception",
    taps={"pool": 2048, "logits": 1000},
    pool="pool",
    resize=("torch", "clean", "tf1", "antialias"),
    build=build,
    logits="logits",
    classes=1000,
    class_names=class_names,
    weights=(
        WeightFile(
            name="inception_v3_google-0cc3c7bd.pth",
            url="https://download.pytorch.org/models/inception_v3_google-0cc3c7bd.pth",
            # torchvision publishes the prefix; the whole is on record with users who hashed their copy.
            sha256="0cc3c7bd75056d25e46cba549dc184522069b81e9787eff6df84f397bd52a5ef",
            size=108_949_747,
            licence="BSD-3-Clause",
        ),
    ),
    version=VERSION,
)
