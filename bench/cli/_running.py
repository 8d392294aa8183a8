"""What `bench run`, `evaluate` and `rescore` share: what they print, and the command that goes on."""

import shlex
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from bench.api.processes import launcher
from bench.cli._options import option
from bench.cli._output import print_block, print_json, say
from bench.settings.models import Remeasuring, TrainSettings

if TYPE_CHECKING:
    from bench.api.runs import Run
    from bench.api.seeds import Runs

NOT_REPEATED = ("resume", "force", "plan")

results_option = option(Remeasuring, "results")
force_option = option(Remeasuring, "force")
data_root_option = option(TrainSettings, "data_root")


def follow(model: str, dataset: str, settings: dict[str, Any]) -> None:
    """Take part in the training of torchrun's first process, with the same options."""
    from bench.api.following import follow as take_part

    take_part(model, dataset, settings)


def show(made: "Run", as_json: bool) -> None:
    """Print the tables of a run; where everything lies goes to stderr."""
    if as_json:
        print_json(made.as_dict())
        return
    print_block(str(made.tables))
    say(f"record   {made.path}")
    for word, suffix in (("tables", ".md"), ("pictures", ".webp")):
        for path in (one for one in made.files if one.suffix == suffix):
            say(f"{word:8} {path}")


def show_seeds(made: "Runs", as_json: bool) -> None:
    """Print the tables of several seeds; SystemExit where some failed, which are named in a line each."""
    if as_json:
        print_json(made.as_dict())
    else:
        print_block(str(made.tables))
        for one in made:
            say(f"record   {one.path}")
    for seed, why in made.failed.items():
        say(f"bench: seed {seed} failed and is in no mean: {why}")
    if made.failed:
        raise SystemExit(2)


def say_notes(error: BaseException, more: str = "") -> None:
    """What was noted of an error on its way: where its state lies."""
    for note in getattr(error, "__notes__", ()):
        say(note + more)


def resume_command(ctx: click.Context) -> str:
    """The command line that goes on with this one, by as many processes of torchrun."""
    words = [*launcher(), *ctx.command_path.split()]
    for parameter in ctx.command.params:
        name = parameter.name or ""
        if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE and name not in NOT_REPEATED:
            value = ctx.params[name]
            for one in value if isinstance(value, tuple) else (value,):
                words += [parameter.opts[0]] if isinstance(one, bool) else [parameter.opts[0], str(one)]
    return shlex.join([*words, "--resume"])
