"""Options that several commands share, gathered into one value per concern.

`@measuring_options` gives a command the argument `measuring`, `@reading_options` the argument `reading`; their fields
are the keywords of the functions in `bench.api`.
"""

import functools
import os
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import click

from genbench.places import expanded

Function = Callable[..., Any]
SEED = click.IntRange(0, 2**32 - 1)  # what numpy's RandomState takes


@dataclass(frozen=True)
class Measuring:
    """How images become features."""

    extractor: str
    resize: str | None
    tap: str | None
    weights: Path | None
    offline: bool
    device: str
    workers: int
    batch_size: int
    cache: bool


@dataclass(frozen=True)
class Reading:
    """Which images of a set are read."""

    limit: int | None
    seed: int
    skip_corrupt: bool
    data_root: Path | None


def examples(*lines: str) -> str:
    """The end of a command's help: command lines that work as they stand, on data that needs no download."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


class PathType(click.Path):
    """A path in which `~` is the home folder, as the shell would have it where it stands alone."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return expanded(os.fsdecode(super().convert(value, param, ctx)))


path_type = PathType()
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
data_root_option = click.option(
    "--data-root", type=path_type, help="Folder of the downloaded data sets.  [env: BENCH_DATA]"
)
workers_option = click.option(
    "--workers", type=click.IntRange(min=0), default=2, show_default=True, help="Threads that decode images."
)
extractor_option = click.option(
    "--extractor", default="inception", show_default=True, metavar="NAME", help="See `bench list extractors`."
)


def measuring_options(function: Function) -> Function:
    """--extractor, --resize, --tap, --weights, --offline, --device, --workers, --batch-size, --no-cache as a value."""
    from bench.measuring.measure import BATCH_SIZE, DEVICES

    return gathered(
        function,
        "measuring",
        Measuring,
        extractor_option,
        click.option("--resize", metavar="MODE", help="tf1, clean or torch.  [default: the extractor's first]"),
        click.option(
            "--tap", metavar="NAME", help="Layer whose features are compared.  [default: the extractor's own]"
        ),
        click.option(
            "--weights",
            type=path_type,
            metavar="FILE",
            help="Weights of the extractor.  [env: BENCH_WEIGHTS]",
        ),
        click.option("--offline", is_flag=True, help="Never download weights; BENCH_OFFLINE=1 does the same."),
        click.option("--device", type=click.Choice(DEVICES), default="auto", show_default=True),
        workers_option,
        click.option("--batch-size", type=click.IntRange(min=1), default=BATCH_SIZE, show_default=True),
        click.option("--no-cache", "cache", is_flag=True, default=True, flag_value=False, help="Compute everything."),
    )


def reading_options(function: Function) -> Function:
    """--limit, --seed, --skip-corrupt, --data-root as `reading`."""
    return gathered(
        function,
        "reading",
        Reading,
        click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Draw N random images of each set."),
        click.option(
            "--seed", type=SEED, default=2020, show_default=True, help="Seed of --limit, shuffles and subsets."
        ),
        click.option("--skip-corrupt", is_flag=True, help="Leave out files that cannot be decoded, and say so."),
        data_root_option,
    )


def gathered(function: Function, name: str, kind: type, *options: Callable[[Function], Function]) -> Function:
    """The function with these options, whose values arrive as one `kind` in the argument `name`."""

    @functools.wraps(function)
    def gathering(**values: Any) -> Any:
        return function(**{name: kind(**{field.name: values.pop(field.name) for field in fields(kind)})}, **values)

    command: Function = gathering
    for option in reversed(options):
        command = option(command)
    return command
