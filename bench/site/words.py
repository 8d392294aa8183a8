"""What the pages say in words: numbers, levels, flags, tracks."""

import re
import shlex
from functools import cache
from pathlib import Path

from bench import registry
from bench.datasets import Dataset
from bench.leaderboard.entries import Entry, TrackRecord
from bench.leaderboard.standing import Standing
from bench.leaderboard.tracks import Rules
from bench.measuring.evaluation import REAL_1
from bench.measuring.flags import CHANCE, EXACT, EXCESS, STRICT_CHANCE, TIMES
from bench.storage.result_places import OWN

SIZE = re.compile(r", \d+x\d+")  # and what follows it in the title of a data set
DIRECTIONS = {"lower": "lower ↓", "higher": "higher ↑", "neither": "neither"}
LEVEL_SAYS = (  # of bench.leaderboard.entries.LEVELS
    "Nobody has checked this entry yet, or it has been changed since then.",
    "The files are complete and agree with each other and with the track. The scores follow from the stored "
    "features. \u201cIn bounds\u201d means that no features are stored: the scores are possible, given the stored "
    "moments and influences.",
    "Somebody had the images and computed all scores again. They are equal within the stated tolerance.",
    "Somebody made the images again from the checkpoint and its seed, and computed all scores from them.",
)
FLAGS = (  # the rule of bench.measuring.flags
    (
        "Copies, pixel for pixel",
        f"More than {100 * EXACT:g} % of the images are equal to held-out images, pixel for pixel. Or they are equal "
        f"to training images, and that share is more than {TIMES:g} times the one of real held-out images.",
    ),
    (
        "Near duplicates",
        f"There are more than {TIMES:g} times as many as expected, in pixels or in features. Chance alone does that in "
        f"less than one of {1 / CHANCE:,.0f} cases. The same holds for very near duplicates, of which nearly none are "
        f"expected, with one of {1 / STRICT_CHANCE:,.0f}.",
    ),
    (
        "Nearest real images",
        f"Training images, or held-out images, are the nearest for more images than expected: by {100 * EXCESS:g} % of "
        f"those that had another choice. Chance alone does that in less than one of {1 / CHANCE:,.0f} cases too.",
    ),
)


def title_of(rules: Rules) -> str:
    """The data set of a track for people: `Handwritten digits, 32x32`."""
    protocol = rules.protocol
    name = SIZE.split(dataset_of(rules).title)[0]
    domain = next((f", {one.domain}" for one in protocol.real if one.domain), "")
    _, height, width = protocol.shape
    return f"{name}{domain}, {width}x{height}"


def about_track(record: TrackRecord) -> str:
    """What is measured on a track, in a sentence or two."""
    protocol = record.rules.protocol
    real = next(one for one in protocol.real if one.name == REAL_1)
    known = registry.load("extractors", protocol.extractor).is_inception
    features = protocol.extractor + ("" if known else ", not Inception: do not compare with papers")
    return f"{sum(protocol.generated):,} images against {real.count:,} real ones by features of {features}."


def kind_of(entry: Entry) -> str:
    """reference, control or submission."""
    return "control" if entry.origin.control else "reference" if entry.origin.reference else "submission"


def ranks_in_words(one: Standing) -> str:
    """`2–5`, the ranks that the data allow; "" for an entry that has none."""
    if one.rank is None or one.rank.first is None:
        return ""
    return str(one.rank.first) if one.rank.first == one.rank.last else f"{one.rank.first}–{one.rank.last}"


def seconds_in_words(seconds: float | None) -> str:
    """`0.24 ms`, `3.8 s`, `12 min`; "" where it was not recorded."""
    if seconds is None:
        return ""
    if seconds < 1:
        return f"{1000 * seconds:.2g} ms"
    return f"{seconds:.3g} s" if seconds < 100 else f"{seconds / 60:,.0f} min"


def results_words(results: Path) -> str:
    """What a command needs so that it reads and writes the results folder of a site: nothing for that of a user."""
    name = results.resolve().name
    return "" if name == OWN.name else f" --results {shlex.quote(name)}"


def submit_command(track: str, options: str) -> str:
    """How to take part in a track."""
    command = f'bench submit my-images --track {track} --name "NAME"{options}'
    return f"{command} --dry-run\n{command}"


def dataset_of(rules: Rules) -> Dataset:
    """The data set of a track's rules."""
    return _dataset(rules.protocol.dataset.partition("/")[0])


@cache
def _dataset(name: str) -> Dataset:
    found: Dataset = registry.load("datasets", name)
    return found
