"""Plug-ins found by file name: a module with the constant of its kind IS the plug-in, nothing registers itself.

`names` and `describe` read the source text and import nothing, so that `bench list` is instant; `load` imports that
one module. `inception_score.py` is `inception-score` on the command line.

Other installed packages offer theirs as entry points of the groups `genbench.metrics`, `genbench.extractors`,
`genbench.datasets` and `genbench.models`: `name = "module:CONSTANT"`. `describe` has to import those. A data set may
also be a TOML file below a results folder, which `bench tracks new` writes.
"""

import ast
import importlib
import sys
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.storage.result_places import own_data_sets
from genbench.errors import one_line
from genbench.names import did_you_mean
from genbench.parsing import parsed
from metrics.errors import InputError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

ROOT = Path(__file__).resolve().parent.parent
KINDS = {  # kind: (package, constant, word in messages)
    "metrics": ("metrics", "METRIC", "metric"),
    "extractors": ("metrics.extractors", "EXTRACTOR", "extractor"),
    "datasets": ("bench.datasets", "DATASET", "data set"),
    "models": ("reference_models", "MODEL", "model"),
    "pretrained": ("reference_models.pretrained", "PRETRAINED", "pretrained generator"),
}
OFFERED = {  # kind: what another package may offer, and the class that its constant is of
    "metrics": "Metric",
    "extractors": "Extractor",
    "datasets": "Dataset",
    "models": "ModelSpec",
}
LOWERED = "@bf16"  # after the name of an extractor
OWN_FILE = ".toml"  # a data set of somebody's own
ALIASES = {"metrics": {"is": "inception-score"}}


@dataclass(frozen=True)
class Place:
    """Where a plug-in is: in a file of this project, or behind the entry point of another package."""

    path: Path | None = None
    point: "EntryPoint | None" = None

    @property
    def package(self) -> str:
        """`acme 1.0` where another package offers it, else ""."""
        if self.point is None:
            return ""
        return f"{self.point.dist.name} {self.point.dist.version}" if self.point.dist else self.point.value


def names(kind: str) -> list[str]:
    """All plug-ins of a kind, sorted, without importing any."""
    return sorted(_places(kind))


def resolve(kind: str, name: str) -> str:
    """The plug-in's own name for what was typed (aliases, underscores); InputError with the close names otherwise."""
    if low := _lowered(kind, name):
        return resolve(kind, low) + LOWERED
    return name if _is_network(kind, name) else _resolved(kind, name, _places(kind))


def _lowered(kind: str, name: str) -> str:
    """The extractor that is asked for in bfloat16, "" where it is not."""
    return name.removesuffix(LOWERED) if kind == "extractors" and name.endswith(LOWERED) else ""


def _is_network(kind: str, name: str) -> bool:
    if kind != "extractors" or ":" not in name:
        return False
    from metrics.extractors import own_networks  # it imports numpy, which a list of names can do without

    return own_networks.is_own(name)


def _resolved(kind: str, name: str, known: Mapping[str, Any]) -> str:
    typed = ALIASES.get(kind, {}).get(name, name if name in known else name.replace("_", "-"))
    if typed in known:
        return typed
    there = f"There are: {', '.join(sorted(known))}."
    meant = did_you_mean(name, [*known, *ALIASES.get(kind, {})], there)
    raise InputError(f"no {KINDS[kind][2]} {name!r}. {meant}")


def describe(kind: str, name: str) -> dict[str, Any]:
    """The literal fields of a plug-in's constant (name, title, source, ...), and `package` ("" for our own)."""
    return _described(kind, name, _places(kind))


def describe_all(kind: str) -> list[dict[str, Any]]:
    """`describe` of every plug-in of a kind; of one in another package that does not work, why."""
    known = _places(kind)
    found = []
    for name in sorted(known):
        try:
            found.append(_described(kind, name, known))
        except InputError as error:
            found.append({"name": name, "title": "does not work", "source": str(error), "package": ""})
    return found


def load_all(kind: str) -> tuple[list[Any], dict[str, InputError]]:
    """The constants of all plug-ins of a kind that can be had, and why the others cannot, by name."""
    known = _places(kind)
    found: list[Any] = []
    failed: dict[str, InputError] = {}
    for name in sorted(known):
        try:
            found.append(_loaded(kind, name, known))
        except InputError as error:
            failed[name] = error
    return found, failed


def _described(kind: str, name: str, known: Mapping[str, list[Place]]) -> dict[str, Any]:
    place = _place(kind, name, known)
    if place.path is None or place.path.suffix == OWN_FILE:
        constant = load(kind, name)
        values = {one.name: getattr(constant, one.name) for one in fields(constant)}
        plain = {key: value for key, value in values.items() if isinstance(value, str | int | float | bool)}
        return {**plain, "package": place.package}
    call = _constant(place.path, KINDS[kind][1])
    literal = {field.arg: value for field in call.keywords if field.arg for value in _literal(field.value)}
    return {**literal, "package": place.package}


def load(kind: str, name: str) -> Any:
    """The plug-in's constant, importing its module only; InputError where another package's cannot be had.

    An extractor may also be a network of somebody's, such as `timm:NAME` (`metrics.extractors.own_networks`), and any
    of them in bfloat16: `NAME@bf16` (`metrics.extractors.lowered`).
    """
    if low := _lowered(kind, name):
        from metrics.extractors.lowered import lowered

        return lowered(load(kind, low), LOWERED)
    if _is_network(kind, name):
        from metrics.extractors import own_networks

        return own_networks.load(name)
    return _loaded(kind, name, _places(kind))


def _loaded(kind: str, name: str, known: Mapping[str, list[Place]]) -> Any:
    place, (package, constant, word) = _place(kind, name, known), KINDS[kind]
    if place.point is None:
        assert place.path
        if place.path.suffix == OWN_FILE:
            return importlib.import_module("bench.datasets.own").of_file(place.path)
        return getattr(importlib.import_module(f"{package}.{place.path.stem}"), constant)
    what = f"{word} {name!r} of {place.package}"
    try:
        found = place.point.load()
    except Exception as error:
        why = one_line(error)
        raise InputError(
            f"{what} cannot be loaded ({type(error).__name__}: {why}); fix or remove that package"
        ) from error
    if type(found).__name__ != OFFERED[kind] or found.name != place.point.name:
        raise InputError(
            f"{what} is not of type {OFFERED[kind]}, or has another name ({place.point.value}); "
            "fix or remove that package"
        )
    return found


def package_of(kind: str, name: str) -> str:
    """`acme 1.0` where another package offers this plug-in, "" where this project or nobody does."""
    name = _lowered(kind, name) or name
    if _is_network(kind, name):
        return ""
    return _place(kind, name, _places(kind)).package


def _place(kind: str, name: str, known: Mapping[str, list[Place]]) -> Place:
    name = _resolved(kind, name, known)
    first, *others = known[name]
    if others:
        named = " and ".join(one.package or "this project" for one in (first, *others))
        raise InputError(f"{KINDS[kind][2]} {name!r} is offered by {named}; remove one of these packages")
    return first


def _places(kind: str) -> dict[str, list[Place]]:
    """Where each plug-in of a kind is. This looks at every file of its folder, so a caller asks once."""
    found = {name: [Place(path)] for name, path in _files(kind).items()}
    if kind == "datasets":
        for name, path in own_data_sets().items():
            found.setdefault(name, [Place(path)])
    for point in _offered(tuple(sys.path)).get(kind, ()):
        found.setdefault(point.name, []).append(Place(point=point))
    return found


@lru_cache(maxsize=1)
def _offered(path: tuple[str, ...]) -> "dict[str, tuple[EntryPoint, ...]]":
    """The entry points of each kind; looked for once as long as `path`, where packages lie, is the same."""
    if not any(map(_may_offer, path)):
        return {}
    from importlib.metadata import entry_points

    found = entry_points()
    return {kind: tuple(found.select(group=f"genbench.{kind}")) for kind in OFFERED}


def _may_offer(folder: str) -> bool:
    """Whether packages below may have entry points for this project. Python's own way to know takes 30 ms longer."""
    place = Path(folder)
    if place.is_file():  # an archive of packages
        return True
    return any(b"genbench." in path.read_bytes() for path in place.glob("*-info/entry_points.txt"))


def _files(kind: str) -> dict[str, Path]:
    package, constant, _ = KINDS[kind]
    folder = ROOT.joinpath(*package.split("."))
    return {
        path.stem.replace("_", "-"): path
        for path in folder.glob("[!_]*.py")
        if _declares(path, path.stat().st_mtime_ns, constant)
    }


@cache
def _declares(path: Path, changed: int, constant: str) -> bool:
    """Whether a file has this constant; a file that was not changed is read once."""
    return f"\n{constant} = " in path.read_text(encoding="utf-8")


def _constant(path: Path, constant: str) -> ast.Call:
    """The call that makes the constant; the code above it need not be parsed."""
    _, start, rest = path.read_text(encoding="utf-8").partition(f"\n{constant} = ")
    for node in parsed(start + rest).body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call() as call) if name == constant:
                return call
    raise InputError(f"{path.name} has no {constant} = ...(...) at its top level; a plug-in is one such constant")


def _literal(node: ast.expr) -> list[Any]:
    try:
        return [ast.literal_eval(node)]
    except ValueError:
        return []
