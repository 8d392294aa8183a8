"""Anybody's own sets, measured as those of a run are: real 1, real 2, what was generated, and noise, in each domain.

Everything is compared with real 1. Metrics and estimates are those of `bench.measuring.evaluation`, so that the same
images get the same numbers as in a run. Counts may differ. What cannot be computed is None, with its reason.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bench import registry
from bench.measuring.comparing import Comparison
from bench.measuring.declared import protocol_metrics
from bench.measuring.evaluation import (
    MEAN_IMAGE,
    NOISE,
    REAL_1,
    REAL_2,
    RECONSTRUCTED,
    array_source,
    mean_image,
    noise,
    same_set,
)
from bench.measuring.measure import Measure, about_extractor
from bench.measuring.opening import open_sets
from bench.measuring.refusing import Found, reasons_of
from bench.measuring.scoring import Options, by_image, score_pair
from bench.measuring.sets import MeasuredSet, about_sizes
from bench.measuring.setup import Images, Setup
from bench.sources import ImageSource
from bench.storage.records import Numbers, PairScores, SetScores
from metrics.errors import InputError
from metrics.fid import METRIC as FID
from metrics.inception_score import METRIC as IS
from metrics.types import Metric

NUMBER = re.compile(r"\d[\d,.]*")


@dataclass(frozen=True)
class Domain:
    """Real 1, real 2 and the generated sets of a domain, `label` "" where there is but one; `names` of the latter."""

    label: str
    given: tuple[Images, ...]
    names: tuple[str, ...]


@dataclass(frozen=True)
class OwnSets:
    """What was found, as a record would say it; `made` are the sets beside both real ones, by domain.

    `about` says what each set is, `reasons` by metric why something is missing, `warnings` belong beside the first
    table and `others` beside the other numbers. `dims` is the width of the features, `classes` whether their extractor
    predicts some.
    """

    made: Mapping[str, tuple[str, ...]]
    about: tuple[str, ...]
    sets: tuple[SetScores, ...]
    pairs: tuple[PairScores, ...]
    reasons: Mapping[str, str]
    warnings: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    question: Mapping[str, Any] = field(default_factory=dict)
    measuring: Measure | None = None
    dims: int = 0
    inception: bool = False

    @property
    def classes(self) -> bool:
        return self.measuring is None or bool(self.measuring.extractor.logits)

    def set_scores(self, name: str, domain: str = "") -> SetScores | None:
        return next((one for one in self.sets if (one.name, one.domain) == (name, domain)), None)

    def pair_scores(self, a: str, b: str, domain: str = "") -> PairScores | None:
        return next((one for one in self.pairs if (one.a, one.b, one.domain) == (a, b, domain)), None)


def measure_own(
    domains: Sequence[Domain], reconstructed: Images | None, setup: Setup, options: Options
) -> tuple[OwnSets, ...]:
    """What is known of the sets of each domain; the last value is of the reconstructed images, where there are some."""
    found: list[OwnSets] = []
    for domain in domains:
        found.append(_of_domain(domain, setup, options, found[0].measuring if found else None))
    if reconstructed is not None:
        found.append(_reconstructed(domains[0].given[0], reconstructed, setup, options))
    return tuple(found)


def joined(parts: Sequence[OwnSets]) -> OwnSets:
    """What is known of all domains, and of the reconstructed images, as one."""
    return replace(
        parts[0],
        made={label: names for one in parts for label, names in one.made.items()},
        about=tuple(line for one in parts for line in one.about),
        sets=tuple(scores for one in parts for scores in one.sets),
        pairs=tuple(scores for one in parts for scores in one.pairs),
        reasons={
            name: "; ".join(dict.fromkeys(one.reasons[name] for one in parts if name in one.reasons))
            for name in dict.fromkeys(name for one in parts for name in one.reasons)
        },
        warnings=_told_apart([(_label(one), one.warnings) for one in parts]),
        others=_told_apart([(_label(one), one.others) for one in parts]),
    )


def _label(part: OwnSets) -> str:
    """The name of its domain, "" where there is but one."""
    return next(iter(part.made), "")


def _told_apart(lines: Sequence[tuple[str, tuple[str, ...]]]) -> tuple[str, ...]:
    """The lines of all domains, each once; one that not every domain has begins with the name of its own."""
    of_all = set.intersection(*(set(ones) for label, ones in lines if label)) if lines[0][0] else set()
    return tuple(
        dict.fromkeys(
            f"{label}: {line}" if label and line not in of_all else line for label, ones in lines for line in ones
        )
    )


def own_metrics(images: bool) -> tuple[Metric, ...]:
    """The metrics of a protocol: those that compare image by image, or all others."""
    return tuple(one for one in protocol_metrics("logits") if by_image(one) == images)


def _of_domain(domain: Domain, setup: Setup, options: Options, measuring: Measure | None) -> OwnSets:
    chosen = own_metrics(images=False)
    opened = _with_noise(open_sets(domain.given, chosen, setup, options, measuring=measuring, by_design=False))
    found = opened.found()
    names = (REAL_1, REAL_2, *domain.names, NOISE)[: len(opened.ready)]
    sets = [
        SetScores(name, domain.label, one.count or 0, one.digest or "", _scores(found, (place,)))
        for place, (name, one) in enumerate(zip(names, opened.sets, strict=True))
    ]
    pairs = [
        PairScores(REAL_1, name, domain.label, _scores(found, (0, place)))
        for place, name in enumerate(names)
        if place > 0
    ]
    first = opened.of(FID)[0]
    warnings, others = _warnings(opened, found)
    return OwnSets(
        made={domain.label: names[2:]},
        about=tuple(
            f"{' '.join(filter(None, (domain.label, name)))} is {one.name}{_count(one.count)}"
            for name, one in zip(names, opened.sets, strict=True)
            if name != NOISE
        ),
        sets=tuple(sets),
        pairs=(_to_itself(first, domain.label), *pairs),
        reasons=reasons_of(found),
        warnings=warnings,
        others=others,
        question=opened.question,
        measuring=opened.measuring,
        dims=first.dims(),
        inception=_is_inception(opened),
    )


def _with_noise(opened: Comparison) -> Comparison:
    """The sets with noise as their last: of the shape of the first real image, as many images as real 2."""
    real, count = opened.sources[0], opened.sets[1].count
    if real is None or not count:
        return opened
    image = real.read(0)
    channels = 1 if (image == image[:1]).all() else len(image)
    source = array_source(noise((channels, *image.shape[1:]), count), NOISE)
    return replace(opened, ready=(*opened.ready, None), sources=(*opened.sources, source))


def _scores(found: Sequence[Found], places: tuple[int, ...]) -> dict[str, Numbers]:
    return {one.metric.name: dict(one.values) for one in found if one.places == places}


def _to_itself(real: MeasuredSet, label: str) -> PairScores:
    if "pool" in real.arrays:
        return same_set(real, label)
    return PairScores(REAL_1, REAL_1, label, {FID.name: {"fid": 0.0}})


def _count(count: int | None) -> str:
    return "" if count is None else f" ({count:,} image{'s' * (count != 1)})"


def _is_inception(opened: Comparison) -> bool:
    name = opened.question["extractor"]
    known = opened.measuring.extractor if opened.measuring else None
    if known is None and name in registry.names("extractors"):
        known = registry.load("extractors", name)
    return bool(known and known.is_inception)


def _warnings(opened: Comparison, found: Sequence[Found]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What belongs beside FID and Inception Score, and beside the other numbers: the extractor has a note of its own,
    noise needs none, and lines that are alike but for their numbers stand there once."""
    measuring = opened.measuring
    about = about_extractor(measuring.extractor) if measuring else ()
    first = [line for line in (measuring.warnings if measuring else ()) if line not in about]
    first += about_sizes(opened.sources)
    others: list[str] = []
    of_noise = len(opened.ready) - 1 if opened.sources[-1] and opened.sources[-1].name == NOISE else -1
    of_sets = {line for one in opened.of(FID) for line in one.warnings}
    said: set[str] = set()
    for one in found:
        for line in one.scores.warnings if one.scores and of_noise not in one.places else ():
            alike = line if line in of_sets else NUMBER.sub("#", line)
            if alike not in said:
                said.add(alike)
                (first if line in of_sets or one.metric in (FID, IS) else others).append(line)
    return tuple(first), tuple(others)


def _reconstructed(real: Images, made: Images, setup: Setup, options: Options) -> OwnSets:
    """The errors of reconstructed images, and of the mean image, which takes no learning to give."""
    chosen = own_metrics(images=True)
    warnings: tuple[str, ...] = ()
    about: tuple[str, ...] = ()
    mean: dict[str, Numbers] = {}
    try:
        opened = open_sets((real, made), chosen, setup, options)
        found = opened.found()
        source, other = opened.sources
        assert source and other and opened.pairing, "compared image by image"
        mean = _errors_of_mean(source, chosen, options)
        about = (f"{RECONSTRUCTED} is {other.name}{_count(other.count)}, paired by {opened.pairing.by}",)
        warnings = (*opened.pairing.warnings, *(line for one in found if one.scores for line in one.scores.warnings))
    except InputError as error:
        found = [Found(metric, (0, 1), reason=str(error)) for metric in chosen]
    pairs = [PairScores(REAL_1, RECONSTRUCTED, "", _scores(found, (0, 1)))]
    pairs += [PairScores(REAL_1, MEAN_IMAGE, "", mean)] if mean else []
    return OwnSets({}, about, (), tuple(pairs), reasons_of(found), tuple(dict.fromkeys(warnings)))


def _errors_of_mean(source: ImageSource, chosen: Sequence[Metric], options: Options) -> dict[str, Numbers]:
    one, other = MeasuredSet.of_images(source), MeasuredSet.of_images(mean_image(source))
    return {metric.name: dict(score_pair(one, other, metric, options).values) for metric in chosen}
