"""What the pages say in words: numbers, levels, flags, tracks."""

from dataclasses import dataclass
from functools import cache

from bench import registry
from bench.datasets import Dataset
from bench.leaderboard.entries import TrackRecord
from bench.leaderboard.tracks import Rules
from bench.measuring.copies import VERSION as COPIES_VERSION
from bench.measuring.evaluation import REAL_1
from bench.measuring.flags import CHANCE, EXACT, EXCESS, TIMES
from metrics.types import Output


@dataclass(frozen=True)
class Explained:
    """What is said of a metric on every page: the fields of its constant that are words."""

    name: str
    title: str
    source: str
    version: int
    outputs: tuple[Output, ...]


SAYS = {  # what a number says, in a line
    "fid": "the plain value, as papers print it; too high where images are few",
    "fid_corrected": "without the bias of few images",
    "mean_term": "the part of the plain FID from the means",
    "covariance_term": "the part of the plain FID from the spread around the means",
    "kid": "distance of features by a cubic kernel, without bias",
    "inception_score": "how sure a classifier is, and how varied its answers are",
    "inception_score_corrected": "as if the generator had been asked for unlimited images",
    "inception_score_sd": "how much the score differs between parts of the set; no interval",
    "precision": "share of generated images that lie among the real ones",
    "recall": "share of real images that lie among the generated ones",
    "density": "how densely real images surround the generated ones; 1 is what real images get",
    "coverage": "share of real images that have a generated one close by",
    "near_duplicates": "share of images far nearer to one training image than to any other, by features",
    "authpct": "percent of images further from the nearest training image than that is from its own neighbour",
    "c_t": "far below 0: nearer to training images than held-out real images are",
    "train_share": "share of images whose nearest real image is a training image, not a held-out one",
    "train_share_z": "how many standard deviations above chance that is",
    "exact_copies": "share of images that are a training image to the pixel",
    "near_copies": "share of images that are nearly a training image, by small pictures of both",
    "held_out_copies": "share of images that are a held-out image to the pixel",
    "duplicates": "share of images that are equal to an earlier one of the same entry",
    "mse": "mean squared difference of paired images in [0, 1]",
    "mae": "mean absolute difference of paired images in [0, 1]",
    "psnr": "the squared difference in decibels, mean over images",
    "ssim": "structural similarity, mean over images",
}
COPIES = Explained(
    "copies",
    "Copies, by pixels",
    "bench.measuring.copies: sha256 of the decoded pixels; thumbnails of 8x8",
    COPIES_VERSION,
    (
        Output("exact_copies", "Exact copies", "lower"),
        Output("near_copies", "Near copies", "lower"),
        Output("held_out_copies", "Copies of held-out images", "lower"),
        Output("duplicates", "Duplicates among themselves", "lower"),
    ),
)
BEYOND = (  # numbers that are stored beside those which a metric names
    Output("inception_score_corrected", "IS, corrected", "higher"),
)
DIRECTIONS = {"lower": "lower ↓", "higher": "higher ↑", "neither": "neither"}
LEVEL_SAYS = (  # of bench.leaderboard.entries.LEVELS
    "Nobody has checked this entry yet, or it was changed since somebody did.",
    "The files are whole, they agree with each other and with the track, and the scores follow from the features "
    "stored with them. \u201cIn bounds\u201d where no features are stored: the scores are within what moments and "
    "influences allow.",
    "Somebody had the images and computed everything again: equal within the stated tolerance.",
    "Somebody made the images again from the checkpoint and its seed, and computed everything from those.",
)
FLAGS = (  # the rule of bench.measuring.flags
    (
        "Copies to the pixel",
        f"more than {100 * EXACT:g} % of the images are held-out images to the pixel, or training images, these beyond "
        f"{TIMES:g} times the share that real held-out images have",
    ),
    (
        "Near duplicates",
        f"more than {TIMES:g} times as many as expected, in pixels or in features, and that by chance in less than one "
        f"of {1 / CHANCE:,.0f} cases",
    ),
    (
        "Nearest real images",
        f"training images, or held-out ones, are the nearest for more images than expected, by {100 * EXCESS:g} % of "
        "those that had another choice, with the same bound on chance",
    ),
)


def about_track(record: TrackRecord) -> str:
    """A track in two sentences."""
    protocol = record.rules.protocol
    title = dataset_of(record.rules).title
    domain = next((f", {one.domain}" for one in protocol.real if one.domain), "")
    real = next(one for one in protocol.real if one.name == REAL_1)
    known = registry.load("extractors", protocol.extractor).is_inception
    apart = "" if known else " Not Inception: never beside the numbers of papers."
    return (
        f"{title}{domain}. {sum(protocol.generated):,} generated images against {real.count:,} real ones, compared by "
        f"the features of {protocol.extractor}.{apart}"
    )


def submit_command(track: str) -> str:
    """How to take part in a track."""
    command = f'bench submit IMAGES --track {track} --name "NAME"'
    return f"{command} --dry-run\n{command}"


def dataset_of(rules: Rules) -> Dataset:
    """The data set of a track's rules."""
    return _dataset(rules.protocol.dataset.partition("/")[0])


@cache
def _dataset(name: str) -> Dataset:
    found: Dataset = registry.load("datasets", name)
    return found
