"""What was given for one set, for two, for three or for more, opened: the one way into `bench.measuring.comparing`.

Images are opened for those metrics only that need them. Whatever can be refused is refused here, before anything
expensive: a metric that cannot be computed goes by itself as long as another one stays.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from bench.measuring.classes import with_labels
from bench.measuring.comparing import Comparison, all_in_pixels, sets_of
from bench.measuring.given import Ready, check_network, common_question, ready_set
from bench.measuring.measure import Measure, measure
from bench.measuring.pairing import pair
from bench.measuring.refusing import Places, members, passing, passing_somewhere
from bench.measuring.scoring import Options, by_image
from bench.measuring.sets import NEEDED, taps_for
from bench.measuring.setup import Images, Setup
from bench.measuring.tools import resizes_for
from bench.sources import ImageSource
from metrics.errors import InputError
from metrics.types import Metric


def open_sets(
    given: Sequence[Images],
    asked: tuple[Metric, ...],
    setup: Setup,
    options: Options,
    *,
    logits: str | None = None,
    measuring: Measure | None = None,
    with_features: Collection[str] = (),
    with_images: Collection[str] = (),
    every_resize: bool = False,
    with_train: bool = False,
    by_design: bool = True,
) -> Comparison:
    """The sets that were given, opened; nothing expensive is done yet. InputError where no metric is left.

    `measuring` is how they are measured, where that is settled already. `with_features` and `with_images` are options
    that were asked for and need those of all sets. `every_resize` measures images with the resizes of other tools too,
    those of a file of statistics among them, and is refused where there are no images. `with_train` and `by_design` are
    those of `Comparison`.
    """
    refused: dict[str, str] = {}
    of_sets = len(given) - with_train
    ready = [ready_set(one, setup) for one in given]
    chosen = passing(asked, partial(_check_held, ready=ready, of_sets=of_sets), refused)
    ready = [one if one and _useful(one, chosen) else None for one in ready]
    wanted = [one is None or (one.with_images and _needs_images(one, chosen, every_resize)) for one in ready]
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
        in_pixels = all_in_pixels(chosen)
        if not (measuring or in_pixels):
            check_network(known, setup.settings["extractor"])
        measuring = measuring or (measure("pixels", device="cpu", cache=False) if in_pixels else setup.measure(logits))
        chosen = passing(chosen, lambda metric: taps_for(measuring, (metric,)), refused)
    sources = [setup.open(one) if opened else None for one, opened in zip(given, wanted, strict=True)]
    ready, sources = _with_labels(ready, sources, setup.settings["labels"])
    beside = resizes_for(measuring.extractor) if every_resize and measuring else ()
    opened = Comparison(
        setup, asked, options, measuring, tuple(ready), tuple(sources), None, beside, with_train, by_design, refused
    )
    return _paired(opened, passing(chosen, partial(_check_somewhere, opened), refused), refused)


def _check_held(metric: Metric, ready: Sequence[Ready | None], of_sets: int) -> None:
    """InputError where sets that were measured hold too little for a metric, and nothing else is there."""

    def held(metric: Metric, places: Places) -> None:
        for one in (ready[place] for place in sorted(places)):
            if one and not one.with_images and not one.measured.allows(metric):
                needed, name = NEEDED["images" if metric.arity == "triplet" else metric.feature], one.measured.name
                raise InputError(f"{metric.name} needs {needed}, and {one.what} {name} holds none; give the images")

    passing_somewhere(metric, members(metric, of_sets), held)


def _useful(one: Ready, chosen: Iterable[Metric]) -> bool:
    """Whether a set is taken as it was measured: where it serves a metric, or there is nothing else."""
    return not one.with_images or any(map(one.measured.allows, chosen))


def _needs_images(one: Ready, chosen: Iterable[Metric], every_resize: bool) -> bool:
    return every_resize or not all(map(one.measured.allows, chosen))


def _check_somewhere(opened: Comparison, metric: Metric) -> None:
    passing_somewhere(metric, opened.members(metric), opened.check)


def _paired(opened: Comparison, chosen: Sequence[Metric], refused: dict[str, str]) -> Comparison:
    """The images of two sets side by side, where a metric compares them one by one."""
    by_images = [metric for metric in chosen if by_image(metric)]
    if not by_images:
        return opened
    try:
        return replace(opened, pairing=pair(*(one for one in opened.sources[:2] if one)))
    except InputError as error:
        refused.update({metric.name: str(error) for metric in by_images})
        if len(by_images) == len(chosen):
            raise InputError(next(iter(refused.values()))) from error
        return opened


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
    named = with_labels(sets_of(ready, sources), labels)
    known = [
        replace(one, measured=measured) if one and not source else one
        for one, source, measured in zip(ready, sources, named, strict=True)
    ]
    return known, [source and one for source, one in zip(sources, named, strict=True)]
