"""Configurations: changed by `name=value` text, and to and from JSON."""

import json
import types
from collections.abc import Iterable
from dataclasses import asdict, fields, replace
from math import isfinite
from typing import Any, Literal, get_args, get_origin, get_type_hints

from genbench.names import did_you_mean
from reference_models.errors import ModelError


def with_settings(config: Any, settings: Iterable[str]) -> Any:
    """A copy of a frozen dataclass with fields replaced by `name=value` texts, read as the field's type.

    Numbers, true / false, words, `none` where the field allows it, and tuples as `64,128,256`. ModelError for an
    unknown name (with the close one), a value of another type, or one that the configuration itself refuses.
    """
    kinds = _kinds(type(config))
    changes = {}
    for setting in settings:
        name, equals, text = setting.partition("=")
        name = name.strip().replace("-", "_")
        if not equals:
            raise ModelError(f"--set {setting!r} has no value; write it as name=value, for example batch_size=64")
        if name not in kinds:
            raise ModelError(f"no setting {name!r} in {type(config).__name__}. {did_you_mean(name, kinds)}")
        changes[name] = _parse(name, kinds[name], text.strip())
    changed = replace(config, **changes)
    require_positive(changed, *(name for name in ("batch_size", "epochs") if name in changes))
    for name in ("beta1", "beta2"):
        if name in changes and not 0 <= changes[name] < 1:
            raise ModelError(f"{name} {changes[name]}; expected a decay rate of Adam, from 0 to less than 1")
    return changed


def require_positive(config: Any, *names: str) -> None:
    """ModelError, naming the first one, where one of these fields is not above 0."""
    for name in names:
        if not getattr(config, name) > 0:
            raise ModelError(f"{name} {getattr(config, name)}; expected more than 0")


def to_json(config: Any) -> dict[str, Any]:
    """The fields of a configuration as JSON values."""
    return json.loads(json.dumps(asdict(config)))


def from_json(kind: type, values: dict[str, Any]) -> Any:
    """The configuration of class `kind` that `to_json` wrote; ModelError where the fields are not the same ones."""
    known = {field.name for field in fields(kind)}
    if known != set(values):
        odd = ", ".join(sorted(known ^ set(values)))
        raise ModelError(f"{kind.__name__} has other fields than the stored one ({odd}); train the model again")
    kinds = _kinds(kind)
    given = {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
    for name, value in given.items():
        if not _fits(value, kinds[name]):
            raise ModelError(
                f"the stored setting {name} is {str(value)[:60]!r}, of another type; train the model again"
            )
    return kind(**given)


def _fits(value: Any, kind: Any) -> bool:
    """Whether a value, of JSON, can be the value of a field of this type."""
    origin, options = get_origin(kind), get_args(kind)
    if origin is types.UnionType:
        return any(_fits(value, option) for option in options)
    if origin is tuple:
        return isinstance(value, tuple) and all(_fits(one, options[0]) for one in value)
    if origin is Literal:
        return value in options
    if kind is float:
        return type(value) in (int, float) and isfinite(value)
    return type(value) is kind or kind not in (int, bool, str, types.NoneType)


def changed_settings(config: Any, recipe: Any) -> dict[str, Any]:
    """The fields of a configuration, as JSON values, that are not those of the recipe."""
    expected = to_json(recipe)
    return {name: value for name, value in to_json(config).items() if expected[name] != value}


def _kinds(config_class: type) -> dict[str, Any]:
    hints = get_type_hints(config_class)
    return {field.name: hints[field.name] for field in fields(config_class)}


def _parse(name: str, kind: Any, text: str) -> Any:
    origin, options = get_origin(kind), get_args(kind)
    if origin is types.UnionType:
        if text.lower() == "none":
            return None
        return _parse(name, next(option for option in options if option is not types.NoneType), text)
    if origin is tuple:
        return tuple(_parse(name, options[0], part.strip()) for part in text.split(","))
    if origin is Literal:
        if text not in map(str, options):
            raise ModelError(f"--set {name}={text} is none of its choices: {', '.join(map(str, options))}")
        return next(option for option in options if str(option) == text)
    if kind is bool:
        if text.lower() not in ("true", "false"):
            raise ModelError(f"--set {name}={text} is neither true nor false")
        return text.lower() == "true"
    try:
        value = kind(text)
        if kind is float and not isfinite(value):
            raise ValueError(f"{value} is not finite")
        return value
    except ValueError:
        word = {int: "a whole number", float: "a number"}.get(kind, kind.__name__)
        raise ModelError(f"--set {name}={text} is not {word}; write for example {name}={kind(1)}") from None
