"""Options of what measures sets of images."""

from pathlib import Path
from typing import Annotated, Literal, TypedDict

from bench.options import Network, Option, Progress
from bench.settings import shared
from bench.settings.shared import BATCH_SIZE
from bench.settings.spreading import Launching, Spreading
from metrics.options import MOST_SEED, SEED

_batch_size = Option(default=BATCH_SIZE, least=1)
_cache = Option("Compute everything.", True, "--no-cache")
_skip_corrupt = Option("Leave out files that cannot be decoded, and say so.", False)
_precision = Option("Of the network; bf16 is faster and less exact.", "float32", choices=("float32", "bf16"))
_features = Option("Files of arrays hold features [n, d], not images.", False)
_made_by = Option("Name of what made the features.", metavar="NAME")


class Settings(TypedDict, total=False):
    """How images become features, and which images of a set are read: the keywords of `Accumulator`."""

    extractor: Annotated[Network, Option(shared.extractor, "inception", metavar="NAME")]
    resize: Annotated[str | None, shared.resize]
    tap: Annotated[
        str | None, Option("Layer whose features are compared.  [default: the extractor's own]", metavar="NAME")
    ]
    weights: Annotated[Path | None, shared.weights]
    offline: Annotated[bool, shared.offline]
    trust_code: Annotated[bool, shared.trust_code]
    device: Annotated[str, shared.device]
    workers: Annotated[int, shared.workers]
    batch_size: Annotated[int, _batch_size]
    cache: Annotated[bool, _cache]
    limit: Annotated[int | None, Option("Draw N random images of each set.", metavar="N", least=1)]
    seed: Annotated[int, Option("Seed of --limit, shuffles and subsets.", SEED, least=0, most=MOST_SEED)]
    skip_corrupt: Annotated[bool, _skip_corrupt]
    data_root: Annotated[Path | None, shared.data_root]
    progress: Annotated[Progress | None, shared.progress]


class PreciseSettings(Settings, total=False):
    """The keywords of `cache_status`: those, and in which precision the network runs."""

    precision: Annotated[Literal["float32", "bf16"], _precision]


class FeatureSettings(PreciseSettings, Launching, total=False):
    """The keywords of `features`: those, and which processes compute."""


class SetSettings(PreciseSettings, Spreading, total=False):
    """The keywords of `fid`, `score` and `stats`: those, and what is known of features that are given for a set."""

    features: Annotated[bool, _features]
    made_by: Annotated[str | None, _made_by]


class Asking(Spreading, total=False):
    """The keywords of `opinions`: how several extractors look at sets of one size."""

    offline: Annotated[bool, shared.offline]
    trust_code: Annotated[bool, shared.trust_code]
    device: Annotated[str, shared.device]
    workers: Annotated[int, shared.workers]
    batch_size: Annotated[int, _batch_size]
    cache: Annotated[bool, _cache]
    limit: Annotated[int | None, Option("At most N images in each set, drawn at random.", metavar="N", least=1)]
    seed: Annotated[int, Option("Seed of the halves and of --limit.", SEED, least=0, most=MOST_SEED)]
    skip_corrupt: Annotated[bool, _skip_corrupt]
    features: Annotated[bool, _features]
    made_by: Annotated[str | None, _made_by]
    data_root: Annotated[Path | None, shared.data_root]
    progress: Annotated[Progress | None, shared.progress]


class LabelledSettings(SetSettings, total=False):
    """The keywords of `score`: those, and what is known of the classes of a set that does not say them itself."""

    labels: Annotated[
        tuple[str, ...],
        Option("The class of each image of B in turn; one name is for all.", (), metavar="A,B,...", commas=True),
    ]


class Looking(TypedDict, total=False):
    """Of `doctor`."""

    extractor: Annotated[str, Option(shared.extractor, "inception", metavar="NAME")]
    workers: Annotated[int, shared.workers]
    data_root: Annotated[Path | None, shared.data_root]
    progress: Annotated[Progress | None, shared.progress]


class Explaining(TypedDict, total=False):
    """Of `explain`, beside those of `fid`."""

    fid: Annotated[
        tuple[float, ...], Option("A FID that you were given for these images; again for another one.", (), metavar="X")
    ]
    groups: Annotated[
        str | None,
        Option("What is counted.  [default: classes, if the extractor has them]", choices=("classes", "clusters")),
    ]
    clusters: Annotated[int, Option("How many clusters.", 10, least=2)]
    output: Annotated[Path | None, Option("A new folder for pictures and tables.", letter="-o", metavar="DIR")]
    force: Annotated[bool, shared.force]
