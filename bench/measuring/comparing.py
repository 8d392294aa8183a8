"""From sets that were opened to the values of metrics: the one way there, which `bench.measuring.opening` begins.

`bench fid`, `bench score`, `bench table` and the accumulator go it. What is measured already is not measured again. A
metric that cannot be computed has None for its values and a reason; the others stay.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from bench import registry
from bench.measuring.classes import about_numbers, class_numbers
from bench.measuring.given import Ready, common_question
from bench.measuring.lowered import about_bfloat16
from bench.measuring.machines import about_machines
from bench.measuring.measure import Measure, about_extractor
from bench.measuring.memorising import score_triplet
from bench.measuring.pairing import Pairing
from bench.measuring.refusing import Found, Places, members, not_computed, reasons_of
from bench.measuring.scoring import Options, Scores, check_count, check_counts, score_pair, score_set
from bench.measuring.sets import MeasuredSet, about_sizes, measure_each
from bench.measuring.setup import Setup
from bench.sources import ImageSource
from metrics.errors import InputError
from metrics.types import Metric

LETTERS = ("a", "b", "train")


@dataclass(frozen=True, eq=False)
class Comparison:
    """Sets, each `ready` or opened as images (or both), and what is to be computed of them.

    The first is the real one, and with `with_train` the last is what a generator was trained on. Of the metrics that
    were `asked` for some may be `refused`, with the reason. `measuring` is None where there is nothing to be measured
    and nobody knows how that was done. Images are measured with the resizes `beside` its own too. `by_design` asks for
    estimates that know how sets were drawn (see `bench.measuring.scoring.score_pair`).
    """

    setup: Setup
    asked: tuple[Metric, ...]
    options: Options
    measuring: Measure | None
    ready: tuple[Ready | None, ...]
    sources: tuple[ImageSource | None, ...]
    pairing: Pairing | None = None
    beside: tuple[str, ...] = ()
    with_train: bool = False
    by_design: bool = True
    refused: Mapping[str, str] = field(default_factory=dict)

    @property
    def chosen(self) -> tuple[Metric, ...]:
        """The metrics that are computed."""
        return tuple(metric for metric in self.asked if metric.name not in self.refused)

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
        return sets_of(self.ready, self.sources)

    def of(self, metric: Metric) -> tuple[MeasuredSet, ...]:
        """The sets as this metric reads them."""
        numbered = len(self.ready) - self.with_train if metric.labels else 0
        return tuple(self._numbered(one) if at < numbered else one for at, one in enumerate(self._read(metric)))

    def _read(self, metric: Metric) -> list[MeasuredSet]:
        found: list[MeasuredSet] = []
        for known, resized in zip(self.known, self.resized, strict=True):
            measured = resized[self.measuring.resize] if resized and self.measuring else None
            one = known if known and (measured is None or known.allows(metric)) else measured
            assert one is not None, "a set is ready or its images were opened"
            found.append(one)
        return found

    def found(self) -> list[Found]:
        """What each metric says of each set, of the first with each other, or of all; InputError where that is nothing,
        and for an image that cannot be read."""
        read = {metric.name: self._read(metric) for metric in self.chosen}  # what fails here is no matter of one metric
        found = [
            self._tried(metric, places, read.get(metric.name, ()))
            for metric in self.asked
            for places in self.members(metric)
        ]
        if not any(one.scores for one in found):
            raise InputError(found[0].reason)
        return found

    def members(self, metric: Metric) -> list[Places]:
        """The places of the sets that each value of a metric is of."""
        return members(metric, len(self.ready) - self.with_train)

    def check(self, metric: Metric, places: Places) -> None:
        """InputError where these sets do not allow the metric."""
        sets = [self.sets[place] for place in places]
        if metric.labels and self.measuring:
            for one in sets:
                class_numbers(one, self.measuring.extractor)
        known = [self.ready[place] for place in places]
        if all(one is None or metric.feature in one.measured.arrays for one in known):
            check_counts(sets, (metric,), self.options)
        else:
            for one in sets:
                check_count(one, 2, "a covariance")

    def _tried(self, metric: Metric, places: Places, sets: Sequence[MeasuredSet]) -> Found:
        if metric.name in self.refused:
            return Found(metric, places, reason=self.refused[metric.name])
        try:
            self.check(metric, places)
            return Found(metric, places, self._scores(metric, [sets[place] for place in places]))
        except InputError as error:
            return Found(metric, places, reason=str(error))

    def scores(self) -> tuple[dict[str, Any], list[str]]:
        """The values of all metrics, with names, digests and counts of the sets and how they were made; warnings."""
        values: dict[str, Any] = {}
        warnings = [*self._about_measure, *about_sizes(self.sources)]
        if self.pairing:
            values = {"paired_by": self.pairing.by, "first_pairs": self.pairing.first}
            warnings += self.pairing.warnings
        found = self.found()
        for one in found:
            end = f"_{LETTERS[one.places[0]]}" if one.metric.arity == "set" else ""
            values |= {f"{key}{end}": value for key, value in one.values.items()}
            warnings += one.scores.warnings if one.scores else ()
        warnings += [*self._about_precision, *self._about_machines]
        reasons = reasons_of(found)
        warnings += [not_computed(name, reason) for name, reason in reasons.items()]
        missing = {"not_computed": reasons} if reasons else {}
        return {**values, **self._about_sets, **self._about_numbers, **missing}, warnings

    def _scores(self, metric: Metric, sets: Sequence[MeasuredSet]) -> Scores:
        """The scores of one metric of these sets, in the order that it takes."""
        if metric.arity == "set":
            return score_set(self._numbered(sets[0]) if metric.labels else sets[0], metric, self.options)
        if metric.arity == "triplet":
            return score_triplet(sets[0], sets[1], sets[2], metric, self.options, self.setup.settings["workers"])
        other = sets[1]
        if self.pairing and metric.feature == "images":
            other = MeasuredSet.of_images(self.pairing.generated)
        return score_pair(sets[0], other, metric, self.options, by_design=self.by_design)

    def _numbered(self, one: MeasuredSet) -> MeasuredSet:
        assert self.measuring, "predictions of classes were made by an extractor that is known"
        extractor = self.measuring.extractor
        said = about_numbers(one, extractor)
        return replace(one, numbers=class_numbers(one, extractor), warnings=(*one.warnings, *said))

    @property
    def _about_machines(self) -> tuple[str, ...]:
        at = self.measuring.resize if self.measuring else ""
        sets = {one[at].name: one[at].shares for one in self.resized if one}
        said = about_machines(sets, self.setup.settings["exact"])
        return (said,) if said else ()

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
    def _about_precision(self) -> list[str]:
        if self.measuring is None or self.measuring.extractor.exact is None or self.in_pixels:
            return []
        return [about_bfloat16(self.measuring, [one[self.measuring.resize] for one in self.resized[:2] if one])]

    @property
    def in_pixels(self) -> bool:
        """Whether no metric reads features: no weights are asked for, and no extractor is named in the result."""
        return all_in_pixels(self.chosen)

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
        used = [self.options.fitting(metric) for metric in self.asked]
        options = {name: value for one in used for name, value in one.items() if value is not False}
        tap = {}
        if self.measuring and any(metric.feature == "logits" for metric in self.chosen):
            tap = {"tap_logits": self.measuring.extractor.logits}
        names = [metric.name for metric in self.asked]
        return {**self.question, **tap, **options, **self.setup.drawn, "metrics": names}


def all_in_pixels(chosen: Iterable[Metric]) -> bool:
    """Whether no metric reads features."""
    return all(metric.feature == "images" for metric in chosen)


def sets_of(ready: Sequence[Ready | None], sources: Sequence[ImageSource | None]) -> list[ImageSource | MeasuredSet]:
    """Each set, as its images where they were opened."""
    sets = (source or (one and one.measured) for one, source in zip(ready, sources, strict=True))
    return [one for one in sets if one]
