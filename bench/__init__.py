"""bench: measures and compares image generators. The commands as functions; docs/python.md shows them at work."""

import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bench.accumulator import Accumulator
    from bench.api.boards import compare, leaderboard, site, submit, verify
    from bench.api.classes import grades, submit_all
    from bench.api.explanations import explain
    from bench.api.explorations import explore
    from bench.api.models import evaluate, export, rescore, sample, tables, train
    from bench.api.opinions import opinions
    from bench.api.own_data import new_track
    from bench.api.own_tables import table
    from bench.api.reports import Report, cite, report
    from bench.api.reproduction import planned, reproduce
    from bench.api.result import Result
    from bench.api.runs import plan, run
    from bench.api.sanity import sanity
    from bench.api.sets import doctor, fid, save_statistics, score, stats
    from bench.api.shards import cache_status, features
    from bench.sources import ImageSource, open_source
    from metrics.errors import InputError

__version__ = "0.1.0"

_HOMES = {  # imported when asked for: `import bench` and the command's help load no numpy
    "bench.accumulator": ("Accumulator",),
    "bench.api.boards": ("compare", "leaderboard", "site", "submit", "verify"),
    "bench.api.classes": ("grades", "submit_all"),
    "bench.api.explanations": ("explain",),
    "bench.api.explorations": ("explore",),
    "bench.api.models": ("evaluate", "export", "rescore", "sample", "tables", "train"),
    "bench.api.opinions": ("opinions",),
    "bench.api.own_data": ("new_track",),
    "bench.api.own_tables": ("table",),
    "bench.api.reports": ("Report", "cite", "report"),
    "bench.api.reproduction": ("planned", "reproduce"),
    "bench.api.result": ("Result",),
    "bench.api.runs": ("plan", "run"),
    "bench.api.sanity": ("sanity",),
    "bench.api.sets": ("doctor", "fid", "save_statistics", "score", "stats"),
    "bench.api.shards": ("cache_status", "features"),
    "bench.sources": ("ImageSource", "open_source"),
    "metrics.errors": ("InputError",),
}
__all__ = [
    "Accumulator",
    "ImageSource",
    "InputError",
    "Report",
    "Result",
    "cache_status",
    "cite",
    "compare",
    "doctor",
    "evaluate",
    "explain",
    "explore",
    "export",
    "features",
    "fid",
    "grades",
    "leaderboard",
    "new_track",
    "open_source",
    "opinions",
    "plan",
    "planned",
    "report",
    "reproduce",
    "rescore",
    "run",
    "sample",
    "sanity",
    "save_statistics",
    "score",
    "site",
    "stats",
    "submit",
    "submit_all",
    "table",
    "tables",
    "train",
    "verify",
]


def _check_packages() -> None:
    """ImportError that names somebody's own `metrics.py`, where it would be imported for this project's package."""
    for name in ("genbench", "metrics", "reference_models"):
        spec = sys.modules[name].__spec__ if name in sys.modules else find_spec(name)
        own = Path(__file__).resolve().parent.parent / name
        places = [Path(place).resolve() for place in (spec and spec.submodule_search_locations) or ()]
        if spec is not None and own not in places:
            raise ImportError(
                f"{spec.origin or places[0]} is found for {name!r} before this project's package; rename it, or start "
                "your script in another folder"
            )


_check_packages()


class _Room(ModuleType):
    """A room of this package that has the name of a function and is called like it: `bench.tables(...)`."""

    @property
    def __wrapped__(self) -> Any:  # what a signature is taken from
        name = self.__name__.partition(".")[2]
        return getattr(import_module(_home(name)), name)

    def __call__(self, *given: Any, **named: Any) -> Any:
        return self.__wrapped__(*given, **named)


class _Package(ModuleType):
    """This package: a room that Python binds to the name of a function becomes callable."""

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, ModuleType) and _home(name):
            value.__class__ = _Room
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package


def _home(name: str) -> str:
    return next((home for home, names in _HOMES.items() if name in names), "")


def __getattr__(name: str) -> Any:
    home = _home(name)
    if not home:
        raise AttributeError(f"module 'bench' has no attribute {name!r}; it has {', '.join(__all__)}")
    return getattr(import_module(home), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
