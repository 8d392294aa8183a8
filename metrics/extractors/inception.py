"""The FID Inception-v3: the features behind nearly every published FID, KID and Inception Score.

Weights: TensorFlow's graph of 2015-12-05, converted to torch; torch-fidelity and pytorch-fid publish them under two
names with equal keys. Taps agree with torch-fidelity 0.4 (`64`, `192`, `768`, `2048` as `pool`, `logits`,
`logits_unbiased`) to 1e-5. The resize mode `tf1` is torch-fidelity's, `clean` clean-fid's, `torch` pytorch-fid's and
`antialias` torchmetrics'; each brings its own scaling of pixels (see `_resize.normalise`).
"""

from pathlib import Path
from typing import TYPE_CHECKING

from metrics.errors import InputError
from metrics.extractors._engine import compile_network, file_sha256
from metrics.extractors.resizing import normalise, resize
from metrics.extractors.types import Extract, Extractor, Features, Images, WeightFile

if TYPE_CHECKING:
    from torch import nn

SIZE = 299
VERSION = 1


def build(weights: Path | None, mode: str, device: str, taps: tuple[str, ...]) -> Extract:
    """The extractor as a function; InputError where the weights are missing, foreign or of another shape."""
    if weights is None:
        raise InputError("extractor 'inception' needs its weights file. Get it with: bench weights fetch inception")
    path = weights

    def make() -> "nn.Module":
        from metrics.extractors._inception import FIDInception
        from metrics.extractors.state import load_network

        return load_network(FIDInception, path)

    key = f"inception {VERSION} {file_sha256(path)}"
    network = compile_network(make, key, (3, SIZE, SIZE), taps, device)

    def extract(images: Images) -> Features:
        return network(normalise(resize(images, mode, SIZE), mode))

    return extract


# The two names are one file: the same prefix stands in both, and both are on record with this sha256 and size.
SHA256 = "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2"
BYTES = 95_628_359

EXTRACTOR = Extractor(
    name="inception",
    title="FID Inception-v3 (TensorFlow graph of 2015-12-05)",
    source="Heusel et al. 2017, arXiv 1706.08500; Szegedy et al. 2016, arXiv 1512.00567",
    family="fid-inception",
    taps={"64": 64, "192": 192, "768": 768, "spatial": 2023, "pool": 2048, "logits": 1008, "logits-unbiased": 1008},
    pool="pool",
    spatial="spatial",
    resize=("tf1", "clean", "torch", "antialias"),
    build=build,
    logits="logits-unbiased",
    classes=1008,
    weights=(
        WeightFile(
            name="weights-inception-2015-12-05-6726825d.pth",
            url="https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/"
            "weights-inception-2015-12-05-6726825d.pth",
            sha256=SHA256,
            size=BYTES,
            licence="Apache-2.0",
        ),
        WeightFile(
            name="pt_inception-2015-12-05-6726825d.pth",
            url="https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/"
            "pt_inception-2015-12-05-6726825d.pth",
            sha256=SHA256,
            size=BYTES,
            licence="Apache-2.0",
        ),
    ),
    version=VERSION,
)
