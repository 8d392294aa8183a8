"""The JSON part of a checkpoint, checked: what is read of it has the type that was written."""

import json
from collections.abc import Callable, Mapping
from math import isfinite
from pathlib import Path
from typing import Any

from reference_models.errors import ModelError

Test = Callable[[Any], bool]


def _whole(value: Any) -> bool:
    return type(value) is int and 0 <= value < 2**63


def _number(value: Any) -> bool:
    return type(value) in (int, float) and isfinite(value) and abs(value) < 2**63


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _list_of(test: Test, least: int = 0, most: int = 2**20) -> Test:
    return lambda value: isinstance(value, list) and least <= len(value) <= most and all(map(test, value))


def _above_0(value: Any) -> bool:
    return _whole(value) and value > 0


def _object(value: Any) -> bool:
    return isinstance(value, dict)


STATE: Mapping[str, Test] = {
    **{"model": _text, "settings": _object, "data": _object, "seed": _whole, "step": _whole, "images": _whole},
    **{"seconds": _number, "precision": _text, "groups": _object},
}
DATA: Mapping[str, Test] = {
    **{"name": _text, "shape": _list_of(_above_0, 3, 3), "classes": _list_of(_text)},
    **{"counts": _list_of(_above_0, 1), "split": lambda value: value is None or _text(value)},
}


def state_of(text: str, schema: int, path: Path) -> dict[str, Any]:
    """The state in this header of the checkpoint `path`; ModelError where it is none, naming what is wrong."""
    try:
        state = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{path} holds a state that is not JSON ({error}); train again") from error
    found = state.get("schema") if isinstance(state, dict) else None
    if type(found) is not int or found != schema:
        raise ModelError(
            f"{path} has schema {found!r}, expected {schema}; use the version that wrote it or train again"
        )
    _check(state, STATE, f"{path}: ")
    _check(state["data"], DATA, f"{path}: data.")
    return state


def _check(values: dict[str, Any], tests: Mapping[str, Test], where: str) -> None:
    for name, test in tests.items():
        if not test(values.get(name)):
            shown = json.dumps(values.get(name))[:60]
            raise ModelError(f"{where}{name} is {shown}, which no training writes; train again")
