"""The command `bench`: a group whose commands are the modules of this package, found by file name.

A module that does not start with `_` is a command: the first line of its docstring is its line in `bench --help`, its
constant `command` the click command. Neither the help nor one command imports the module of another, so that
`bench --help` and `bench list` start at once.

Exit codes: 0 done; 1 something of this machine gave out (memory, disk), a finding (`bench doctor`), or a bug, which
shows its traceback; 2 what was given cannot be used, told in one line; 130 interrupted (143 by SIGTERM, 129 by SIGHUP).
"""

import ast
import contextlib
import importlib
import logging
import os
import re
import sys
import textwrap
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import click

from bench import __version__
from bench.api.processes import is_follower, processes
from bench.cli import _signals, _streams
from bench.cli._options import examples
from bench.names import shown
from bench.storage import watching
from genbench.errors import REMEDIES, reason, remedy
from genbench.names import did_you_mean
from genbench.parsing import parsed

HERE = Path(__file__).parent
TO_BE_MENDED = {("metrics.errors", "InputError"), ("reference_models.errors", "ModelError")}
TOLD_ELSEWHERE = (  # warnings of libraries about what our own errors say
    "Image size .* exceeds limit",  # Pillow, of images above its limit and below ours
    "Detected pickle protocol",  # torch, of a weights file that is refused
)
IMAGES = re.compile(r"\.(png|jpe?g|webp|gif|bmp|tiff?|npz|tar)\b", re.IGNORECASE)
USAGE_LETTERS = 160
SHARED = ("features", "run", "train")  # commands whose work several processes of torchrun share
LOGGED_ELSEWHERE = ("PIL", "fsspec", "s3fs", "gcsfs")  # what they log of a failure is our own error's to say, once
TORCH_MEMORY = "DefaultCPUAllocator"  # in the RuntimeError of a processor's memory that gave out
TORCH_COMPILE = ("torch._inductor", "torch._dynamo")  # where the errors of torch.compile come from


class Commands(click.Group):
    """The modules of this package as commands, each imported when it is called; errors become one line."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_modules())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        module = _modules().get(cmd_name)
        return importlib.import_module(f"{__name__}.{module.stem}").command if module else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        known = _modules()
        if args[0] not in known:
            raise click.UsageError(f"no command {args[0]!r}. {did_you_mean(args[0], known)}")
        if processes() > 1 and args[0] not in SHARED:
            _leave_to_one(ctx, args[0])
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, _summary(path)) for name, path in sorted(_modules().items())])

    def main(self, *args: Any, **kwargs: Any) -> NoReturn:
        for told_elsewhere in TOLD_ELSEWHERE:
            warnings.filterwarnings("ignore", message=told_elsewhere)
        for library in LOGGED_ELSEWHERE:
            logging.getLogger(library).setLevel(logging.CRITICAL)
        warnings.showwarning = _show_warning  # type: ignore[assignment]
        # Threads of torch's CPU kernels spin while they wait: with another program on the same two cores, a training
        # step took 1.1 s instead of 0.09 s. Has to come before torch is imported; a value that the user has set stays.
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        _streams.fit()
        watching.watch_with(_bar)
        try:
            with _signals.ended_like_ctrl_c() as came:
                code = super().main(*args, **{"prog_name": "bench", **kwargs, "standalone_mode": False})
        except click.exceptions.Abort:
            _end("interrupted; the cache and all finished files are intact", _signals.exit_code(came))
        except click.UsageError as error:
            see = f" See `{error.ctx.command_path} --help`" if error.ctx else ""
            _end(_usage(error.format_message()) + see, 2)
        except click.ClickException as error:
            _end(error.format_message(), 2)
        except Exception as error:
            message = _one_line(error)
            if message is None:
                raise
            _end(*message)
        sys.exit(code if isinstance(code, int) else 0)


def _modules() -> dict[str, Path]:
    return {path.stem.replace("_", "-"): path for path in sorted(HERE.glob("[!_]*.py"))}


def _summary(module: Path) -> str:
    return (ast.get_docstring(parsed(module.read_text(encoding="utf-8"))) or "").partition("\n")[0]


def _leave_to_one(ctx: click.Context, command: str) -> NoReturn:
    """One line of the first process, where all of them would do the same and write the same files; the others end."""
    if is_follower():
        ctx.exit()
    raise click.ClickException(
        f"{command} works in one process, and torchrun started {processes()}; start it without torchrun. "
        f"Several processes share: {', '.join(SHARED)}"
    )


def _usage(message: str) -> str:
    """A mistake in a command line; of the many files that a shell made of one pattern, a few and what helps."""
    if "extra argument" not in message or not IMAGES.search(message):
        return message
    return f"{textwrap.shorten(message, USAGE_LETTERS, placeholder=' ...)')} A pattern stands in quotes: 'DIR/*.png'."


def _one_line(error: Exception) -> tuple[str, int] | None:
    """What to say and the exit code, for errors that are no bugs; by name, so that nothing is imported to be caught."""
    kinds = {(kind.__module__, kind.__name__) for kind in type(error).__mro__}
    if kinds & TO_BE_MENDED:
        return str(error), 2
    on_gpu = ("torch", "OutOfMemoryError") in {(module.split(".")[0], name) for module, name in kinds}
    if on_gpu or isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and TORCH_MEMORY in str(error)):
        less = "a smaller --batch-size or --limit, or for a model --set batch_size=N"
        return f"not enough memory ({error or 'of the process'}); use {less}", 1
    if any(module.startswith(TORCH_COMPILE) for module, _ in kinds):
        return f"torch.compile failed here ({str(error).partition(chr(10))[0]}); leave --compile out", 1
    if isinstance(error, OSError) and error.errno in REMEDIES:
        place = f": {error.filename}" if error.filename else ""
        return f"{reason(error)}{place}; {remedy(error)}", 1
    return None


def _show_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    """One line, where Python prints the place in the code too."""
    line = f"bench: warning: {shown(' '.join(str(message).split()))}"
    click.echo(_streams.folded(line, sys.stderr), err=True)


@contextlib.contextmanager
def _bar(name: str, line: str) -> Iterator[Callable[[int, int | None], None]]:
    """The line and a bar on stderr, for a download that comes with something else."""
    from bench.cli._output import progress, say

    say(line)
    with progress("bytes") as tell:
        yield lambda done, total: tell(name, done, total or 0)


def _end(message: str, code: int) -> NoReturn:
    with contextlib.suppress(OSError):  # the terminal may be closed
        click.echo(_streams.folded(f"bench: {shown(' '.join(message.split()))}", sys.stderr), err=True)
    sys.exit(code)


@click.group(
    cls=Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=examples(
        "bench fid digits:train digits:test --extractor digits-cnn",
        "bench doctor digits:train digits:test",
    ),
)
@click.version_option(__version__, prog_name="bench")
@click.pass_context
def main(ctx: click.Context) -> None:
    """Measures and compares image generators.

    A set of images is a folder, an archive (.zip, .tar), an array (.npz, .npy), a pattern in quotes such as
    'DIR/*_fake.png', a URL such as s3://BUCKET/DIR, or a split of a data set such as digits:test; docs/sources.md has
    all kinds. Results go to stdout and progress goes to stderr. Every command has --json.
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())
