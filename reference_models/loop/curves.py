"""Loss curves as CSV: rows are only ever appended, and cut back to the checkpoint's step when a run is resumed."""

import csv
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from genbench.errors import told
from genbench.regular import open_regular
from reference_models.errors import ModelError
from reference_models.loop.files import named, whole


class Curve:
    """A CSV file with the columns step, epoch and one per name of the first row; later rows may lack some."""

    def __init__(self, path: Path, last_step: int) -> None:
        """Open for appending; rows after `last_step`, and a row that was cut by a crash, are removed."""
        self.path = path
        self._rows: list[str] = []
        self._columns: list[str] | None = None
        self.last_step: int | None = None
        if not path.exists():
            return
        with _read(path) as text:
            self._keep(text, last_step)

    def _keep(self, text: str, last_step: int) -> None:
        path, lines = self.path, text.splitlines(keepends=True)
        kept = [line for line in lines[1:] if line.endswith("\n") and int(line.partition(",")[0]) <= last_step]
        if not lines or not lines[0].endswith("\n") or not kept:
            path.unlink()
            return
        self._columns = lines[0].strip().split(",")
        self.last_step = int(kept[-1].partition(",")[0])
        with whole(path) as unfinished:
            unfinished.write_text("".join([lines[0], *kept]), encoding="utf-8", newline="")

    def append(self, step: int, epoch: float, values: Mapping[str, float]) -> None:
        """Add a row; it reaches the file at the next `flush`."""
        if self._columns is None:
            self._columns = ["step", "epoch", *values]
            self._rows.append(",".join(self._columns) + "\n")
        names = self._columns[2:]
        if not set(values) <= set(names):
            raise ModelError(f"{self.path} has the columns {names}, the run gives {list(values)}; start again")
        cells = [f"{values[name]:.7g}" if name in values else "" for name in names]
        self._rows.append(",".join([str(step), f"{epoch:.4f}", *cells]) + "\n")
        self.last_step = step

    def flush(self) -> None:
        """Write what was added, down to the disk."""
        if not self._rows:
            return
        with named(self.path), self.path.open("a", encoding="utf-8", newline="") as file:
            file.write("".join(self._rows))
            file.flush()
            os.fsync(file.fileno())
        self._rows.clear()


def read_curve(path: Path) -> dict[str, np.ndarray]:
    """The columns of a curve by name, float64 [rows], NaN where a row lacks a value; empty where there is no file."""
    if not path.exists():
        return {}
    with _read(path) as text:
        rows = list(csv.reader(text.splitlines(keepends=True)))
        cells = [[cell or "nan" for cell in row] for row in rows[1:]]
        values = np.array(cells, dtype=np.float64).reshape(-1, len(rows[0]))
        return dict(zip(rows[0], values.T, strict=True))


@contextmanager
def _read(path: Path) -> Iterator[str]:
    """The text of a curve; whatever in it is no number is a ModelError that names the file."""
    try:
        with told("read", path, ModelError), open_regular(path) as file:
            text = file.read().decode("utf-8")
        yield text
    except ModelError:
        raise
    except (ValueError, LookupError, csv.Error) as error:
        raise ModelError(
            f"{path} is not a curve of losses ({error}); delete it, and start the training again"
        ) from error


def last_mean(curve: Mapping[str, np.ndarray], names: Iterable[str], rows: int = 100) -> dict[str, float]:
    """The mean of the last rows of each named column that have a value."""
    return {name: float(np.mean(curve[name][~np.isnan(curve[name])][-rows:])) for name in names}
