"""A progress bar on standard error: step, losses, images per second, time left."""

from collections.abc import Mapping
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn


class Bar:
    """The bar of one run; `total` steps, or None where the end is not known beforehand. Silent when not `shown`."""

    def __init__(self, description: str, total: int | None, done: int, shown: bool) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=None),
            TextColumn("{task.fields[count]}"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[rate]:,.0f} images/s"),
            TextColumn("{task.fields[losses]}", style="dim"),
            console=Console(stderr=True),
            disable=not shown,
        )
        self._total = total
        self._task = self._progress.add_task(description, total=total, completed=done, count="", rate=0.0, losses="")

    def __enter__(self) -> "Bar":
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def show(self, step: int, images_per_second: float, losses: Mapping[str, float]) -> None:
        """The state after `step` steps."""
        count = f"{step:,}" if self._total is None else f"{step:,}/{self._total:,}"
        words = "  ".join(f"{name} {value:.3g}" for name, value in losses.items())
        self._progress.update(self._task, completed=step, count=count, rate=images_per_second, losses=words)
