"""Options of commands, made from the groups of `bench.settings`.

`@options(Settings)` gives a command the argument `settings`, a dict of keywords for a function of `bench`; `option`
makes a single one.
"""

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from bench.options import Known, known
from bench.tables.renderers import FORMATS
from genbench.places import expanded

Function = Callable[..., Any]


def examples(*lines: str) -> str:
    """The end of a command's help: command lines that work as they stand, on data that needs no download."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


class PathType(click.Path):
    """A path in which `~` is the home folder, as the shell would have it where it stands alone."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return expanded(os.fsdecode(super().convert(value, param, ctx)))


class Words(click.ParamType):  # type: ignore[type-arg]  # before click 8.2 it has no argument
    """Several values in one word, divided by commas."""

    name = "words"

    def __repr__(self) -> str:
        return "WORDS"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return [word.strip() for word in value.split(",")] if isinstance(value, str) else value


path_type = PathType()
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")


format_option = click.option(
    "--format",
    "kind",
    type=click.Choice(FORMATS),
    default="terminal",
    show_default=True,
    help="How to print; latex needs the package booktabs.",
)


def options(*groups: type) -> Callable[[Function], Function]:
    """A decorator: the options of these groups, whose values arrive as one dict in the argument `settings`."""
    listed = [one for one in known(*groups).values() if one.long]

    def decorate(function: Function) -> Function:
        @functools.wraps(function)
        def gathering(**values: Any) -> Any:
            return function(settings={one.name: values.pop(one.name) for one in listed}, **values)

        command: Function = gathering
        for one in reversed(listed):
            command = _option(one)(command)
        return command

    return decorate


def option(group: type, name: str) -> Callable[[Function], Function]:
    """One option of a group."""
    return _option(known(group)[name])


def _option(one: Known) -> Callable[[Function], Function]:
    option = one.option
    how: dict[str, Any] = {"help": option.help or None, "metavar": option.metavar or None}
    if one.kind is bool:
        how |= {"is_flag": True, "default": option.default, "flag_value": not option.default}
    else:
        several = one.several and not option.commas
        how |= {"type": _type(one), "multiple": several}
        if option.default is not None and not several and "[default:" not in option.help and option.default != "":
            how |= {"default": option.default, "show_default": True}
        elif option.default == "":
            how |= {"default": ""}
        elif isinstance(option.default, Path):
            how |= {"default": option.default}
    return click.option(*filter(None, [option.letter]), one.long, one.name, **how)


def _type(one: Known) -> Any:
    option = one.option
    if option.choices:
        return click.Choice(option.choices)
    if option.commas:
        return Words()
    if one.kind is Path:
        return path_type
    if one.each in (int, float) and (option.least is not None or option.most is not None):
        if one.each is float:
            return click.FloatRange(option.least, option.most)
        least, most = (None if bound is None else int(bound) for bound in (option.least, option.most))
        return click.IntRange(least, most)
    return one.each if one.each in (int, float, str) else str
