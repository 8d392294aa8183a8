"""How other tools make a FID of the same images and the same weights, as their public source code says.

Read in torch-fidelity 0.4 (also its older versions and development branch), pytorch-fid 0.3, clean-fid 0.1.35,
torchmetrics 1.9, TTUR, guided-diffusion (ADM) and stylegan3. All of them take the features behind the last pooling of
the Inception of 2015 and fit one Gaussian to each set; what is in a `Tool` is all that makes their numbers differ.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from metrics.errors import InputError
from metrics.extractors.types import Extractor

GRAPH_SCALE, UNIT_SCALE = "(x - 128) / 128", "2 x / 255 - 1"
EIGENVALUES, SQRTM = "eigenvalues", "sqrtm"


@dataclass(frozen=True)
class Tool:
    """One way to a FID.

    `resize` is the mode of `metrics.extractors.resizing`, in words `resized`; `scaling` is of pixels x in [0, 255] and
    belongs to the mode. The means are taken in float32 where `single_mean`, the result is rounded to float32 where
    `single_result`; covariances are divided by n - `ddof`. `root` is how the trace of the root is found. `batch` drops
    the images behind the last whole batch, where there is more than one. A tool that `reads_statistics` takes those of
    a file, however that was made.
    """

    name: str
    resize: str
    resized: str
    antialias: bool
    scaling: str
    root: str
    single_mean: bool = False
    single_result: bool = False
    ddof: int = 1
    batch: int = 0
    reads_statistics: bool = False
    note: str = ""


TF1 = "bilinear of TensorFlow 1, in float32"
TOOLS = (
    Tool("torch-fidelity", "tf1", TF1, False, GRAPH_SCALE, EIGENVALUES, single_mean=True),
    Tool(
        *("pytorch-fid", "torch", "bilinear of torch, in float32", False, UNIT_SCALE, SQRTM),
        reads_statistics=True,
    ),
    Tool(
        *("clean-fid", "clean", "bicubic of Pillow, in float32", True, GRAPH_SCALE, SQRTM),
        single_mean=True,
    ),
    Tool(
        *("torchmetrics", "antialias", "bilinear of torch, in float32", True, GRAPH_SCALE, EIGENVALUES),
        single_result=True,
        note="since 1.8",
    ),
    Tool(
        *("torchmetrics, antialias=False", "tf1", TF1, False, GRAPH_SCALE, EIGENVALUES),
        single_result=True,
        note="all before 1.8",
    ),
    Tool(
        *("TTUR", "tf1", TF1, False, GRAPH_SCALE, SQRTM),
        batch=50,
        reads_statistics=True,
        note="drops the images behind the last whole batch of 50, in the order of the file system",
    ),
    Tool(
        *("ADM evaluator", "tf1", TF1, False, GRAPH_SCALE, SQRTM),
        single_mean=True,
        reads_statistics=True,
        note="reads .npz files alone",
    ),
    Tool(
        *("stylegan3", "tf1", TF1, False, GRAPH_SCALE, SQRTM),
        ddof=0,
        note="also stylegan2-ada",
    ),
)


def resizes_for(extractor: Extractor, tools: Iterable[Tool] = TOOLS) -> tuple[str, ...]:
    """The resizes of these tools that the extractor has; InputError where these are fewer than two."""
    found = tuple(dict.fromkeys(tool.resize for tool in tools if tool.resize in extractor.resize))
    if len(found) < 2:
        raise InputError(
            f"--conventions compares ways to resize images, and extractor {extractor.name!r} has "
            f"{' and '.join(extractor.resize)} alone; take inception, or another one that has several"
        )
    return found
