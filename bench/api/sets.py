"""Sets of images measured: `fid`, `score`, `save_statistics` and `doctor`.

A set of images is all that `bench.sources.open_source` takes (a folder, "digits:test", an array, a list, ...) or an
ImageSource. Whatever the user can mend is an InputError, raised before anything expensive where that can be known.
"""

import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from functools import partial
from itertools import zip_longest
from pathlib import Path
from typing import Any, Unpack

from bench import registry
from bench.api.result import Result
from bench.measuring.comparing import (
    Side,
    about_sides,
    common_question,
    frechet,
    most_influential,
    side_of_file,
    side_of_images,
    side_of_statistics,
)
from bench.measuring.declared import every_metric
from bench.measuring.doctor import Diagnosis, examine
from bench.measuring.measure import Measure, about_extractor, measure
from bench.measuring.memorising import score_triplet
from bench.measuring.pairing import pair
from bench.measuring.scoring import (
    MeasuredSet,
    Options,
    about_sets,
    by_image,
    check_counts,
    load_metrics,
    measure_set,
    score_pair,
    score_set,
    taps_for,
)
from bench.measuring.setup import Images, Setup
from bench.measuring.statistics import (
    SavedStatistics,
    check_target,
    is_statistics,
    provenance_of,
    read_statistics,
    statistics_of,
    write_statistics,
)
from bench.settings import Looking, Settings, checked, known
from bench.sources import ImageSource, open_source
from bench.sources.opening import check_kind, check_path
from bench.sources.splits import split_named
from genbench.places import expanded
from genbench.surroundings import numpy_defaults
from metrics.errors import InputError
from metrics.fid import METRIC as FID
from metrics.fid import GaussianStats
from metrics.options import place, switch, text, whole_number
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
    **settings: Unpack[Settings],
) -> Result:
    """The Fréchet distance of two sets of images, of which either may be a saved statistics file; lower is better.

    Keys: `fid` as in papers and its parts `mean_term` and `covariance_term`; `fid_corrected`, `fid_sd`, `fid_low`,
    `fid_high` (None where a side is saved statistics); counts, digests and names of both sides; `extractor`,
    `extractor_version`, `extractor_sha256`, `resize`, `tap`, `limit`, `seed`, `version`; `warnings`. `influence` adds
    so many images that move the FID most, `all_estimates` the delete-group jackknife and FID-infinity, `crosscheck` the
    stages of torch-fidelity's result beside ours. Raises InputError.
    """
    setup = Setup.of(settings)
    options = Options(setup.settings["seed"], all_estimates=all_estimates)
    options.check((FID,))
    influence, crosscheck = whole_number(influence, "influence", 0), switch(crosscheck, "crosscheck")
    saved_a, saved_b = _saved(a, setup), _saved(b, setup)
    wanted = {"--influence": influence, "--all-estimates": all_estimates, "--crosscheck": crosscheck}
    asked = [option for option, given in wanted.items() if given]
    if saved_a and saved_b and setup.settings["limit"] is not None:
        asked.append("--limit")
    if (saved_a or saved_b) and asked:
        alone = any(saved and saved.with_images for saved in (saved_a, saved_b))
        remedy = "save its arr_0 in a file of its own" if alone else "give the images"
        raise InputError(f"{asked[0]} needs the images of both sets, saved statistics hold none; {remedy}")
    about_measure: tuple[str, ...] = ()
    extra: dict[str, list[dict[str, Any]]] = {}
    if saved_a and saved_b:
        question = common_question(saved_a, saved_b)
        if question["extractor"] in registry.names("extractors"):
            about_measure = about_extractor(
                replace(registry.load("extractors", question["extractor"]), pool=question["tap"])
            )
        one, other = side_of_statistics(expanded(str(a)), saved_a), side_of_statistics(expanded(str(b)), saved_b)
    else:
        _check_there(a, b)
        measuring = setup.measure()
        question, about_measure = {**measuring.question, "tap": measuring.extractor.pool}, measuring.warnings
        given = ((a, saved_a), (b, saved_b))
        files = [side_of_file(expanded(str(images)), saved, measuring) if saved else None for images, saved in given]
        sources = [None if saved else setup.open(images) for images, saved in given]
        if crosscheck and measuring.extractor.pool != "pool":
            raise InputError(
                f"--crosscheck compares the pool features, not tap {setup.settings['tap']!r}; leave --tap out"
            )
        opened = [source for source in sources if source]
        if len(opened) == 2:
            check_counts(opened, (FID,), options)
        else:
            _check_covariance(*opened)
        if crosscheck:
            extra["crosscheck"] = _crosschecked(measuring, *opened)
        one, other = (file or _measured(source, measuring, setup) for file, source in zip(files, sources, strict=True))
    scores = frechet(one, other, options)
    if influence:
        extra["influence"] = most_influential(one, other, influence)
    sides = about_sides(one, other)
    values = {**scores.values, **question, **sides, **setup.drawn, **extra}
    return Result.of(values, (*about_measure, *scores.warnings))


@numpy_defaults()
def score(
    a: Images,
    b: Images | None = None,
    *,
    metrics: Iterable[str] | str = (),
    train: Images | None = None,
    logits: str | None = None,
    **keywords: Any,
) -> Result:
    """Several metrics in one pass over the images of one set or of two, of which `a` is the real one.

    Metrics of a pair keep their keys (`fid`, `kid`, `precision`, `mse`, ...); metrics of a set end in `_a` or `_b`
    (`inception_score_a`), also where there is one set. Without `metrics`: the Inception Score of one set, or FID, KID
    and PRDC of two. A file of images that holds mu and sigma too (ADM's) is taken by them for the FID of Inception, as
    `fid` does, and by its images otherwise. `memorisation` takes `train`, the images that the generator was trained on,
    `b` as what it made and `a` as real images that it has not seen; the keys of `bench.measuring.copies.copies` and
    `flags` come with it. `logits` chooses what the Inception Score reads, with the classifier's bias or without. `mse`
    compares image by image: `paired_by` says how they were paired, `first_pairs` shows a few (see
    `bench.measuring.pairing`). Further keywords are those of `fid`, and the options of the metrics that are asked for
    (`splits`, `k`, `subsets`, `subset_size`, ...). The other keys are those of `fid`, `tap_logits` where the Inception
    Score is among them, and the options that the metrics used. Raises InputError, also for a metric of two sets where
    one is given, and for an option of none of the metrics.
    """
    setup, asked = _settings_and_options(keywords)
    logits = None if logits is None else text(logits, "logits")
    chosen = load_metrics(metrics) or load_metrics(SET_METRICS if b is None else PAIR_METRICS)
    _check_arity(chosen, b, train)
    options = Options(setup.settings["seed"], **asked)
    options.check(chosen)
    given = (a, *(images for images in (b, train) if images is not None))
    _check_there(*given)
    in_pixels = all(metric.feature == "images" for metric in chosen)
    # Paired errors read no features: no weights are asked for, and no extractor is named in the result.
    measuring = measure("pixels", device="cpu", cache=False) if in_pixels else setup.measure(logits)
    taps_for(measuring, chosen)  # refuses an extractor without classes before anything is read
    sources = [setup.open(images) for images in given]
    check_counts(sources, chosen, options)
    paired = pair(sources[0], sources[1]) if any(map(by_image, chosen)) else None
    saved = [_saved(images, setup) if FID in chosen else None for images in (a, b) if images is not None]
    measured = [
        measure_set(source, setup.watched(measuring, source), [one for one in chosen if not (known and one is FID)])
        for source, known in zip_longest(sources, saved)
    ]

    values: dict[str, Any] = {"paired_by": paired.by, "first_pairs": paired.first} if paired else {}
    warnings = [*(() if in_pixels else measuring.warnings), *(paired.warnings if paired else ())]
    for metric in chosen:
        if metric.arity == "triplet":
            scores = score_triplet(measured[2], measured[1], measured[0], measuring, metric, options)
            values |= scores.values
            warnings += scores.warnings
            continue
        if metric.arity == "pair":
            other = measured[1] if paired is None or metric.feature != "images" else MeasuredSet(paired.generated, None)
            if metric is FID and any(saved):
                real, made = map(partial(_side, measuring), (a, b), saved, measured)
                scores = frechet(real, made, options)
            else:
                scores = score_pair(measured[0], other, measuring, metric, options)
            values |= scores.values
            warnings += scores.warnings
            continue
        for side, one in zip("ab", measured[: 1 if b is None else 2], strict=False):
            scores = score_set(one, measuring, metric, options)
            values |= {f"{key}_{side}": value for key, value in scores.values.items()}
            warnings += scores.warnings
    sides = ("a", *(() if b is None else ("b",)), *(() if train is None else ("train",)))
    for side, source in zip(sides, sources, strict=True):
        values |= {f"name_{side}": source.name, f"digest_{side}": source.digest, f"n_{side}": source.count}
    values |= dict.fromkeys(measuring.question) if in_pixels else measuring.question
    plugin = measuring.extractor
    values |= {"tap": plugin.pool} if any(metric.feature == "pool" for metric in chosen) else {}
    values |= {"tap_logits": plugin.logits} if any(metric.feature == "logits" for metric in chosen) else {}
    used = {name: value for metric in chosen for name, value in options.fitting(metric).items() if value is not False}
    values |= {**used, **setup.drawn, "metrics": [metric.name for metric in chosen]}
    return Result.of(values, warnings)


@numpy_defaults()
def save_statistics(images: Images, path: Path, *, force: bool = False, **settings: Unpack[Settings]) -> Result:
    """Mean and covariance of a set's features, written to an .npz file that `fid` and other tools take as a reference.

    Returns what the file says of itself, its `path` and `warnings`. Raises InputError, before the images are read,
    where the file cannot go there or exists and is not to be replaced (`force`).
    """
    setup = Setup.of(settings)
    path = expanded(place(path, "the path of the statistics"))
    check_target(path, switch(force, "force"))
    _check_there(images)
    measuring = setup.measure()
    source = setup.open(images)
    _check_covariance(source)
    tap = measuring.extractor.pool
    table = setup.watched(measuring, source).features(source, (tap,))
    stats = statistics_of(table, tap, GaussianStats.of_blocks, measuring.cache)
    gaussian = GaussianStats(stats.mean, stats.cov, table.count)
    provenance = provenance_of(table, tap)
    write_statistics(path, gaussian, provenance, force=force)
    about = about_sets(MeasuredSet(source, table))
    values = {**provenance, "dims": len(stats.mean), "path": str(path), **setup.drawn}
    return Result.of(values, (*measuring.warnings, *about, *stats.notes))


stats = save_statistics


def doctor(*images: Images, **settings: Unpack[Looking]) -> Diagnosis:
    """Decodes every image of every set and tells all that would spoil a number, the gravest first.

    A set that cannot be opened is a finding; InputError where there is none that can.
    """
    how = checked(Looking, settings)
    if not images:
        raise InputError("no set of images was given; expected one or more")
    plugin = registry.load("extractors", how["extractor"])
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


def side_of(images: Images, measuring: Measure, setup: Setup) -> Side:
    """One side of a comparison: the features of a set of images, or a statistics file made by the same measure."""
    saved = _saved(images, setup)
    if saved:
        return side_of_file(expanded(str(images)), saved, measuring)
    return _measured(setup.open(images), measuring, setup)


def _measured(source: ImageSource | None, measuring: Measure, setup: Setup) -> Side:
    assert source is not None, "what is not a statistics file was opened as images"
    return side_of_images(measure_set(source, setup.watched(measuring, source), (FID,)), measuring)


def _side(measuring: Measure, images: Images | None, saved: SavedStatistics | None, measured: MeasuredSet) -> Side:
    return side_of_file(expanded(str(images)), saved, measuring) if saved else side_of_images(measured, measuring)


def _saved(images: Images | None, setup: Setup) -> SavedStatistics | None:
    """The statistics, if these are given instead of images.

    A file that holds both, as ADM's reference batches do, has those of Inception: it is a set of images where another
    extractor, tap or resize is asked for.
    """
    if not isinstance(images, str | os.PathLike):
        return None
    check_path(images)
    path = expanded(Path(images))
    saved = read_statistics(path) if path.is_file() and is_statistics(path) else None
    if saved and saved.with_images:
        plugin = registry.load("extractors", setup.settings["extractor"])
        usual = setup.settings["tap"] in (None, "pool") and setup.settings["resize"] in (None, plugin.resize[0])
        return saved if plugin.family == "fid-inception" and usual else None
    return saved


def _crosschecked(measuring: Measure, a: ImageSource, b: ImageSource) -> list[dict[str, Any]]:
    from bench.measuring.crosscheck import crosscheck

    return [asdict(stage) for stage in crosscheck(a, b, measuring)]


def _check_there(*given: Images) -> None:
    """A misspelt name is told before anybody is asked to download weights."""
    for images in given:
        if isinstance(images, ImageSource):
            continue
        if not isinstance(images, str | os.PathLike):
            check_kind(images)
            continue
        if split_named(images):
            continue
        check_path(images)
        if images == "" or not expanded(Path(images)).exists():
            open_source(images)


def _check_covariance(source: ImageSource) -> None:
    if source.count < 2:
        raise InputError(f"{source.name} holds {source.count} image; a covariance needs at least 2; give more images")


def _settings_and_options(keywords: Mapping[str, Any]) -> tuple[Setup, dict[str, Any]]:
    """Which keywords say how images are measured, and which are options of metrics; InputError for one of neither."""
    others = set(keywords) - set(known(Settings))
    if others:
        others &= {option.name for metric in every_metric() for option in metric.options}
    settings = {name: value for name, value in keywords.items() if name not in others}
    return Setup.of(settings), {name: keywords[name] for name in others}


def _check_arity(chosen: tuple[Metric, ...], b: Images | None, train: Images | None) -> None:
    for metric in chosen:
        if metric.arity in ("pair", "triplet") and b is None:
            raise InputError(f"{metric.name} compares two sets and one was given; give the second, or --metrics is")
        if metric.arity == "triplet" and train is None:
            raise InputError(
                f"{metric.name} needs the images that the generator was trained on; name them with --train"
            )
    if train is not None and not any(metric.arity == "triplet" for metric in chosen):
        raise InputError("--train is for memorisation, which is not among the metrics; add it, or leave --train out")
