"""What `bench submit` and `bench verify` share: how somebody's generator may be run."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from bench.cli._options import gathered
from bench.cli._output import say
from bench.cli._running import device_option

if TYPE_CHECKING:
    from bench.submissions.generators import GeneratorSpec
    from bench.submissions.material import How

Function = Callable[..., Any]
MINUTES, GIB = 30.0, 12.0


@dataclass(frozen=True)
class Running:
    """Where models run, and within which limits somebody's generator does."""

    device: str
    minutes: float
    gib: float
    trust_code: bool

    def how(self, generator: "GeneratorSpec | None" = None) -> "How":
        """The same for the functions that sample; `generator` is the noise of an ONNX or TorchScript one."""
        from bench.submissions.generators import Limits
        from bench.submissions.material import How

        return How(generator, Limits(self.minutes, self.gib), self.trust_code, self.device, say)


def running_options(function: Function) -> Function:
    """--device, --generator-minutes, --generator-memory, --trust-code as `running`."""
    return gathered(
        function,
        "running",
        Running,
        device_option,
        click.option(
            "--generator-minutes",
            "minutes",
            type=click.FloatRange(min=0.01),
            default=MINUTES,
            show_default=True,
            help="Time limit of a generator.",
        ),
        click.option(
            "--generator-memory",
            "gib",
            type=click.FloatRange(min=0.1),
            default=GIB,
            show_default=True,
            help="Limit of address space of a generator, in GiB.",
        ),
        click.option("--trust-code", is_flag=True, help="Run TorchScript: it is code, so you must trust its author."),
    )
