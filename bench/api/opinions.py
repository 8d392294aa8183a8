"""Second opinions: `opinions`."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Unpack

from bench import __version__
from bench.measuring.copies import METRIC as COPIES
from bench.measuring.declared import every_metric
from bench.measuring.given import ready_set
from bench.measuring.measure import Measure
from bench.measuring.opening import check_features
from bench.measuring.scoring import Options, load_metrics
from bench.measuring.sets import NEEDED, taps_for, taps_of
from bench.measuring.setup import Images, Setup
from bench.options import Network
from bench.second_opinions.asking import ask, given_eye, look, metrics_of
from bench.second_opinions.eyes import fitting_extractors
from bench.second_opinions.picture import check_picture
from bench.second_opinions.result import Opinions
from bench.second_opinions.three import three_sets
from bench.second_opinions.words import in_words
from bench.settings.sets import Asking
from bench.sources import ImageSource
from genbench.surroundings import numpy_defaults
from metrics.errors import InputError
from metrics.options import shown
from metrics.types import Metric


@numpy_defaults()
def opinions(
    real: Images,
    generated: Images,
    *,
    real_2: Images | None = None,
    train: Images | None = None,
    extractors: Iterable[Network] | Network = (),
    metrics: Iterable[str] | str = (),
    picture: str | Path | None = None,
    **settings: Unpack[Asking],
) -> Opinions:
    """What several metrics, by several extractors, say of generated images, each beside what it says of real ones.

    `real` is cut into real 1 and real 2, two sets that share no image, unless `real_2` is given; all sets have one
    size, the smallest. Each distance to real 1 is divided by that of real 2, with a 95 % interval, and `words` say
    whether all agree. With `train`, the images that the generator has learned from, copies are looked for too.
    `extractors` are by default those that need no download and fit, and those whose weights are here. `picture` is a
    file to draw the ratios to: .png, .webp, .svg or .pdf. Raises InputError.
    """
    target = None if picture is None else check_picture(picture)
    setup = Setup.of(settings, Asking)
    asked = load_metrics(metrics)
    chosen = metrics_of((*every_metric(), COPIES), asked, train is not None)
    named = _extractors(extractors)
    trained = _train(train, setup)
    three = three_sets(real, generated, real_2, setup)
    check_features([one for one in (ready_set(given, setup) for given in (real, generated)) if one], setup)
    eyes = [given_eye(three, setup.settings["made_by"])] if three.given_features else []
    if eyes and (named or trained):
        raise InputError("the sets hold features, not images; leave the extractors and the training set out")
    if eyes and (unfit := [metric for metric in asked if not eyes[0].sees(metric)]):
        needed = NEEDED[unfit[0].feature]
        raise InputError(f"{unfit[0].name} needs {needed}, and features were given; give the images, or leave it out")
    measures = [] if eyes else _measures(named or fitting_extractors(real), asked, setup)
    eyes += [look(three, trained, measure, chosen, setup) for measure in measures]
    found = ask(eyes, trained, chosen, Options(setup.settings["seed"]), setup.settings["workers"])
    names = dict(zip(("real 1", "real 2", "generated"), three.sets, strict=True))
    result = Opinions(
        real=three.name,
        generated=three.generated.name,
        count=three.count,
        seed=setup.settings["seed"],
        sets={role: one.digest for role, one in names.items()},
        extractors={eye.name: eye.question for eye in eyes},
        opinions=found.opinions,
        words=in_words(found.opinions, found.copied),
        taken=three.said,
        version=__version__,
        warnings=found.warnings,
    )
    if target is not None:
        result.picture(target)
    return result


def _extractors(asked: Iterable[Network] | Network) -> tuple[Network, ...]:
    if isinstance(asked, str) or callable(asked):
        return (asked,)
    if not isinstance(asked, Iterable):
        raise InputError(f"extractors is {shown(asked)}; expected names, such as ('pixels',)")
    named = tuple(asked)
    for one in named:
        if not isinstance(one, str) and not callable(one):
            raise InputError(f"an extractor is {shown(one)}; expected a name, a torch module or a function")
    return tuple({id(one) if callable(one) else one: one for one in named}.values())


def _train(train: Images | None, setup: Setup) -> ImageSource | None:
    """The training images, all of them."""
    return None if train is None else replace(setup, settings={**setup.settings, "limit": None}).open(train)


def _measures(extractors: Iterable[Network], asked: Iterable[Metric], setup: Setup) -> list[Measure]:
    """The extractors that give something that was asked for, ready; InputError where one cannot be, or none
    gives what a metric that was asked for reads."""
    found = [replace(setup, settings={**setup.settings, "extractor": one}).measure() for one in extractors]
    for metric in asked:
        if metric.feature != "images" and not any(metric.feature in taps_of(one) for one in found):
            taps_for(found[0], [metric])
    return [one for one in found if not asked or any(metric.feature in taps_of(one) for metric in asked)]
