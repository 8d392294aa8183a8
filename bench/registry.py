"""Plug-ins found by file name: a module with the constant of its kind IS the plug-in, nothing registers itself.

`names` and `describe` read the source text and import nothing, so that `bench list` is instant; `load` imports that
one module. `inception_score.py` is `inception-score` on the command line.
"""

import ast
import difflib
import importlib
from pathlib import Path
from typing import Any

from metrics._errors import InputError

ROOT = Path(__file__).resolve().parent.parent
KINDS = {  # kind: (package, constant, word in messages)
    "metrics": ("metrics", "METRIC", "metric"),
    "extractors": ("metrics.extractors", "EXTRACTOR", "extractor"),
    "datasets": ("bench.datasets", "DATASET", "data set"),
    "models": ("reference_models", "MODEL", "model"),
    "pretrained": ("reference_models.pretrained", "PRETRAINED", "pretrained generator"),
}
ALIASES = {"metrics": {"is": "inception-score"}}


def names(kind: str) -> list[str]:
    """All plug-ins of a kind, sorted, without importing any."""
    return sorted(_files(kind))


def resolve(kind: str, name: str) -> str:
    """The plug-in's own name for what was typed (aliases, underscores); InputError with the close names otherwise."""
    known = _files(kind)
    typed = ALIASES.get(kind, {}).get(name, name.replace("_", "-"))
    if typed in known:
        return typed
    close = difflib.get_close_matches(name, [*known, *ALIASES.get(kind, {})], n=2, cutoff=0.5)
    meant = f"Did you mean {' or '.join(map(repr, close))}?" if close else f"There are: {', '.join(sorted(known))}."
    raise InputError(f"no {KINDS[kind][2]} {name!r}. {meant}")


def describe(kind: str, name: str) -> dict[str, Any]:
    """The literal fields of a plug-in's constant (name, title, source, ...), read from its source text."""
    call = _constant(_files(kind)[resolve(kind, name)], KINDS[kind][1])
    return {field.arg: value for field in call.keywords if field.arg for value in _literal(field.value)}


def load(kind: str, name: str) -> Any:
    """The plug-in's constant, importing its module only."""
    package, constant, _ = KINDS[kind]
    module = importlib.import_module(f"{package}.{resolve(kind, name).replace('-', '_')}")
    return getattr(module, constant)


def _files(kind: str) -> dict[str, Path]:
    package, constant, _ = KINDS[kind]
    folder = ROOT.joinpath(*package.split("."))
    return {
        path.stem.replace("_", "-"): path
        for path in folder.glob("[!_]*.py")
        if f"\n{constant} = " in path.read_text(encoding="utf-8")
    }


def _constant(path: Path, constant: str) -> ast.Call:
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call() as call) if name == constant:
                return call
    raise InputError(f"{path.name} has no {constant} = ...(...) at its top level; a plug-in is one such constant")


def _literal(node: ast.expr) -> list[Any]:
    try:
        return [ast.literal_eval(node)]
    except ValueError:
        return []
