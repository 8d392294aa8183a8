"""From what was given for one set, for two or for three to the values of metrics: the one way there.

`bench fid`, `bench score` and the accumulator go it. What is measured already is not measured again, and images are
opened for those metrics only that need them.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from bench import registry
from bench.measuring.classes import about_numbers, class_numbers, with_labels
from bench.measuring.given import Ready, common_question, ready_set
from bench.measuring.measure import Measure, about_extractor, measure
from bench.measuring.memorising import score_triplet
from bench.measuring.pairing import Pairing, pair
from bench.measuring.scoring import (
    Options,
    Scores,
    by_image,
    check_count,
    check_counts,
    score_pair,
    score_set,
)
from bench.measuring.sets import NEEDED, MeasuredSet, measure_each, taps_for
from bench.measuring.setup import Images, Setup
from bench.measuring.tools import resizes_for
from bench.sources import ImageSource
from metrics.errors import InputError
from metrics.types import Metric

LETTERS = ("a", "b", "train")


@dataclass(frozen=True, eq=False)
class Comparison:
    """Sets in the order a, b, train, each `ready` or opened as images (or both), and what is to be computed of them.

    `measuring` is None where there is nothing to be measured and nobody knows how that was done. Images are measured
    with the resizes `beside` its own too.
    """

    setup: Setup
    chosen: tuple[Metric, ...]
    options: Options
    measuring: Measure | None
    ready: tuple[Ready | None, ...]
    sources: tuple[ImageSource | None, ...]
    pairing: Pairing | None
    beside: tuple[str, ...] = ()

    @cached_property
    def known(self) -> tuple[MeasuredSet | None, ...]:
        """What was measured already."""
        measuring = self.measuring
        return tuple(
            None if one is None else one.fitting(measuring) if measuring else one.measured for one in self.ready
        )

    @cached_property
    def resized(self) -> tuple[dict[str, MeasuredSet], ...]:
        """What was measured here, by the resize; empty for a set that was not."""
        found: list[dict[str, MeasuredSet]] = []
        for known, source in zip(self.known, self.sources, strict=True):
            if source is None or self.measuring is None:
                found.append({})
                continue
            wanted = [one for one in self.chosen if self.beside or known is None or not known.allows(one)]
            resizes = (self.measuring.resize, *self.beside)
            found.append(measure_each(source, self.setup.watched(self.measuring, source), wanted, resizes))
        return tuple(found)

    @property
    def sets(self) -> list[ImageSource | MeasuredSet]:
        """Each set, as its images where they were opened."""
        return _sets(self.ready, self.sources)

    def of(self, metric: Metric) -> tuple[MeasuredSet, ...]:
        """The sets as this metric reads them."""
        found: list[MeasuredSet] = []
        for known, resized in zip(self.known, self.resized, strict=True):
            measured = resized[self.measuring.resize] if resized and self.measuring else None
            one = known if known and (measured is None or known.allows(metric)) else measured
            assert one is not None, "a set is ready or its images were opened"
            found.append(self._numbered(one) if metric.labels and len(found) < 2 else one)
        return tuple(found)

    def scores(self) -> tuple[dict[str, Any], list[str]]:
        """The values of all metrics, with names, digests and counts of the sets and how they were made; warnings."""
        values: dict[str, Any] = {}
        warnings = list(self._about_measure)
        if self.pairing:
            values = {"paired_by": self.pairing.by, "first_pairs": self.pairing.first}
            warnings += self.pairing.warnings
        for metric in self.chosen:
            for end, scores in self._of_metric(metric):
                values |= {f"{key}{end}": value for key, value in scores.values.items()}
                warnings += scores.warnings
        return {**values, **self._about_sets, **self._about_numbers}, warnings

    def _of_metric(self, metric: Metric) -> list[tuple[str, Scores]]:
        """The scores of one metric, with what ends their keys."""
        sets, options = self.of(metric), self.options
        if metric.arity == "set":
            return [(f"_{letter}", score_set(one, metric, options)) for letter, one in zip("ab", sets, strict=False)]
        if metric.arity == "triplet":
            workers = self.setup.settings["workers"]
            return [("", score_triplet(sets[2], sets[1], sets[0], metric, options, workers))]
        other = sets[1]
        if self.pairing and metric.feature == "images":
            other = MeasuredSet.of_images(self.pairing.generated)
        return [("", score_pair(sets[0], other, metric, options, by_design=True))]

    def _numbered(self, one: MeasuredSet) -> MeasuredSet:
        assert self.measuring, "predictions of classes were made by an extractor that is known"
        extractor = self.measuring.extractor
        said = about_numbers(one, extractor)
        return replace(one, numbers=class_numbers(one, extractor), warnings=(*one.warnings, *said))

    @property
    def _about_measure(self) -> tuple[str, ...]:
        if self.in_pixels:
            return ()
        if self.measuring:
            return self.measuring.warnings
        question = self.question
        if question["extractor"] not in registry.names("extractors"):
            return ()
        plugin = registry.load("extractors", question["extractor"])
        return about_extractor(replace(plugin, pool=question["tap"] or plugin.pool))

    @property
    def in_pixels(self) -> bool:
        """Whether no metric reads features: no weights are asked for, and no extractor is named in the result."""
        return _in_pixels(self.chosen)

    @property
    def question(self) -> dict[str, Any]:
        """What two numbers must share to be compared."""
        if self.measuring is None:
            return common_question([one for one in self.ready if one])
        if self.in_pixels:
            return dict.fromkeys(self.measuring.question)
        tap = {"tap": self.measuring.extractor.pool} if any(one.feature == "pool" for one in self.chosen) else {}
        return {**self.measuring.question, **tap}

    @property
    def _about_sets(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for letter, known, source in zip(LETTERS, self.known, self.sources, strict=False):
            one = source or known
            assert one is not None, "a set is ready or its images were opened"
            found |= {f"name_{letter}": one.name, f"digest_{letter}": one.digest, f"n_{letter}": one.count}
        return found

    @property
    def _about_numbers(self) -> dict[str, Any]:
        used = [self.options.fitting(metric) for metric in self.chosen]
        options = {name: value for one in used for name, value in one.items() if value is not False}
        classes = any(metric.feature == "logits" for metric in self.chosen) and self.measuring
        tap = {"tap_logits": self.measuring.extractor.logits} if classes and self.measuring else {}
        names = [metric.name for metric in self.chosen]
        return {**self.question, **tap, **options, **self.setup.drawn, "metrics": names}


def open_sets(
    given: Sequence[Images],
    chosen: tuple[Metric, ...],
    setup: Setup,
    options: Options,
    *,
    logits: str | None = None,
    measuring: Measure | None = None,
    with_features: Collection[str] = (),
    with_images: Collection[str] = (),
    every_resize: bool = False,
) -> Comparison:
    """The sets that were given, opened; nothing expensive is done yet, and all is refused here that can be.

    `measuring` is how they are measured, where that is settled already. `with_features` and `with_images` are options
    that were asked for and need those of all sets. `every_resize` measures images with the resizes of other tools too,
    those of a file of statistics among them, and is refused where there are no images.
    """
    ready = [ready_set(one, setup) for one in given]
    ready = [one if one and _useful(one, chosen) else None for one in ready]
    wanted = [
        one is None or (every_resize and one.with_images) or not all(map(one.measured.allows, chosen)) for one in ready
    ]
    known = [one for one in ready if one]
    check_features(known, setup)
    _check_options(known, chosen, options, with_features, with_images)
    if every_resize:
        _check_resizable(ready, wanted)
    if not any(wanted):
        if setup.settings["limit"] is not None:
            _refuse("--limit", known[0], "images")
        measuring = measuring or next((one.measure for one in known if one.measure), None)
        common_question(known)
    else:
        setup.check_there(*(one for one, opened in zip(given, wanted, strict=True) if opened))
        in_pixels = _in_pixels(chosen)
        measuring = measuring or (measure("pixels", device="cpu", cache=False) if in_pixels else setup.measure(logits))
        taps_for(measuring, chosen)  # refuses an extractor without classes before anything is read
    sources = [setup.open(one) if opened else None for one, opened in zip(given, wanted, strict=True)]
    ready, sources = _with_labels(ready, sources, setup.settings["labels"])
    if measuring and any(metric.labels for metric in chosen):
        for one in _sets(ready, sources)[:2]:
            class_numbers(one, measuring.extractor)
    _check_counts(ready, sources, chosen, options)
    paired = pair(*(one for one in sources[:2] if one)) if any(map(by_image, chosen)) else None
    beside = resizes_for(measuring.extractor) if every_resize and measuring else ()
    return Comparison(setup, chosen, options, measuring, tuple(ready), tuple(sources), paired, beside)


def _in_pixels(chosen: Iterable[Metric]) -> bool:
    return all(metric.feature == "images" for metric in chosen)


def _useful(one: Ready, chosen: Iterable[Metric]) -> bool:
    """Whether a set that is ready serves a metric; InputError where it serves not all and there is nothing else."""
    lacking = [metric for metric in chosen if not one.measured.allows(metric)]
    if lacking and not one.with_images:
        metric, name = lacking[0], one.measured.name
        held = NEEDED["images" if metric.arity == "triplet" else metric.feature]
        raise InputError(f"{metric.name} needs {held}, and {one.what} {name} holds none; give the images")
    return any(map(one.measured.allows, chosen))


def check_features(known: Iterable[Ready], setup: Setup) -> None:
    """InputError where features were said to be given and none of the sets holds any."""
    there = any("pool" in one.measured.arrays and one.measure is None for one in known)
    for name in ("features", "made_by"):
        if setup.settings[name] and not there:  # type: ignore[literal-required]
            raise InputError(
                f"{name} was given, and none of the sets holds features; expected an array, a .npy or .npz [n, d]"
            )


def _check_options(
    known: Iterable[Ready],
    chosen: Iterable[Metric],
    options: Options,
    with_features: Collection[str],
    with_images: Collection[str],
) -> None:
    """InputError for an option that needs more of the sets than what those hold that are measured already."""
    for one in known:
        without = [metric for metric in chosen if metric.feature not in one.measured.arrays]
        asked = [
            f"--{option.name.replace('_', '-')}"
            for metric in without
            if one.measured.allows(metric)
            for option in metric.options
            if options.fitting(metric)[option.name] != option.default
        ]
        if without and (*with_features, *asked):
            _refuse((*with_features, *asked)[0], one, "features")
        if with_images and one.measured.source is None:
            _refuse(next(iter(with_images)), one, "images")


def _check_resizable(ready: Sequence[Ready | None], opened: Sequence[bool]) -> None:
    """InputError where features were given, which are of one resize, or where statistics are all that is there."""
    for one, images in zip(ready, opened, strict=True):
        if one and not images and (not one.is_file or not any(opened)):
            _refuse("--conventions", one, "images")


def _refuse(option: str, one: Ready, what: str) -> None:
    remedy = "save its arr_0 in a file of its own" if one.with_images else "give the images"
    raise InputError(f"{option} needs the {what} of all sets, and {one.what} {one.measured.name} holds none; {remedy}")


def _with_labels(
    ready: list[Ready | None], sources: list[ImageSource | None], labels: Sequence[Any]
) -> tuple[list[Ready | None], list[ImageSource | None]]:
    """The sets, with the classes that were given for them."""
    named = with_labels(_sets(ready, sources), labels)
    known = [
        replace(one, measured=measured) if one and not source else one
        for one, source, measured in zip(ready, sources, named, strict=True)
    ]
    return known, [source and one for source, one in zip(sources, named, strict=True)]


def _sets(ready: Sequence[Ready | None], sources: Sequence[ImageSource | None]) -> list[ImageSource | MeasuredSet]:
    """Each set, as its images where they were opened."""
    sets = (source or (one and one.measured) for one, source in zip(ready, sources, strict=True))
    return [one for one in sets if one]


def _check_counts(
    ready: Sequence[Ready | None], sources: Sequence[ImageSource | None], chosen: tuple[Metric, ...], options: Options
) -> None:
    there = _sets(ready, sources)
    for metric in chosen:
        if all(one is None or metric.feature in one.measured.arrays for one in ready):
            check_counts(there, (metric,), options)
        else:
            for one in there:
                check_count(one, 2, "a covariance")
