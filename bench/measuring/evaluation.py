"""A run's evaluation: sets of images and pairs of sets, measured under one protocol.

| task                     | sets, per domain                        | pairs, per domain                               |
|--------------------------|-----------------------------------------|-------------------------------------------------|
| reconstruct              | real 1, real 2, generated, noise        | real 1 with each of them; test, reconstructed   |
| generate, conditional    | real 1, real 2, generated, noise        | real 1 with each of them                        |
| unpaired, paired         | real 1, real 2, generated, noise        | real 1 with each of them; MSE where paired      |

Distances hold between independent sets. So where the data are pairs, real 2 of the other domain is translated: the
translations meet real 1 in every distance, and their own partners, in real 2, in the paired error only.

These are the image sets of Tables 5, 6 and 7 of the CIS 680 assignment 4, section 5.2.3, with "noise" (uniform pixels)
as the floor: real 2 scores what a perfect generator would at this number of images, noise what one that has learned
nothing does. "untrained" stands beside "generated" where a model was trained: the same model before its first step.

Where images are compared one by one, so are what it takes no learning to give: the "mean image" of the wanted ones,
the best that one answer to everything can do, and, between pairs, the "input" as it is.

The Inception Score has one split, equation 9 over the whole set, as section 6.3 of the assignment computes it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from bench import registry
from bench.measuring.declared import protocol_metrics
from bench.measuring.measure import Measure, measure
from bench.measuring.scoring import Options, Scores, least_images, score_pair, score_set
from bench.measuring.sets import MeasuredSet, measure_set
from bench.measuring.subject import TEST, Subject
from bench.options import Progress
from bench.protocol import DRAWN, IN_TURN, MetricChoice, Protocol, RealSet
from bench.sources import ImageSource, open_source
from bench.storage.records import Numbers, PairScores, SetScores
from bench.weights import MissingWeights
from metrics.errors import InputError
from metrics.types import Metric

SAMPLING_SEED = 0
NOISE_SEED = 0
OPTIONS = Options()
REAL_1, REAL_2, GENERATED, UNTRAINED, NOISE = "real 1", "real 2", "generated", "untrained", "noise"
RECONSTRUCTED = "reconstructed"
MEAN_IMAGE, INPUT = "mean image", "input"

Arrays = Mapping[tuple[str, str], np.ndarray]


# ----- the data


# ----- the protocol


@dataclass(frozen=True)
class Evaluation:
    """A protocol, ready to be applied: its extractor with weights, its metrics, its real sets and the noise."""

    subject: Subject
    protocol: Protocol
    measure: Measure
    metrics: tuple[Metric, ...]
    known: Mapping[tuple[str, str], ImageSource]
    options: Options = OPTIONS

    def count(self, label: str = "") -> int:
        """How many images are generated for a domain."""
        return self.known[self.subject.dataset.translated, label].count


def find_measure(subject: Subject, extractor: str | None = None, **how: object) -> Measure:
    """The extractor of the data set's protocol, its first one, or the named one; before anything is trained.

    Keywords as `bench.measuring.measure.measure`. Where the weights of the protocol's own extractor are missing, the
    InputError says so first and names the offline choice: another extractor is never taken silently.
    """
    first, offline = subject.dataset.extractors[0], subject.dataset.extractors[-1]
    try:
        return measure(extractor or first, **how)  # type: ignore[arg-type]
    except MissingWeights as error:
        if extractor is not None or first == offline:
            raise
        raise InputError(
            f"nothing was started: {error.why}. Use --extractor {offline}, the offline protocol of {subject.name}, "
            "whose numbers compare among themselves only"
        ) from error


def open_evaluation(subject: Subject, measure: Measure, options: Options = OPTIONS) -> Evaluation:
    """Read the real sets, hash them and fix the protocol; InputError where images are missing or too few. `options` of
    metrics that are not the usual ones make a protocol of their own."""
    known: dict[tuple[str, str], ImageSource] = {}
    real = []
    metrics = protocol_metrics(measure.extractor.logits)
    least = max(least_images(metric, options)[0] for metric in metrics)
    for label in subject.labels:
        for name, (split, _) in (subject.dataset.eval_sets or {}).items():
            source = array_source(subject.images(name, label), title(subject, name, label))
            if source.count < least:
                raise InputError(
                    f"{source.name} has {source.count} images; at least {least} are needed to measure with; "
                    f"{subject.dataset.howto}"
                )
            known[name, label] = source
            real.append(RealSet(name, label, split, source.count, source.digest))
        count = known[subject.dataset.translated, label].count
        known[NOISE, label] = array_source(noise(subject.dataset.shape, count), title(subject, NOISE, label))
    return Evaluation(subject, protocol_of(subject, measure, real, options), measure, metrics, known, options)


def protocol_of(subject: Subject, measure: Measure, real: Iterable[RealSet], options: Options = OPTIONS) -> Protocol:
    """The protocol of a data set with these real sets, and an extractor; opens no image."""
    real, metrics = tuple(real), protocol_metrics(measure.extractor.logits)
    counts = {(one.name, one.domain): one.count for one in real}
    return Protocol(
        dataset=subject.name,
        shape=subject.dataset.shape,
        real=real,
        generated=tuple(counts[subject.dataset.translated, label] for label in subject.labels),
        sampling_seed=SAMPLING_SEED,
        noise_seed=NOISE_SEED,
        reconstruction=TEST,
        pool=measure.extractor.pool,
        logits=measure.extractor.logits,
        metrics=tuple(MetricChoice(one.name, one.version, options.fitting(one)) for one in metrics),
        extractor=measure.extractor.name,
        extractor_version=measure.extractor.version,
        extractor_sha256=measure.weights.sha256,
        resize=measure.resize,
        translated=subject.dataset.translated,
        packages=_packages(subject, measure, metrics),
        labels=DRAWN if subject.dataset.classes else IN_TURN,
    )


def _packages(subject: Subject, measure: Measure, metrics: tuple[Metric, ...]) -> tuple[str, ...]:
    """The other packages that these plug-ins come from: `metric sliced of acme 1.0`."""
    used = [("extractors", measure.extractor.name), *(("metrics", one.name) for one in metrics)]
    if subject.dataset.name in registry.names("datasets"):
        used.append(("datasets", subject.dataset.name))
    found = ((registry.KINDS[kind][2], name, registry.package_of(kind, name)) for kind, name in used)
    return tuple(f"{word} {name} of {package}" for word, name, package in found if package)


def noise(shape: tuple[int, int, int], count: int) -> np.ndarray:
    """Images of uniform noise uint8 [count, c, h, w], the same ones for ever (RandomState's stream is frozen)."""
    return np.random.RandomState(NOISE_SEED).randint(0, 256, (count, *shape), np.uint8)


def array_source(images: np.ndarray, name: str) -> ImageSource:
    """uint8 images [n, c, h, w] as a source of this name."""
    return replace(open_source(images), name=name)


def title(subject: Subject, name: str, label: str) -> str:
    return " ".join(filter(None, (subject.name, label, name)))


# ----- the scores


@dataclass(frozen=True)
class Outcome:
    """What an evaluation found; `samples` are the digests of the generated sets."""

    sets: tuple[SetScores, ...]
    pairs: tuple[PairScores, ...]
    samples: dict[str, str]
    warnings: tuple[str, ...]


def evaluate(evaluation: Evaluation, generated: Arrays, report: Progress | None = None) -> Outcome:
    """Score the generated images, uint8 [n, c, h, w] by (set name, domain), against the real sets.

    `generated` has the set "generated" for every domain that was made, "untrained" where it is known, and
    "reconstructed" beside "test" where images were reconstructed. Raises InputError for another number of images than
    the protocol asks for.
    """
    subject = evaluation.subject
    labels = [label for label in subject.labels if (GENERATED, label) in generated]
    for label in labels:
        found, wanted = len(generated[GENERATED, label]), evaluation.count(label)
        if found != wanted:
            raise InputError(f"{found} generated images {label}; the protocol asks for {wanted}; sample again")
    made = {key: array_source(images, title(subject, *key)) for key, images in generated.items()}
    notes: list[str] = list(evaluation.measure.warnings)
    sets, pairs = [], []
    sources = {**evaluation.known, **made}
    names = [*(subject.dataset.eval_sets or {}), GENERATED, UNTRAINED, NOISE]
    for label in labels:
        looked_at = {
            name: measured(evaluation, sources[name, label], report) for name in names if (name, label) in sources
        }
        for name, one in looked_at.items():
            scores = set_scores(evaluation, one)
            notes += _notes(scores.values()) if name != UNTRAINED else ()
            sets.append(SetScores(name, label, one.images.count, one.images.digest, _values(scores)))
        pairs.append(same_set(looked_at[REAL_1], label))
        for name in list(looked_at)[1:]:
            scores = pair_scores(evaluation, looked_at[REAL_1], looked_at[name])
            notes += _notes(scores.values()) if name != UNTRAINED else ()
            pairs.append(PairScores(REAL_1, name, label, _values(scores)))
    pairs += _compared_one_by_one(evaluation, made, labels)
    digests = {" ".join(filter(None, key)): source.digest for key, source in made.items() if key[0] != TEST}
    return Outcome(tuple(sets), tuple(pairs), digests, tuple(dict.fromkeys(notes)))


def _compared_one_by_one(
    evaluation: Evaluation, made: Mapping[tuple[str, str], ImageSource], labels: Iterable[str]
) -> list[PairScores]:
    """Errors of translations and reconstructions, and of what it takes no learning to give."""
    subject, known, name = evaluation.subject, evaluation.known, evaluation.subject.dataset.translated
    pairs = []
    for label in labels if subject.paired else ():
        wanted, other = known[name, label], next(one for one in subject.labels if one != label)
        given = {GENERATED: made[GENERATED, label], INPUT: known[name, other], MEAN_IMAGE: mean_image(wanted)}
        pairs += [_errors(evaluation, (name, wanted), one, label) for one in given.items()]
    if (RECONSTRUCTED, "") in made:
        test = made[TEST, ""]
        given = {RECONSTRUCTED: made[RECONSTRUCTED, ""], MEAN_IMAGE: mean_image(test)}
        pairs += [_errors(evaluation, (TEST, test), one, "") for one in given.items()]
    return pairs


def mean_image(source: ImageSource) -> ImageSource:
    """The mean of images of one size, rounded to uint8, once for each of them."""
    images = np.stack([source.read(row) for row in range(source.count)])
    mean = np.floor(images.mean(axis=0, dtype=np.float64) + 0.5).astype(np.uint8)
    return array_source(np.broadcast_to(mean, images.shape), MEAN_IMAGE)


def _errors(
    evaluation: Evaluation, wanted: tuple[str, ImageSource], given: tuple[str, ImageSource], label: str
) -> PairScores:
    """What a protocol says about two named sets of images of which row i belongs to row i."""
    chosen = [metric for metric in evaluation.metrics if metric.feature == "images"]
    one, other = (MeasuredSet.of_images(source) for _, source in (wanted, given))
    scores = {metric.name: score_pair(one, other, metric, evaluation.options) for metric in chosen}
    return PairScores(wanted[0], given[0], label, _values(scores))


def measured(evaluation: Evaluation, source: ImageSource, report: Progress | None = None) -> MeasuredSet:
    """The features of a set that the metrics of a protocol need, from the cache where they are known."""
    progress = partial(report, source.name) if report else None
    return measure_set(source, replace(evaluation.measure, progress=progress), evaluation.metrics)


def set_scores(evaluation: Evaluation, one: MeasuredSet) -> dict[str, Scores]:
    """What a protocol says about one set, by metric."""
    return {metric.name: score_set(one, metric, evaluation.options) for metric in _of(evaluation, "set")}


def pair_scores(evaluation: Evaluation, real: MeasuredSet, other: MeasuredSet) -> dict[str, Scores]:
    """What a protocol says about a pair of independent sets, by metric."""
    chosen = _of(evaluation, "pair")
    return {metric.name: score_pair(real, other, metric, evaluation.options) for metric in chosen}


def _of(evaluation: Evaluation, arity: str) -> list[Metric]:
    return [one for one in evaluation.metrics if one.arity == arity and one.feature != "images"]


def same_set(real: MeasuredSet, label: str) -> PairScores:
    """The distance of real 1 to itself: 0 but for rounding, and without an interval, since nothing was drawn twice."""
    from metrics.fid import fid_of

    features = real.features()
    return PairScores(REAL_1, REAL_1, label, {"fid": {"fid": fid_of(features, features).fid}})


def _values(scores: Mapping[str, Scores]) -> dict[str, Numbers]:
    return {name: dict(one.values) for name, one in scores.items()}


def _notes(scores: Iterable[Scores]) -> list[str]:
    return [warning for one in scores for warning in one.warnings]
