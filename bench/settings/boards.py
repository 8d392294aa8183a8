"""Options of what submits, verifies and compares entries of the leaderboard."""

from pathlib import Path
from typing import Annotated, Literal, TypedDict

from bench.options import Option, Progress
from bench.settings import shared
from bench.settings.spreading import Spreading

TITLE = "Leaderboard of image generators"


class Refeaturing(Spreading, total=False):
    """How the rules of a track are carried out here."""

    weights: Annotated[Path | None, shared.weights]
    offline: Annotated[bool, shared.offline]
    device: Annotated[str, shared.device]
    workers: Annotated[int, shared.workers]
    data_root: Annotated[Path | None, shared.data_root]
    results: Annotated[Path, shared.results]
    progress: Annotated[Progress | None, shared.progress]


class Isolating(TypedDict, total=False):
    """Within which limits somebody's generator runs."""

    generator_minutes: Annotated[float, Option("Time limit of a generator.", 30.0, least=0.01)]
    generator_memory: Annotated[float, Option("Limit of address space of a generator, in GiB.", 12.0, least=0.1)]
    trust_code: Annotated[bool, shared.trust_code]


class VerifySettings(Refeaturing, Isolating, total=False):
    """The keywords of `verify`."""


class Said(TypedDict, total=False):
    """What a submitter says of an entry, beside its name."""

    authors: Annotated[str, Option(default="", metavar="TEXT")]
    link: Annotated[str, Option(default="", metavar="URL")]
    paper: Annotated[str, Option(default="", metavar="TEXT")]
    code: Annotated[str, Option(default="", metavar="URL")]
    licence: Annotated[str, Option("Of the images.", "", metavar="TEXT", letter="--license")]
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
    force: Annotated[bool, shared.force]


class SubmitSettings(Said, Noise, Isolating, Submitting, Refeaturing, total=False):
    """The keywords of `submit`."""


class NewTrackSettings(TypedDict, total=False):
    """The keywords of `new_track`."""

    test: Annotated[Path | None, Option("Images held out for testing.  [default: the real ones]", metavar="DIR")]
    train: Annotated[Path | None, Option("Images to train on.  [default: half of the real ones]", metavar="DIR")]
    size: Annotated[
        int, Option("Pixels of a side; the middle square of each image is resized.", 64, least=8, most=1024)
    ]
    grey: Annotated[bool, Option("Measure the images in grey.", False)]
    extractor: Annotated[str | None, Option("See `bench list extractors`.  [default: inception]", metavar="NAME")]
    recipe: Annotated[str | None, Option("The data set whose recipes models take.", metavar="NAME")]
    count: Annotated[int | None, Option("Images in each of the two real sets.  [default: half of them]", least=2)]
    title: Annotated[str, Option("For people; the name by default.", "", metavar="TEXT")]
    licence: Annotated[str, Option("Of the images.", "", metavar="TEXT", letter="--license")]
    publishable: Annotated[bool, Option("Pictures may show the images.", False)]
    results: Annotated[Path, shared.results]
    force: Annotated[bool, shared.force]


class SiteSettings(TypedDict, total=False):
    """What whoever publishes a site says of it."""

    title: Annotated[str, Option("What the pages are called.", TITLE, metavar="TEXT")]
    source: Annotated[str, Option("The repository of the results, which entries are sent to.", "", metavar="URL")]
    licence: Annotated[str, Option("Of the numbers and pictures.", "", metavar="TEXT", letter="--license")]
