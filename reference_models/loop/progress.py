"""Progress on standard error: step, time left, images per second, losses. A bar on a terminal, lines elsewhere."""

import sys
import time
from collections.abc import Mapping
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Column

PLAIN_SECONDS = 30.0  # between two lines where there is no terminal


class Bar:
    """The progress of one run; silent when not `shown`.

    `total` steps, or None where the end is not known beforehand; `seconds` until the run ends in any case, or None.
    """

    def __init__(
        self, description: str, total: int | None, done: int, shown: bool, seconds: float | None = None
    ) -> None:
        self._description, self._total, self._done, self._seconds = description, total, done, seconds
        self._started = self._told = time.monotonic()
        console = Console(stderr=True)
        self._plain = shown and not console.is_terminal
        self._line = ""
        losses = Column(ratio=1, no_wrap=True)  # what gives way where the terminal is narrow
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=16),
            TextColumn("{task.fields[facts]}"),
            TextColumn("{task.fields[losses]}", style="dim", table_column=losses),
            console=console,
            disable=not shown or self._plain,
            expand=True,
        )
        self._task = self._progress.add_task(description, total=total, completed=done, facts="", losses="")

    def __enter__(self) -> "Bar":
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()
        self._tell()

    def show(self, step: int, images_per_second: float, losses: Mapping[str, float]) -> None:
        """The state after `step` steps."""
        count = f"{step:,}" if self._total is None else f"{step:,}/{self._total:,}"
        facts = ", ".join(filter(None, (count, self._left(step), f"{images_per_second:,.0f} images/s")))
        words = "  ".join(f"{name} {value:.3g}" for name, value in losses.items())
        self._progress.update(self._task, completed=step, facts=facts, losses=words)
        if self._plain:
            self._line = f"{self._description}: step {facts}, {words}"
            if time.monotonic() - self._told >= PLAIN_SECONDS:
                self._tell()

    def _left(self, step: int) -> str:
        """The time until the run ends, by its steps or its clock, whichever is first; "" where neither tells."""
        passed = time.monotonic() - self._started
        ends = [] if self._seconds is None else [self._seconds - passed]
        if self._total is not None and step > self._done:
            ends.append((self._total - step) * passed / (step - self._done))
        return f"{_clock(max(0.0, min(ends)))} left" if ends else ""

    def _tell(self) -> None:
        if self._line:
            sys.stderr.write(self._line + "\n")
            sys.stderr.flush()
        self._line, self._told = "", time.monotonic()


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
