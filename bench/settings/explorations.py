"""Options of what looks at a trained model."""

from pathlib import Path
from typing import Annotated, TypedDict

from bench.options import Option, Progress
from bench.settings import shared
from bench.settings.models import Extracting

_tables = "How many tables of noise, for precision and recall."
_arithmetic = Option("Three labels for a - b + c.  [default: chosen]", (), metavar="A,B,C")
_compared = Option("Generated images to compare.  [default: as many as for testing, or 1000]", metavar="N")
_steps = Option("The number of images on a path.", 9)


class Exploring(Extracting, total=False):
    """What all explorations take."""

    output: Annotated[Path | None, Option("A new folder.  [default: explore/... beside the checkpoint]", letter="-o")]
    dataset: Annotated[str | None, shared.dataset]
    data_root: Annotated[Path | None, shared.data_root]
    device: Annotated[str, shared.device]
    force: Annotated[bool, shared.force]
    progress: Annotated[Progress | None, shared.progress]


class OfGenerator(TypedDict, total=False):
    """What explorations take that look at pretrained generators too."""

    truncation: Annotated[float | None, shared.truncation]
    generator_weights: Annotated[
        Path | None, Option("Weights of a pretrained generator.  [env: BENCH_WEIGHTS]", metavar="FILE")
    ]


class ExploreNoise(TypedDict, total=False):
    """Varies the noise."""

    pairs: Annotated[int, Option("Pairs of noise vectors.", 3)]
    steps: Annotated[int, _steps]
    dims: Annotated[int, Option("How many single numbers of the noise to vary.", 8)]
    seed: Annotated[int, shared.noise_seed]


class ExploreManifold(TypedDict, total=False):
    """Looks at the codes."""

    pairs: Annotated[int, Option("Pairs of test images.", 4)]
    steps: Annotated[int, _steps]
    grid: Annotated[int | None, Option("N x N images, for codes of 2 numbers.  [default: 15]", metavar="N")]
    arithmetic: Annotated[tuple[str, ...], _arithmetic]
    seed: Annotated[int, Option("Seed for the test images.", 0, least=0)]


class ExploreClasses(TypedDict, total=False):
    """Looks at the class embeddings."""

    pairs: Annotated[
        tuple[str, ...], Option("Two classes to interpolate.  [default: four pairs]", (), "--pair", metavar="A,B")
    ]
    samples: Annotated[int, Option("Rows of noise for each pair.", 2)]
    steps: Annotated[int, _steps]
    seed: Annotated[int, shared.noise_seed]


class ExploreTruncation(TypedDict, total=False):
    """Measures with the noise truncated."""

    bounds: Annotated[
        tuple[float, ...] | None,
        Option("Bounds of the noise; inf means no bound.  [default: inf to 0.25]", None, "--at", "T,T...", commas=True),
    ]
    repeats: Annotated[int, Option(_tables, 3)]


class ExploreSteps(TypedDict, total=False):
    """Measures with fewer and more sampling steps."""

    steps: Annotated[
        tuple[int, ...] | None,
        Option("Numbers of sampling steps.  [default: 1 to 100]", None, "--at", "N,N...", commas=True),
    ]
    repeats: Annotated[int, Option(_tables, 1)]


class ExploreNeighbours(TypedDict, total=False):
    """Finds the nearest training images."""

    shown: Annotated[int, Option("Images in each part of the pictures.", 6)]
    k: Annotated[int, Option("Neighbours of each.", 4, "--neighbours", letter="-k")]
    samples: Annotated[int | None, _compared]
    limit: Annotated[int | None, Option("Search N random training images.  [default: all]", metavar="N")]
    direction: Annotated[str | None, Option("Direction of a translation.", choices=("x-to-y", "y-to-x"))]
    seed: Annotated[int, shared.noise_seed]


class ExploreSideBySide(TypedDict, total=False):
    """Puts several checkpoints side by side."""

    count: Annotated[int, Option("How many images of each to show.", 9)]
    measured: Annotated[bool, Option("Also measure each under the data set's protocol.", False)]
    seed: Annotated[int, shared.noise_seed]
