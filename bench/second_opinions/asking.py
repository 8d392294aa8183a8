"""Every metric by every extractor, of three sets: the numbers, their ratios, and what was found of copies."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bench.measuring.copies import METRIC as COPIES
from bench.measuring.copies import copies
from bench.measuring.dependence import Member, about_dependence
from bench.measuring.flags import flags
from bench.measuring.machines import about_machines
from bench.measuring.measure import Measure
from bench.measuring.memorising import about_held_out
from bench.measuring.scoring import Options, compute, threads_for
from bench.measuring.sets import MeasuredSet, measure_set, taps_of
from bench.measuring.setup import Setup
from bench.second_opinions.ratios import Opinion, in_order, opinion, ratio_of, ratio_of_none
from bench.second_opinions.three import Three
from bench.sources import ImageSource
from metrics.errors import InputError
from metrics.splits import drawn
from metrics.types import Metric, Moved

TRAIN_AMONG = 5_000  # images of a training set whose features are looked at, as on the leaderboard
PIXELS = "pixels"  # what reads no features


@dataclass(frozen=True, eq=False)
class Eye:
    """One extractor's look at the sets: their features, those of the training set (None where none was given), and
    what makes two such numbers comparable."""

    name: str
    sets: Three
    train: MeasuredSet | None
    question: dict[str, Any]
    warnings: tuple[str, ...]

    def sees(self, metric: Metric) -> bool:
        """Whether it gives what a metric reads."""
        if metric.arity == "triplet":
            return self.train is not None and metric.feature in self.sets.real_1.arrays
        return metric.feature in self.sets.real_1.arrays


@dataclass(frozen=True)
class Found:
    """The numbers of all extractors, why the images count as copies (None where nobody looked), and the warnings."""

    opinions: tuple[Opinion, ...]
    copied: tuple[str, ...] | None
    warnings: tuple[str, ...] = field(default=())


# ----- extractors


def look(three: Three, train: ImageSource | None, measure: Measure, metrics: Sequence[Metric], setup: Setup) -> Eye:
    """The features that these metrics read, of every set; those that the extractor does not give are left out."""
    there = taps_of(measure)
    read = [metric for metric in metrics if metric.feature in there]

    def measured(source: ImageSource, chosen: Sequence[Metric]) -> MeasuredSet:
        return measure_set(source, setup.watched(measure, source), chosen)

    one, two, made = (measured(given.images, read) for given in three.sets)
    triplets = [metric for metric in read if metric.arity == "triplet"]
    trained = measured(_among(train, setup.settings["seed"]), triplets) if train and triplets else None
    sets = replace(three, real_1=one, real_2=two, generated=made)
    tap = {"tap": measure.extractor.pool}
    measured_on = {each.name: each.shares for each in (one, two, made, trained) if each}
    said = about_machines(measured_on, setup.settings["exact"])
    warnings = (*measure.warnings, said) if said else measure.warnings
    return Eye(measure.extractor.name, sets, trained, {**measure.question, **tap}, warnings)


def given_eye(three: Three, made_by: str | None) -> Eye:
    """Features that were given, of an extractor that nobody here knows."""
    name = made_by or "features as given"
    about = f"features given: compare only with numbers of the same features ({name})"
    return Eye(name, three, None, {"extractor": made_by}, (about,))


def _among(train: ImageSource, seed: int) -> ImageSource:
    if train.count <= TRAIN_AMONG:
        return train
    return train.taken(drawn(train.count, TRAIN_AMONG, seed).tolist())


# ----- numbers


def ask(
    eyes: Sequence[Eye], train: ImageSource | None, metrics: Sequence[Metric], options: Options, workers: int
) -> Found:
    """What all metrics say by all extractors."""
    found: list[Opinion] = []
    warnings = list(eyes[0].sets.warnings)
    copied: list[str] = []
    refused: list[str] = []
    pixels = {}
    if train is not None:
        warnings += [line for one in eyes[0].sets.sets[:2] for line in about_held_out(train, one)]
    if train is not None and COPIES in metrics:
        one, two, made = (one.images for one in eyes[0].sets.sets)
        pixels = copies(train, made, one, workers=workers)
        found += _rows(PIXELS, COPIES, pixels, copies(train, two, one, workers=workers))
        copied += flags({}, pixels)
    for eye in eyes:
        independent, said = _independent(eye)
        warnings += [*eye.warnings, *(line for one in eye.sets.sets for line in one.warnings), *said]
        for metric in filter(eye.sees, metrics):
            try:
                if metric.arity == "triplet":
                    of_generated, of_real = _of_triplet(eye, metric, options)
                    found += _rows(eye.name, metric, of_generated, of_real)
                    copied += flags(of_generated, {}) if metric.name == "memorisation" else ()
                else:
                    found += _ratios(eye, metric, independent)
            except InputError as error:  # of black images in pixels, say: it costs no other number
                refused.append(f"{metric.name} by {eye.name} is left out: {error}")
    if not found:
        raise InputError(refused[0])
    warnings += refused
    looked = train is not None and any(one.looks_at == "copies" for one in found)
    return Found(in_order(found), tuple(dict.fromkeys(copied)) if looked else None, tuple(dict.fromkeys(warnings)))


def _independent(eye: Eye) -> tuple[bool, list[str]]:
    """Whether no set is known to be made from another one, and what is to be said."""
    kind = min(eye.sets.real_1.arrays, key=("pool", "spatial", "logits").index)
    real, other, made = (Member(one.name, one.keys, one.hashes, one.features(kind)) for one in eye.sets.sets)
    looked = [about_dependence(real, made), about_dependence(real, other), about_dependence(other, made)]
    return not any(dependent for dependent, _ in looked), [line for _, said in looked for line in said]


def _ratios(eye: Eye, metric: Metric, independent: bool) -> list[Opinion]:
    """The numbers of one metric of sets that are compared."""
    assert metric.moved, "one of `metrics_of`"
    sets = [one.features(metric.feature) for one in eye.sets.sets]
    real, other, made = sets
    with threads_for(real, made):
        given = [(made,), (other,)] if metric.arity == "set" else [(real, made), (real, other)]
        of_generated, of_real = (metric.moved(*one) for one in given)
    return [_ratio(eye.name, metric, key, of_generated[key], of_real[key], independent) for key in of_generated]


def _ratio(extractor: str, metric: Metric, key: str, made: Moved, real: Moved, independent: bool) -> Opinion:
    output = next(one for one in metric.opinions if one.name == key)
    ratio, low, high = ratio_of(made, real)
    if made.value == 0 and output.kind == "share" and output.counted:  # of sets of one size
        ratio, low, high = ratio_of_none(real, len(made.moves[0])) or (ratio, low, high)
    low, high = (low, high) if independent else (None, None)
    return replace(opinion(extractor, metric, output, made.value, real.value), ratio=ratio, low=low, high=high)


def _of_triplet(eye: Eye, metric: Metric, options: Options) -> list[dict[str, Any]]:
    """What a metric says of the generated images, and of real 2 in their place."""
    assert eye.train, "a metric that the eye sees"
    one, two, made = (one.features(metric.feature) for one in eye.sets.sets)
    train, device = eye.train.features(metric.feature), eye.train.device
    return [compute(metric, train, each, one, options=options, device=device) for each in (made, two)]


def _rows(extractor: str, metric: Metric, made: dict[str, Any], real: dict[str, Any]) -> list[Opinion]:
    return [opinion(extractor, metric, one, made[one.name], real[one.name]) for one in metric.opinions]


# ----- metrics


def metrics_of(known: Iterable[Metric], asked: Sequence[Metric], with_train: bool) -> tuple[Metric, ...]:
    """The metrics that give an opinion: of those asked for, or of all that are known.

    InputError for one that was asked for and gives none, and for one that needs a training set where none was given.
    """
    able = [one for one in known if one.opinions and (one.moved or one.arity == "triplet")]
    if not asked:
        return tuple(one for one in able if with_train or one.arity != "triplet")
    for metric in asked:
        if metric not in able:
            names = ", ".join(one.name for one in able if one is not COPIES)
            raise InputError(f"{metric.name} gives no second opinion; there are: {names}")
        if metric.arity == "triplet" and not with_train:
            raise InputError(
                f"{metric.name} needs the images that the generator was trained on; name them with --train"
            )
    if with_train and all(one.arity != "triplet" for one in asked):
        raise InputError(
            "--train is for memorisation and fld, which are not among the metrics; add one, or leave it out"
        )
    return tuple(asked)
