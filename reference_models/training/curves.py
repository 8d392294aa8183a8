"""Loss curves as CSV: rows are only ever appended, and cut back to the checkpoint's step when a run is resumed."""

import csv
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from reference_models._errors import ModelError


class Curve:
    """A CSV file with the columns step, epoch and one per name; the columns are set by the first row."""

    def __init__(self, path: Path, last_step: int) -> None:
        """Open for appending; rows after `last_step`, and a row that was cut by a crash, are removed."""
        self.path = path
        self._rows: list[str] = []
        self._columns: list[str] | None = None
        if not path.exists():
            return
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        whole = [line for line in lines[1:] if line.endswith("\n") and int(line.partition(",")[0]) <= last_step]
        if not lines or not lines[0].endswith("\n") or not whole:
            path.unlink()
            return
        self._columns = lines[0].strip().split(",")
        unfinished = path.with_name(f"{path.name}.unfinished")
        unfinished.write_text("".join([lines[0], *whole]), encoding="utf-8", newline="")
        unfinished.replace(path)

    def append(self, step: int, epoch: float, values: Mapping[str, float]) -> None:
        """Add a row; it reaches the file at the next `flush`."""
        if self._columns is None:
            self._columns = ["step", "epoch", *values]
            self._rows.append(",".join(self._columns) + "\n")
        if self._columns[2:] != list(values):
            raise ModelError(
                f"{self.path} has the columns {self._columns[2:]}, the run gives {list(values)}; start anew"
            )
        self._rows.append(",".join([str(step), f"{epoch:.4f}", *(f"{value:.7g}" for value in values.values())]) + "\n")

    def flush(self) -> None:
        """Write what was added, down to the disk."""
        if not self._rows:
            return
        with self.path.open("a", encoding="utf-8", newline="") as file:
            file.write("".join(self._rows))
            file.flush()
            os.fsync(file.fileno())
        self._rows.clear()


def read_curve(path: Path) -> dict[str, np.ndarray]:
    """The columns of a curve by name, float64 [rows]; empty where there is no file."""
    if not path.exists():
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    values = np.array(rows[1:], dtype=np.float64).reshape(-1, len(rows[0]))
    return dict(zip(rows[0], values.T, strict=True))


def last_mean(curve: Mapping[str, np.ndarray], names: Iterable[str], rows: int = 100) -> dict[str, float]:
    """The mean of the last rows of each named column."""
    return {name: float(np.mean(curve[name][-rows:])) for name in names}
