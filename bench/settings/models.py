"""Options of what trains models, samples from them and measures what they make."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypedDict

from bench.options import Option, Progress
from bench.settings import shared
from bench.settings.spreading import Spreading


class TrainSettings(TypedDict, total=False):
    """What is trained, and how: the keywords of `train`."""

    seed: Annotated[int, Option(default=0, least=0)]
    settings: Annotated[
        tuple[str, ...] | Mapping[str, Any], Option("Change a setting of the recipe.", (), "--set", "NAME=VALUE")
    ]
    recipe: Annotated[str | None, Option("Take the recipe of another data set, or `laptop`.", metavar="NAME")]
    steps: Annotated[int | None, Option("Stop after this many steps.")]
    epochs: Annotated[float | None, Option("Stop after this many epochs.  [default: the recipe's]")]
    minutes: Annotated[float | None, Option("Stop after this many minutes of training.")]
    grid_steps: Annotated[int | None, Option("Pictures every N steps.  [default: a tenth of the run]")]
    grid_epochs: Annotated[float | None, Option("Pictures every N epochs.")]
    train_split: Annotated[str, Option("The split to train on; train:88 are its first 88 images.", "train")]
    device: Annotated[str, shared.device]
    precision: Annotated[Literal["float32", "bf16"], Option(default="float32", choices=("float32", "bf16"))]
    compile: Annotated[bool, Option("torch.compile the networks.", False)]
    log: Annotated[
        Literal["tensorboard", "wandb"] | None,
        Option("Also write curves and pictures for TensorBoard or Weights & Biases.", choices=("tensorboard", "wandb")),
    ]
    resume: Annotated[bool, Option("Continue an interrupted run.", False)]
    force: Annotated[bool, Option("Start again and replace an existing run or record.", False)]
    workdir: Annotated[Path, Option("Folder for runs/.  [default: this folder]", Path())]
    data_root: Annotated[Path | None, shared.data_root]
    progress: Annotated[Progress | None, shared.progress]


class Extracting(Spreading, total=False):
    """Which features: those of a data set's protocol, or of another extractor."""

    extractor: Annotated[str | None, Option(f"{shared.extractor}  [default: the data set's]", metavar="NAME")]
    resize: Annotated[str | None, shared.resize]
    weights: Annotated[Path | None, shared.weights]
    offline: Annotated[bool, shared.offline]
    workers: Annotated[int, shared.workers]


class Judging(Extracting, total=False):
    """By which protocol, and where its records go."""

    is_splits: Annotated[
        int, Option("Parts of the Inception Score: 1 as in the assignment, 10 as in most papers.", 1, least=1)
    ]
    results: Annotated[Path, shared.results]


class RunSettings(TrainSettings, Judging, total=False):
    """The keywords of `run` and `plan`."""


class SeedSettings(TypedDict, total=False):
    """How `run` and `plan` go through several seeds."""

    seeds: Annotated[str | None, Option("Train with each of several seeds: 0-4, or 0,3,7.", metavar="LIST")]
    jobs: Annotated[int, Option("So many seeds side by side, each in a process of its own.", 1, least=1)]


class PlannedSettings(TypedDict, total=False):
    """The keywords of `planned`."""

    timed: Annotated[bool, Option("Time some steps of each training here: seconds for each.", False)]
    workdir: Annotated[Path, Option("Folder for runs/.  [default: this folder]", Path())]
    data_root: Annotated[Path | None, shared.data_root]
    results: Annotated[Path, shared.results]


class ReproduceSettings(TypedDict, total=False):
    """The keywords of `reproduce`."""

    check: Annotated[bool, Option("Make them in a folder that is removed, and only say whether they agree.", False)]
    jobs: Annotated[int, Option("So many trainings side by side, each in a process of its own.", 1, least=1)]
    threads: Annotated[int | None, Option("Threads of each training.  [default: its share of all]", least=1)]
    minutes: Annotated[
        float | None, Option("Stop what trains after this many minutes; the next call goes on.", least=0.01)
    ]
    device: Annotated[str, shared.device]
    force: Annotated[bool, Option("Make again what is there, too.", False)]
    workdir: Annotated[Path, Option("Folder for runs/.  [default: this folder]", Path())]
    data_root: Annotated[Path | None, shared.data_root]
    results: Annotated[Path, shared.results]
    offline: Annotated[bool, shared.offline]
    progress: Annotated[Progress | None, shared.progress]


class Remeasuring(Judging, total=False):
    """The keywords of `rescore`, and of `evaluate` but one."""

    dataset: Annotated[str | None, shared.dataset]
    device: Annotated[str, shared.device]
    data_root: Annotated[Path | None, shared.data_root]
    force: Annotated[bool, shared.force]
    progress: Annotated[Progress | None, shared.progress]


class ExportSettings(TypedDict, total=False):
    """The keywords of `export`."""

    half: Annotated[bool, Option("Keep matrices and kernels in 16 bits; images differ by rounding.", False)]
    results: Annotated[Path, shared.results]
    force: Annotated[bool, shared.force]


class SampleSettings(TypedDict, total=False):
    """The keywords of `sample`."""

    seed: Annotated[int, shared.noise_seed]
    images: Annotated[Path | None, Option("Images to translate or reconstruct.  [default: test images]", metavar="DIR")]
    direction: Annotated[str | None, Option("Of a translation.", choices=("x-to-y", "y-to-x"))]
    classes: Annotated[
        str | None,
        Option("Labels, by name or number; the images take them in turn.  [default: drawn]", metavar="A,B,..."),
    ]
    truncation: Annotated[float | None, shared.truncation]
    weights: Annotated[Path | None, Option("Weights of a pretrained generator.  [env: BENCH_WEIGHTS]", metavar="FILE")]
    offline: Annotated[bool, shared.offline]
    dataset: Annotated[str | None, shared.dataset]
    device: Annotated[str, shared.device]
    data_root: Annotated[Path | None, shared.data_root]
    force: Annotated[bool, shared.force]
