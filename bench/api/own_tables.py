"""Tables of anybody's own sets of images: `table`."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.api.sets import settings_and_options
from bench.measuring.evaluation import GENERATED, MEAN_IMAGE, NOISE, REAL_1, REAL_2, RECONSTRUCTED
from bench.measuring.given import Measured
from bench.measuring.own_sets import Domain, joined, measure_own, own_metrics
from bench.measuring.scoring import Options
from bench.measuring.setup import Images, Setup
from bench.settings.sets import SetSettings
from bench.sources.patterns import is_pattern, name_of
from bench.sources.remote import is_remote
from bench.sources.splits import split_named
from bench.tables.own_tables import own_tables
from bench.tables.several import Tables
from genbench.places import exists, expanded
from genbench.surroundings import numpy_defaults
from metrics.errors import InputError
from metrics.options import shown

RESERVED = (REAL_1, REAL_2, NOISE, MEAN_IMAGE, RECONSTRUCTED)
EXPECTED = "expected two real sets and at least one generated set: REAL-1 REAL-2 GENERATED"


@numpy_defaults()
def table(
    real_1: Images | None = None,
    real_2: Images | None = None,
    /,
    *generated: "Images | Mapping[str, Images]",
    reconstructed: Images | None = None,
    domains: Mapping[str, Sequence[Any]] | None = None,
    **keywords: Any,
) -> Tables:
    """Tables 6, 5 or 7 of your own sets, as `bench run` makes them of a model's: everything against real 1.

    Real 2 says what a perfect generator would get, noise (made here) what one that has learned nothing gets. A
    generated set is named by its folder, by "NAME=PATH" or, in a mapping, by its key. With `reconstructed`, which is
    compared with real 1 image by image, it is Table 5. `domains` instead of the sets, {name: (real 1, real 2, generated
    ...)}, makes Table 7. The tables are those of Inception Score and FID, of the errors of reconstructed images, and of
    the other metrics of a protocol. A value that cannot be computed is empty, and a note says why. Further keywords are
    those of `fid` and the options of these metrics (`splits`, `k`, ...). Raises InputError.
    """
    setup, asked = settings_and_options(keywords, SetSettings)
    options = Options(setup.settings["seed"], **asked)
    options.check(own_metrics(images=False))
    chosen = _domains(domains, (real_1, real_2, *generated), reconstructed)
    _check_there(setup, [one for domain in chosen for one in domain.given] + [reconstructed])
    return own_tables(joined(measure_own(chosen, reconstructed, setup, options)), options)


def _check_there(setup: Setup, given: Iterable[Any]) -> None:
    """A misspelt name is told before the first set is measured."""
    setup.check_there(*(one for one in given if one is not None and not isinstance(one, Measured)))


def _domains(domains: Any, given: Sequence[Any], reconstructed: Any) -> list[Domain]:
    sets = [one for one in given if one is not None]
    if domains is None:
        return [_domain("", sets)]
    if not isinstance(domains, Mapping) or not all(isinstance(one, list | tuple) for one in domains.values()):
        raise InputError(f"domains is {shown(domains)}; expected {{name: (real 1, real 2, generated)}}")
    if sets or reconstructed is not None:
        what = "sets" if sets else "reconstructed images"
        raise InputError(f"--domain was given beside {what}; Table 7 has domains only, so leave one of the two out")
    if len(domains) < 2:
        raise InputError("one --domain was given; Table 7 has at least two; give another, or the sets without it")
    return [_domain(str(label), list(one)) for label, one in domains.items()]


def _domain(label: str, given: Sequence[Any]) -> Domain:
    where = f"--domain {label}: " if label else ""
    if len(given) < 3:
        raise InputError(f"{where}{len(given)} set{'s' * (len(given) != 1)} given; {EXPECTED}")
    named = [pair for one in given[2:] for pair in _named(one)]
    names = _apart([name for name, _ in named], [one for _, one in named])
    taken = next((name for name in names if name in RESERVED), None)
    if taken:
        raise InputError(f"{where}a generated set is named {taken!r}, as another row is; name it: NAME=PATH")
    return Domain(label, (*given[:2], *(one for _, one in named)), names)


def _named(one: Any) -> list[tuple[str, Any]]:
    """A generated set with the name that was given, "" where none was; each of a mapping."""
    if isinstance(one, Mapping):
        return [(str(name), images) for name, images in one.items()]
    if (
        isinstance(one, str)
        and "=" in one
        and not split_named(one)
        and not is_remote(one)
        and not exists(expanded(Path(one)))
    ):
        name, _, path = one.partition("=")
        return [(name.strip(), path)]
    return [("", one)]


def _apart(names: Sequence[str], given: Sequence[Any]) -> tuple[str, ...]:
    """A name for each generated set, no two alike: a single one without a name is `generated`."""
    if list(names) == [""]:
        return (GENERATED,)
    pairs = list(zip(names, given, strict=True))
    found = [name or _short(one) or f"{GENERATED} {number}" for number, (name, one) in enumerate(pairs, 1)]
    longer = [
        str(one) if found.count(name) > 1 and not said and isinstance(one, str | Path) else name
        for name, (said, one) in zip(found, pairs, strict=True)
    ]
    twice = next((name for name in longer if longer.count(name) > 1), None)
    if twice is not None:
        raise InputError(f"two generated sets are named {twice!r}; name each of them: NAME=PATH")
    return tuple(longer)


def _short(one: Any) -> str:
    """The folder or the file without its suffix; a split of a data set as it is; "" of what has no name."""
    if not isinstance(one, str | Path):
        return ""
    if isinstance(one, str) and split_named(one):
        return one
    path = Path(one)
    if not exists(path) and is_pattern(one):
        return name_of(path)
    return path.name if path.is_dir() else path.stem
