"""Every option that the functions of `bench` and the commands share: its type, default, help and bounds, once.

A group of options is a TypedDict: the keywords of a function (`**settings: Unpack[Reading]`), from which the command
line makes its options, and `bench.options.checked` the checks of what Python hands over.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypedDict

from bench.options import Network, Option, Progress
from bench.storage.result_places import OWN
from metrics.options import MOST_SEED, SEED

WORKERS = 2
BATCH_SIZE = 32
DEVICES = ("auto", "cpu", "cuda")
EXTRA_DATA = ("yes", "no", "not said")


_extractor = "See `bench list extractors`; or torchvision:NAME, timm:NAME, onnx:FILE."
_resize = Option("tf1, clean, torch or pillow.  [default: the extractor's first]", metavar="MODE")
_weights = Option("Weights of the extractor.  [env: BENCH_WEIGHTS]", metavar="FILE")
_offline = Option("Never download weights; BENCH_OFFLINE=1 does the same.", False)
_trust_code = Option("Run TorchScript: it is code, so you must trust its author.", False)
_device = Option(default="auto", choices=DEVICES)
_workers = Option("Threads that decode images.", WORKERS, least=0)
_data_root = Option("Folder of the downloaded data sets.  [env: BENCH_DATA]")
_results = Option("Folder of the results; `results`, the published ones, is read with my-results.", OWN)
_force = Option("Replace existing output.", False)
_dataset = Option("The PATH, if the checkpoint was trained on folder:PATH.", metavar="NAME")
_progress = Option(flag="-")
_direction = Option("Of a translation.", choices=("x-to-y", "y-to-x"))
_noise_seed = Option("Of the noise.", 0, least=0)
_arithmetic = Option("Three labels for a - b + c.  [default: chosen]", (), metavar="A,B,C")
_compared = Option("Generated images to compare.  [default: as many as for testing, or 1000]", metavar="N")
_steps = Option("The number of images on a path.", 9)
_truncation = Option("Use only noise within [-T, T].  [default: the model's]", metavar="T")


# ----- sets of images, measured


class Settings(TypedDict, total=False):
    """How images become features, and which images of a set are read: the keywords of `Accumulator`."""

    extractor: Annotated[Network, Option(_extractor, "inception", metavar="NAME")]
    resize: Annotated[str | None, _resize]
    tap: Annotated[
        str | None, Option("Layer whose features are compared.  [default: the extractor's own]", metavar="NAME")
    ]
    weights: Annotated[Path | None, _weights]
    offline: Annotated[bool, _offline]
    trust_code: Annotated[bool, _trust_code]
    device: Annotated[str, _device]
    workers: Annotated[int, _workers]
    batch_size: Annotated[int, Option(default=BATCH_SIZE, least=1)]
    cache: Annotated[bool, Option("Compute everything.", True, "--no-cache")]
    limit: Annotated[int | None, Option("Draw N random images of each set.", metavar="N", least=1)]
    seed: Annotated[int, Option("Seed of --limit, shuffles and subsets.", SEED, least=0, most=MOST_SEED)]
    skip_corrupt: Annotated[bool, Option("Leave out files that cannot be decoded, and say so.", False)]
    data_root: Annotated[Path | None, _data_root]
    progress: Annotated[Progress | None, _progress]


class SetSettings(Settings, total=False):
    """The keywords of `fid`, `score` and `stats`: those, and what is known of features that are given for a set."""

    features: Annotated[bool, Option("Files of arrays hold features [n, d], not images.", False)]
    made_by: Annotated[str | None, Option("Name of what made the features.", metavar="NAME")]


class Looking(TypedDict, total=False):
    """Of `doctor`."""

    extractor: Annotated[str, Option(_extractor, "inception", metavar="NAME")]
    workers: Annotated[int, _workers]
    data_root: Annotated[Path | None, _data_root]
    progress: Annotated[Progress | None, _progress]


# ----- models


class TrainSettings(TypedDict, total=False):
    """What is trained, and how: the keywords of `train`."""

    seed: Annotated[int, Option(default=0, least=0)]
    settings: Annotated[
        tuple[str, ...] | Mapping[str, Any], Option("Change a setting of the recipe.", (), "--set", "NAME=VALUE")
    ]
    steps: Annotated[int | None, Option("Stop after this many steps.")]
    epochs: Annotated[float | None, Option("Stop after this many epochs.  [default: the recipe's]")]
    minutes: Annotated[float | None, Option("Stop after this many minutes of training.")]
    grid_steps: Annotated[int | None, Option("Pictures every N steps.  [default: a tenth of the run]")]
    grid_epochs: Annotated[float | None, Option("Pictures every N epochs.")]
    train_split: Annotated[str, Option("The split to train on.", "train")]
    device: Annotated[str, _device]
    precision: Annotated[Literal["float32", "bf16"], Option(default="float32", choices=("float32", "bf16"))]
    compile: Annotated[bool, Option("torch.compile the networks.", False)]
    log: Annotated[
        Literal["tensorboard"] | None, Option("Also write the curves for TensorBoard.", choices=("tensorboard",))
    ]
    resume: Annotated[bool, Option("Continue an interrupted run.", False)]
    force: Annotated[bool, Option("Start again and replace an existing run or record.", False)]
    workdir: Annotated[Path, Option("Folder for runs/.  [default: this folder]", Path())]
    data_root: Annotated[Path | None, _data_root]
    progress: Annotated[Progress | None, _progress]


class Extracting(TypedDict, total=False):
    """Which features: those of a data set's protocol, or of another extractor."""

    extractor: Annotated[str | None, Option(f"{_extractor}  [default: the data set's]", metavar="NAME")]
    resize: Annotated[str | None, _resize]
    weights: Annotated[Path | None, _weights]
    offline: Annotated[bool, _offline]
    workers: Annotated[int, _workers]


class Judging(Extracting, total=False):
    """By which protocol, and where its records go."""

    results: Annotated[Path, _results]


class RunSettings(TrainSettings, Judging, total=False):
    """The keywords of `run` and `plan`."""


class Remeasuring(Judging, total=False):
    """The keywords of `rescore`, and of `evaluate` but one."""

    dataset: Annotated[str | None, _dataset]
    device: Annotated[str, _device]
    data_root: Annotated[Path | None, _data_root]
    force: Annotated[bool, _force]
    progress: Annotated[Progress | None, _progress]


class SampleSettings(TypedDict, total=False):
    """The keywords of `sample`."""

    seed: Annotated[int, _noise_seed]
    images: Annotated[Path | None, Option("Images to translate or reconstruct.  [default: test images]", metavar="DIR")]
    direction: Annotated[str | None, _direction]
    classes: Annotated[
        str | None,
        Option("Labels, by name or number; the images take them in turn.", metavar="A,B,..."),
    ]
    truncation: Annotated[float | None, _truncation]
    weights: Annotated[Path | None, Option("Weights of a pretrained generator.  [env: BENCH_WEIGHTS]", metavar="FILE")]
    offline: Annotated[bool, _offline]
    dataset: Annotated[str | None, _dataset]
    device: Annotated[str, _device]
    data_root: Annotated[Path | None, _data_root]
    force: Annotated[bool, _force]


# ----- leaderboard


class Refeaturing(TypedDict, total=False):
    """How the rules of a track are carried out here."""

    weights: Annotated[Path | None, _weights]
    offline: Annotated[bool, _offline]
    device: Annotated[str, _device]
    workers: Annotated[int, _workers]
    data_root: Annotated[Path | None, _data_root]
    results: Annotated[Path, _results]
    progress: Annotated[Progress | None, _progress]


class Isolating(TypedDict, total=False):
    """Within which limits somebody's generator runs."""

    generator_minutes: Annotated[float, Option("Time limit of a generator.", 30.0, least=0.01)]
    generator_memory: Annotated[float, Option("Limit of address space of a generator, in GiB.", 12.0, least=0.1)]
    trust_code: Annotated[bool, _trust_code]


class VerifySettings(Refeaturing, Isolating, total=False):
    """The keywords of `verify`."""


class Said(TypedDict, total=False):
    """What a submitter says of an entry, beside its name."""

    authors: Annotated[str, Option(default="", metavar="TEXT")]
    link: Annotated[str, Option(default="", metavar="URL")]
    paper: Annotated[str, Option(default="", metavar="TEXT")]
    code: Annotated[str, Option(default="", metavar="URL")]
    licence: Annotated[str, Option("Of the images.", "", "--license", "TEXT")]
    extra_data: Annotated[
        Literal["yes", "no", "not said"],
        Option("Did you use more than the track's training images?", "not said", choices=("yes", "no", "not said")),
    ]
    seed_policy: Annotated[str, Option('For example "seed 0, not selected".', "", metavar="TEXT")]
    note: Annotated[str, Option(default="", metavar="TEXT")]


class Noise(TypedDict, total=False):
    """What an ONNX or TorchScript generator is given and gives."""

    noise_dim: Annotated[
        str | None, Option("Of a generator: the length of its noise, or its shape 100x1x1.", metavar="N")
    ]
    noise: Annotated[
        Literal["normal", "uniform-1..1", "uniform0..1"],
        Option(default="normal", choices=("normal", "uniform-1..1", "uniform0..1")),
    ]
    output_range: Annotated[
        Literal["-1..1", "0..1", "0..255"], Option(default="-1..1", choices=("-1..1", "0..1", "0..255"))
    ]


class Submitting(TypedDict, total=False):
    """What is to be done with a submission."""

    reference: Annotated[bool, Option("Mark a checkpoint as a reference model of this project.", False)]
    dry_run: Annotated[bool, Option("Only check the images.", False)]
    force: Annotated[bool, _force]


class SubmitSettings(Said, Noise, Isolating, Submitting, Refeaturing, total=False):
    """The keywords of `submit`."""


# ----- explorations


class Exploring(Extracting, total=False):
    """What all explorations take."""

    output: Annotated[Path | None, Option("A new folder.  [default: explore/... beside the checkpoint]", letter="-o")]
    dataset: Annotated[str | None, _dataset]
    data_root: Annotated[Path | None, _data_root]
    device: Annotated[str, _device]
    force: Annotated[bool, _force]
    progress: Annotated[Progress | None, _progress]


class OfGenerator(TypedDict, total=False):
    """What explorations take that look at pretrained generators too."""

    truncation: Annotated[float | None, _truncation]
    generator_weights: Annotated[
        Path | None, Option("Weights of a pretrained generator.  [env: BENCH_WEIGHTS]", metavar="FILE")
    ]


class ExploreNoise(TypedDict, total=False):
    """Varies the noise."""

    pairs: Annotated[int, Option("Pairs of noise vectors.", 3)]
    steps: Annotated[int, _steps]
    dims: Annotated[int, Option("How many single numbers of the noise to vary.", 8)]
    seed: Annotated[int, _noise_seed]


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
    seed: Annotated[int, _noise_seed]


class ExploreTruncation(TypedDict, total=False):
    """Measures with the noise truncated."""

    bounds: Annotated[
        tuple[float, ...] | None,
        Option("Bounds of the noise; inf means no bound.  [default: inf to 0.25]", None, "--at", "T,T...", commas=True),
    ]
    repeats: Annotated[int, Option("How many tables of noise, for precision and recall.", 3)]


class ExploreNeighbours(TypedDict, total=False):
    """Finds the nearest training images."""

    shown: Annotated[int, Option("Images in each part of the pictures.", 6)]
    k: Annotated[int, Option("Neighbours of each.", 4, "--neighbours", letter="-k")]
    samples: Annotated[int | None, _compared]
    limit: Annotated[int | None, Option("Search N random training images.  [default: all]", metavar="N")]
    direction: Annotated[str | None, Option("Direction of a translation.", choices=("x-to-y", "y-to-x"))]
    seed: Annotated[int, _noise_seed]


class ExploreSideBySide(TypedDict, total=False):
    """Puts several checkpoints side by side."""

    count: Annotated[int, Option("How many images of each to show.", 9)]
    measured: Annotated[bool, Option("Also measure each under the data set's protocol.", False)]
    seed: Annotated[int, _noise_seed]


# ----- reading a group
