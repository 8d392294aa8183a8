"""Extractors and metrics under damage of known strength: `sanity`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from bench import __version__
from bench.measuring.declared import FIRST, every_metric
from bench.measuring.measure import Measure
from bench.measuring.scoring import Options, least_images, load_metrics
from bench.measuring.sets import taps_for, taps_of
from bench.measuring.setup import Images, Setup
from bench.options import Network, checked, known
from bench.settings.sanity import SanitySettings
from bench.settings.sets import SetSettings
from bench.storage.records import slug
from bench.tables.several import Tables
from bench.tables.table import json_values
from genbench.surroundings import numpy_defaults
from metrics.errors import InputError
from metrics.options import check_names, whole_number
from metrics.types import Metric

if TYPE_CHECKING:
    from pandas import DataFrame

    from bench.sanity_checks.measuring import Finding, Instrument
    from bench.sanity_checks.subject import Subject

FILE = "sanity.json"  # what marks the folder
Picture = Callable[[Path], None]


@dataclass(frozen=True)
class Sanity:
    """What was found: `about` says of what and how, `passed` how many verdicts there are and how many are good."""

    tables: Tables
    about: dict[str, Any]
    passed: int
    asked: int
    folder: Path | None = None
    files: tuple[Path, ...] = ()
    pictures: dict[str, Picture] = field(default_factory=dict, repr=False, compare=False)

    def as_dict(self) -> dict[str, Any]:
        """Everything but the pictures as JSON values."""
        places = {"folder": self.folder and str(self.folder), "files": [str(one) for one in self.files]}
        tables = {table.name: json_values(table) for table in self.tables}
        return {**self.about, **places, "passed": self.passed, "asked": self.asked, "tables": tables}

    def __repr__(self) -> str:
        return f"Sanity({self.about['of']}: {self.passed} of {self.asked} passed)"

    def to_frame(self) -> "DataFrame":
        """All rows in one pandas DataFrame; see `bench.tables`."""
        return self.tables.to_frame()

    def _repr_html_(self) -> str:
        return self.tables._repr_html_()


@numpy_defaults()
def sanity(
    dataset: Images = "digits", *, mixed_with: Images | None = None, **settings: Unpack[SanitySettings]
) -> Sanity:
    """How extractors and metrics answer to damage of known strength, on the images of a set.

    `dataset` is a data set or anything else that is a set of images; `mixed_with` is another one, by default the drawn
    shapes, or the digits. Each check damages images, or chooses them wrongly, at a few strengths; docs/sanity.md has
    the rule by which it passes. `synthetic` runs fifteen checks on synthetic data instead, and takes `metric`, `check`,
    `n` (one count) and `seed` only. `output` is a folder for tables and pictures. Raises InputError for an unknown
    check, extractor or metric, a metric that reads what the extractor lacks, and too few images.
    """
    how = checked(SanitySettings, settings)
    if how["output"]:
        from bench.exploring import check_folder

        check_folder(how["output"], how["force"], FILE)
    made = _synthetic(how) if how["synthetic"] else _on_images(dataset, mixed_with, how)
    return _written(made, how) if how["output"] else made


def _on_images(images: Images, mixed_with: Images | None, how: SanitySettings) -> Sanity:
    from bench.sanity_checks.checks import CHECKS
    from bench.sanity_checks.measuring import find
    from bench.sanity_checks.subject import named, open_subject, usual_extractor, usual_other
    from bench.sanity_checks.tables import tables_of

    check_names(how["check"], CHECKS, "check")
    checks = [one for name, one in CHECKS.items() if name in (how["check"] or CHECKS)]
    images = named(images)
    extractors = tuple(dict.fromkeys(how["extractor"])) or (usual_extractor(images),)
    if how["weights"] and len(extractors) > 1:
        raise InputError(f"weights are of one extractor, and {len(extractors)} are named; run each by itself")
    counts = tuple(whole_number(n, "n", 1) for n in how["n"])
    first = _setup(extractors[0], how)
    first.check_there(images)
    instruments = [_instrument(_setup(name, how), how["metric"]) for name in extractors]
    if mixed_with is None and any(one.with_others for one in checks):
        mixed_with = usual_other(images)
    subject = open_subject(images, mixed_with, counts, first)
    _check_counts(subject, instruments)
    found = [one for instrument in instruments for one in find(subject, instrument, checks)]
    verdicts = [one.curve.passed for one in found if one.curve.passed is not None]
    name = subject.images.name
    about = {
        "of": name,
        "digest": subject.images.digest,
        "images": subject.images.count,
        "modes": subject.modes_are,
        "mixed_with": subject.others and subject.others.name,
        "measured_with": [{**one.measure.question, "tap": one.measure.extractor.pool} for one in instruments],
        "metrics": list(dict.fromkeys(one.metric.name for one in found)),
        "n": list(subject.counts),
        "seed": how["seed"],
        "version": __version__,
    }
    notes = tuple(dict.fromkeys([*_not_measured(found), *(w for one in instruments for w in one.measure.warnings)]))
    tables = Tables(tuple(tables_of(found, name)), notes)
    return Sanity(tables, about, sum(verdicts), len(verdicts), pictures=_pictures(found, subject, how["seed"]))


def _setup(extractor: Network, how: SanitySettings) -> Setup:
    shared = set(known(SanitySettings)) & set(known(SetSettings)) - {"extractor"}
    return Setup.of({"extractor": extractor, **{name: how[name] for name in shared}})  # type: ignore[literal-required]


def _instrument(setup: Setup, asked: Sequence[str]) -> "Instrument":
    """The extractor with the metrics that were asked for, else with all that fit; InputError for one that does not."""
    from bench.sanity_checks.measuring import Instrument, judged

    measuring, options = setup.measure(), Options(setup.settings["seed"])
    for metric in (chosen := load_metrics(asked)):
        if metric.feature == "images":
            raise InputError(f"{metric.name} compares image by image, and these checks compare sets; leave it out")
        if metric.labels:
            raise InputError(f"{metric.name} reads the classes that images should be of; damage has none; leave it out")
    taps_for(measuring, chosen)
    return Instrument(setup, measuring, chosen or _fitting(measuring, judged), options)


def _fitting(measuring: Measure, judged: Callable[[Metric], Sequence[object]]) -> tuple[Metric, ...]:
    there = taps_of(measuring)
    fitting = [one for one in every_metric() if one.feature in there and judged(one) and not one.labels]
    return tuple(sorted(fitting, key=lambda one: FIRST.index(one.name) if one.name in FIRST else len(FIRST)))


def _check_counts(subject: "Subject", instruments: "Sequence[Instrument]") -> None:
    for instrument in instruments:
        for metric in instrument.metrics:
            least = least_images(metric, instrument.options)[0]
            if min(subject.counts) < least:
                raise InputError(
                    f"n = {min(subject.counts)}, and {metric.name} needs at least {least}; give a larger n"
                )


def _not_measured(found: "Sequence[Finding]") -> list[str]:
    """What a metric refused, and what there were too few images for."""
    refused = {(one.metric.name, one.check.name, one.n): one.refused for one in found if one.refused}
    lacking = (one for one in found if not one.refused and len(one.curve.measured) < len(one.check.strengths))
    few = dict.fromkeys((one.check.name, one.n) for one in lacking)
    return [
        *(f"{metric} under {check} at n = {n:,}: {why}" for (metric, check, n), why in refused.items()),
        *(
            f"{check} at n = {n:,}: too few images for some strengths or metrics, which are left out"
            for check, n in few
        ),
    ]


def _pictures(found: "Sequence[Finding]", subject: "Subject", seed: int) -> dict[str, Picture]:
    def damages(path: Path) -> None:
        from bench.sanity_checks.pictures import plot_damages

        plot_damages(path, subject.images, seed)

    return {
        "damages": damages,
        **{f"curves-{slug(name)}": _curves(found, name) for name in {one.extractor for one in found}},
    }


def _curves(found: "Sequence[Finding]", extractor: str) -> Picture:
    def curves(path: Path) -> None:
        from bench.sanity_checks.judging import REAL_SPLITS
        from bench.sanity_checks.pictures import plot_curves

        ruler = f"1 is as far as the worst of {REAL_SPLITS} real splits"
        title = f"{extractor}: how far damaged images are from real ones;\n{ruler}"
        plot_curves(path, title, [one for one in found if one.extractor == extractor])

    return curves


def _synthetic(how: SanitySettings) -> Sanity:
    from bench.sanity_checks.measuring import judged
    from bench.sanity_checks.synthetic import SYNTHETIC
    from bench.sanity_checks.synthetic_measuring import N, judge
    from bench.sanity_checks.tables import synthetic_tables

    names = [one.name for one in SYNTHETIC]
    check_names(how["check"], names, "check on synthetic data")
    if len(how["n"]) > 1 or how["extractor"]:
        raise InputError("synthetic data take one n and no extractor; leave the others out")
    n = whole_number(how["n"][0], "n", 20) if how["n"] else N
    chosen = load_metrics(how["metric"]) or tuple(one for one in every_metric() if _fits(one) and _by_paper(one))
    for metric in chosen:
        if not _fits(metric):
            raise InputError(
                f"{metric.name} does not compare two sets of features; synthetic data need a metric that does"
            )
    tell, found = how["progress"], []
    checks = [one for one in SYNTHETIC if one.name in (how["check"] or names)]
    for done, check in enumerate(checks):
        if tell:
            tell("synthetic data", done, len(checks))
        found += [one for metric in chosen for one in judge(check, metric, judged(metric), n, how["seed"])]
    verdicts = [one.passed for one in found if one.passed is not None]
    about = {"of": "synthetic data", "metrics": [one.name for one in chosen], "n": [n], "seed": how["seed"]}
    return Sanity(
        Tables(tuple(synthetic_tables(found, n))), {**about, "version": __version__}, sum(verdicts), len(verdicts)
    )


def _fits(metric: Metric) -> bool:
    return metric.feature == "pool" and metric.arity == "pair"


def _by_paper(metric: Metric) -> bool:
    """Whether the paper's criteria are about some number of it."""
    from bench.sanity_checks.synthetic_measuring import by_paper

    return any(map(by_paper, metric.outputs))


def _written(made: Sanity, how: SanitySettings) -> Sanity:
    from bench.exploring import Explored, write

    folder = how["output"]
    assert folder
    found = Explored("sanity", made.about, tuple(made.tables), made.pictures, made.tables.warnings, FILE)
    files = tuple(write(found, folder, force=how["force"]))
    return Sanity(made.tables, made.about, made.passed, made.asked, folder, files, made.pictures)
