"""Options of commands that metrics declare, those of other packages too."""

from collections.abc import Iterable, Mapping
from typing import Any

import click
from click.core import ParameterSource

from metrics.types import Metric, Option


def with_metric_options(own: list[click.Parameter], metrics: Iterable[Metric]) -> list[click.Parameter]:
    """The parameters of a command with an option for each that these metrics declare, before --json and --help."""
    *first, as_json, as_help = own
    return [*first, *_options(metrics), as_json, as_help]


def asked(ctx: click.Context, values: Mapping[str, Any]) -> dict[str, Any]:
    """Those of these options that were given."""
    return {name: one for name, one in values.items() if ctx.get_parameter_source(name) != ParameterSource.DEFAULT}


def _options(metrics: Iterable[Metric]) -> list[click.Option]:
    """One for each name; metrics may share a name."""
    found: dict[str, list[tuple[str, Option]]] = {}
    for metric in metrics:
        for option in metric.options:
            if option.flag is not None:
                flag = option.flag or f"--{metric.name}-{option.name.replace('_', '-')}"
                found.setdefault(option.name, []).append((flag, option))
    return [_as_option(name, [flag for flag, _ in given], given[0][1]) for name, given in found.items()]


def _as_option(name: str, flags: list[str], option: Option) -> click.Option:
    if isinstance(option.default, bool):
        return click.Option([*flags, name], is_flag=True, default=option.default, help=option.help)
    kind = click.Choice(option.choices) if option.choices else click.IntRange(min=option.least)
    return click.Option([*flags, name], type=kind, default=option.default, show_default=True, help=option.help or None)
