"""Configurations: changed by `name=value` text, and to and from JSON."""

import json
import types
from collections.abc import Iterable
from dataclasses import asdict, field, fields, make_dataclass, replace
from functools import cache
from math import isfinite
from typing import Any, Literal, get_args, get_origin, get_type_hints

from genbench.names import did_you_mean
from reference_models.errors import ModelError

AVERAGE = "average"  # what any configuration may have besides its fields, see `loop.averaging`


def with_settings(config: Any, settings: Iterable[str], *, of: str = "a model") -> Any:
    """A copy of a frozen dataclass with fields replaced by `name=value` texts, read as the field's type; `of` is the
    name of the model, for messages.

    `average` can be given to a configuration without such a field, too; whether the model knows it is told when it is
    built. Numbers, true / false, words, `none` where the field allows it, and tuples as `64,128,256`. ModelError for an
    unknown name (with the close one), a value of another type, or one that the configuration itself refuses.
    """
    kinds = {AVERAGE: float} | _kinds(type(config))
    changes = {}
    for setting in settings:
        name, equals, text = setting.partition("=")
        name = name.strip().replace("-", "_")
        if not equals:
            raise ModelError(f"--set {setting!r} has no value; write it as name=value, for example batch_size=64")
        if name not in kinds:
            there = f"There are: {', '.join(_kinds(type(config)))}."
            raise ModelError(f"no setting {name!r} of {of}. {did_you_mean(name, kinds, there)}")
        changes[name] = _parse(name, kinds[name], text.strip())
    changed = _changed(config, changes)
    require_positive(changed, *(name for name in ("batch_size", "epochs") if name in changes))
    for name in ("beta1", "beta2"):
        if name in changes and not 0 <= changes[name] < 1:
            raise ModelError(f"{name} {changes[name]}; expected a decay rate of Adam, from 0 to less than 1")
    return changed


def _changed(config: Any, changes: dict[str, Any]) -> Any:
    """A copy with these fields replaced, of the class that fits whether there is an average besides them."""
    plain = _plain(type(config))
    if AVERAGE not in changes or AVERAGE in _kinds(plain):
        return replace(config, **changes)
    values = {one.name: getattr(config, one.name) for one in fields(plain)} | changes
    if not values[AVERAGE]:
        del values[AVERAGE]
        return plain(**values)
    return _averaging(plain)(**values)


@cache
def _averaging(kind: type) -> type:
    """The configurations of class `kind` with an average besides its fields.

    Without one there is no such field, so that configurations, and what is stored of them, are what they were before
    there was any.
    """

    def check(config: Any) -> None:
        getattr(kind, "__post_init__", lambda _: None)(config)
        if not 0 < config.average < 1:
            raise ModelError(f"average {config.average}; expected a decay from 0 (none) to less than 1, such as 0.999")

    namespace = {"__post_init__": check, "plain": kind}
    made = make_dataclass(
        kind.__name__, [(AVERAGE, float, field(default=0.0))], bases=(kind,), frozen=True, namespace=namespace
    )
    made.__module__ = kind.__module__
    return made


def _plain(kind: type) -> type:
    return getattr(kind, "plain", kind)


def averaged_with(config: Any) -> float:
    """The decay of the average that a configuration has besides its fields; 0 where it has none."""
    return float(config.average) if _plain(type(config)) is not type(config) else 0.0


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
    known = {one.name for one in fields(kind)}
    if AVERAGE in set(values) - known:
        kind, known = _averaging(kind), known | {AVERAGE}
    if known != set(values):
        odd = ", ".join(sorted(known ^ set(values)))
        raise ModelError(f"the model has other fields than the stored one ({odd}); train the model again")
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
    own, expected = ({AVERAGE: 0.0} | to_json(one) for one in (config, recipe))
    return {name: value for name, value in own.items() if expected[name] != value}


def _kinds(config_class: type) -> dict[str, Any]:
    hints = get_type_hints(config_class)
    return {one.name: hints[one.name] for one in fields(config_class)}


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
