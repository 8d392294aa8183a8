"""Sets of images measured: `fid`, `score`, `save_statistics` and `doctor`.

A set of images is all that `bench.sources.open_source` takes (a folder, "digits:test", an array, a list, ...) or an
ImageSource. Whatever the user can mend is an InputError, raised before anything expensive where that can be known.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Unpack

from bench import registry
from bench.api.result import Result
from bench.measuring.by_class import OPTION, open_classes
from bench.measuring.comparing import Comparison
from bench.measuring.conventions import about_conventions
from bench.measuring.conventions import conventions as by_conventions
from bench.measuring.declared import every_metric
from bench.measuring.doctor import Diagnosis, examine
from bench.measuring.given import Ready, ready_set
from bench.measuring.influential import most_influential
from bench.measuring.opening import check_features, open_sets
from bench.measuring.scoring import Options, check_count, load_metrics
from bench.measuring.sets import NEEDED, about_files, taps_for, taps_of
from bench.measuring.setup import Images, Setup
from bench.measuring.statistics import (
    QUESTION,
    check_target,
    provenance_of,
    statistics_of,
    versions,
    write_statistics,
)
from bench.options import checked, known
from bench.settings.sets import LabelledSettings, Looking, SetSettings
from genbench.places import expanded
from genbench.surroundings import numpy_defaults
from metrics.errors import InputError
from metrics.fid import METRIC as FID
from metrics.fid import GaussianStats
from metrics.options import place, switch, text, whole_number
from metrics.sfid import METRIC as SFID
from metrics.types import Metric

SET_METRICS, PAIR_METRICS = ("is",), ("fid", "kid", "prdc")  # what `score` computes unless told


@numpy_defaults()
def fid(
    a: Images,
    b: Images,
    *,
    influence: int = 0,
    all_estimates: bool = False,
    crosscheck: bool = False,
    conventions: bool = False,
    **settings: Unpack[SetSettings],
) -> Result:
    """The Fréchet distance of two sets of images, of which either may be a saved statistics file; lower is better.

    Either may also be an `Accumulator`. The result is that of `score` with `metrics="fid"`. Keys: `fid` as in papers
    and its parts `mean_term` and `covariance_term`; `fid_corrected`, `fid_sd`, `fid_low`, `fid_high` (None where a side
    is saved statistics); counts, digests and names of both sides; `extractor`, `extractor_version`,
    `extractor_sha256`, `resize`, `tap`, `limit`, `seed`, `metrics`, `version`; `warnings`. `influence` adds so many
    images that move the FID most, `all_estimates` the delete-group jackknife and FID-infinity, `crosscheck` the stages
    of torch-fidelity's result beside ours, `conventions` the value as other tools print it, a row for each. Raises
    InputError.
    """
    setup = Setup.of(settings)
    options = Options(setup.settings["seed"], all_estimates=all_estimates)
    options.check((FID,))
    influence, crosscheck = whole_number(influence, "influence", 0), switch(crosscheck, "crosscheck")
    conventions = switch(conventions, "conventions")
    opened = open_sets(
        (a, b),
        (FID,),
        setup,
        options,
        with_features=("--influence",) if influence else (),
        with_images=("--crosscheck",) if crosscheck else (),
        every_resize=conventions,
    )
    extra: dict[str, list[dict[str, Any]]] = {"crosscheck": _crosschecked(opened)} if crosscheck else {}
    values, warnings = opened.scores()
    if conventions:
        extra["conventions"] = by_conventions(opened)
        warnings = [*warnings, *about_conventions(extra["conventions"])]
    if influence:
        one, other = opened.of(FID)
        extra["influence"] = most_influential(one, other, influence)
    return Result.of({**values, **extra}, warnings)


@numpy_defaults()
def score(
    a: Images,
    b: Images | None = None,
    *,
    metrics: Iterable[str] | str = (),
    train: Images | None = None,
    logits: str | None = None,
    by_class: bool = False,
    **keywords: Any,
) -> Result:
    """Several metrics in one pass over the images of one set or of two, of which `a` is the real one.

    Metrics of a pair keep their keys (`fid`, `kid`, `precision`, `mse`, ...); metrics of a set end in `_a` or `_b`
    (`inception_score_a`), also where there is one set. Without `metrics`: the Inception Score of one set, or FID, KID
    and PRDC of two. A file of images that holds mu and sigma too (ADM's) is taken by them for the FID of Inception, as
    `fid` does, and by its images otherwise. `memorisation` takes `train`, the images that the generator was trained on,
    `b` as what it made and `a` as real images that it has not seen; the keys of `bench.measuring.copies.copies` and
    `flags` come with it. `logits` chooses what the Inception Score reads, with the classifier's bias or without.
    With `by_class` there is `by_class`, a row for each class with the metrics that can be computed of one class, and
    `class_mean`, their means over the classes. `labels` says the classes of a set that does not say them. `mse`
    compares image by image: `paired_by` says how they were paired, `first_pairs` shows a few (see
    `bench.measuring.pairing`). Further keywords are those of `fid`, and the options of the metrics that are asked for
    (`splits`, `k`, `subsets`, `subset_size`, ...). The other keys are those of `fid`, `tap_logits` where the Inception
    Score is among them, and the options that the metrics used. Raises InputError, also for a metric of two sets where
    one is given, and for an option of none of the metrics.
    """
    setup, asked = settings_and_options(keywords, LabelledSettings)
    logits = None if logits is None else text(logits, "logits")
    chosen = load_metrics(metrics) or load_metrics(SET_METRICS if b is None else PAIR_METRICS)
    _check_arity(chosen, b, train)
    _check_labels(chosen, setup, by_class)
    options = Options(setup.settings["seed"], **asked)
    options.check(chosen)
    given = [a, *(images for images in (b, train) if images is not None)]
    needing = (OPTION,) if switch(by_class, "by_class") else ()
    opened = open_sets(
        given, chosen, setup, options, logits=logits, with_features=needing, with_train=train is not None
    )
    if not by_class:
        return Result.of(*opened.scores())
    classes = open_classes(opened)
    values, warnings = opened.scores()
    more, of_classes = classes.scores(warnings)
    return Result.of({**values, **more}, [*warnings, *of_classes])


@numpy_defaults()
def save_statistics(
    images: Images, path: Path, *, spatial: bool = False, force: bool = False, **settings: Unpack[SetSettings]
) -> Result:
    """Mean and covariance of a set's features, written to an .npz file that `fid` and other tools take as a reference.

    `spatial` adds those of the spatial features, for the metric sfid and ADM's evaluator. Returns what the file says of
    itself, its `path` and `warnings`. Raises InputError, before the images are read, where the file cannot go there or
    exists and is not to be replaced (`force`).
    """
    setup = Setup.of(settings)
    path = expanded(place(path, "the path of the statistics"))
    check_target(path, switch(force, "force"))
    chosen = (FID, SFID) if switch(spatial, "spatial") else (FID,)
    ready = ready_set(images, setup)
    gaussians, provenance, warnings = _of_ready(ready, chosen) if ready else _of_images(images, setup, chosen)
    write_statistics(path, gaussians["pool"], provenance, spatial=gaussians.get("spatial"), force=force)
    dims = len(gaussians["pool"].mean)
    values = {**dict.fromkeys(QUESTION), **provenance, "dims": dims, "path": str(path), **setup.drawn}
    return Result.of(values, warnings)


# statistics by what metrics read, what made them, what belongs beside them
Written = tuple[dict[str, GaussianStats], dict[str, Any], tuple[str, ...]]


def _of_images(images: Images, setup: Setup, chosen: tuple[Metric, ...]) -> Written:
    setup.check_there(images)
    check_features((), setup)
    measuring = setup.measure()
    taps = taps_for(measuring, chosen)
    source = setup.open(images)
    check_count(source, 2, "a covariance")
    table = setup.watched(measuring, source).features(source, taps)
    found = {tap: statistics_of(table, tap, GaussianStats.of_blocks, measuring.cache) for tap in taps}
    of_kind = taps_of(measuring)
    gaussians: dict[str, GaussianStats] = {
        metric.feature: GaussianStats(stats.mean, stats.cov, table.count)
        for metric in chosen
        for stats in [found[of_kind[metric.feature]]]
    }
    notes = (note for stats in found.values() for note in stats.notes)
    about = (*measuring.warnings, *about_files(source), *table.warnings, *notes)
    return gaussians, provenance_of(table, of_kind["pool"]), about


def _of_ready(ready: Ready, chosen: tuple[Metric, ...]) -> Written:
    """Of features, or of an accumulator; a file of statistics is one already."""
    one = ready.measured
    if one.count is None or ready.is_file:
        raise InputError(f"{one.name} holds saved statistics, not images; copy the file")
    for metric in chosen:
        if metric.feature not in one.statistics:
            raise InputError(
                f"{one.name} holds no {NEEDED[metric.feature]}, which {metric.name} reads; give the images"
            )
    about = {"source": one.name, "source_digest": one.digest, "count": one.count, "versions": versions()}
    warnings = (*(ready.measure.warnings if ready.measure else ()), *one.warnings)
    gaussians: dict[str, GaussianStats] = {metric.feature: one.statistics[metric.feature]() for metric in chosen}
    return gaussians, {**(ready.made or {}), **about}, warnings


stats = save_statistics


def doctor(*images: Images, **settings: Unpack[Looking]) -> Diagnosis:
    """Decodes every image of every set and tells all that would spoil a number, the gravest first.

    A set that cannot be opened is a finding; InputError where there is none that can.
    """
    how = checked(Looking, settings)
    if not images:
        raise InputError("no set of images was given; expected one or more")
    plugin = registry.load("extractors", how["extractor"]).opened()
    diagnosis = examine(
        images,
        dims=plugin.taps[plugin.pool],
        workers=how["workers"],
        data_root=how["data_root"],
        progress=how["progress"],
    )
    closed = [finding.what for finding in diagnosis.findings if finding.code == "unusable"]
    if len(closed) == len(images):
        raise InputError("; ".join(dict.fromkeys(closed)))
    return diagnosis


def _crosschecked(opened: Comparison) -> list[dict[str, Any]]:
    from bench.measuring.crosscheck import crosscheck

    measuring, (a, b) = opened.measuring, opened.sources
    assert measuring and a and b, "a crosscheck is of images"
    if (tap := measuring.extractor.pool) != "pool":
        raise InputError(f"--crosscheck compares the pool features, not tap {tap!r}; leave --tap out")
    return [asdict(stage) for stage in crosscheck(a, b, measuring)]


def settings_and_options(keywords: Mapping[str, Any], group: Any) -> tuple[Setup, dict[str, Any]]:
    """Which keywords say how images are measured, and which are options of metrics; InputError for one of neither."""
    others = set(keywords) - set(known(group))
    if others:
        others &= {option.name for metric in every_metric() for option in metric.options}
    settings = {name: value for name, value in keywords.items() if name not in others}
    return Setup.of(settings, group), {name: keywords[name] for name in others}


def _check_arity(chosen: tuple[Metric, ...], b: Images | None, train: Images | None) -> None:
    for metric in chosen:
        if metric.arity in ("pair", "triplet") and b is None:
            raise InputError(f"{metric.name} compares two sets and one was given; give the second, or --metrics is")
        if metric.arity == "triplet" and train is None:
            raise InputError(
                f"{metric.name} needs the images that the generator was trained on; name them with --train"
            )
    if train is not None and not any(metric.arity == "triplet" for metric in chosen):
        raise InputError(
            "--train is for memorisation and fld, which are not among the metrics; add one, or leave --train out"
        )


def _check_labels(chosen: tuple[Metric, ...], setup: Setup, by_class: bool) -> None:
    if setup.settings["labels"] and not by_class and not any(metric.labels for metric in chosen):
        raise InputError(
            "--labels is for classifier-agreement, which is not among the metrics, and for --by-class; add one, or "
            "leave --labels out"
        )
