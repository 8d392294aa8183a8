"""Files of tables, Parquet and Arrow: read a few rows at a time, and never written.

A Parquet file is decoded from the start of a group of rows on, so what was decoded last is kept; the groups that
`datasets` writes are small. A file of Arrow, as its `save_to_disk` writes it, is mapped into memory.
"""

from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from bench.sources.libraries import library
from bench.sources.stored import REMEDY, Files
from bench.storage.reading import Unreadable, read_as
from metrics.errors import InputError

if TYPE_CHECKING:
    import pyarrow as pa

SUFFIXES = (".parquet", ".arrow")
BATCH = 8  # rows decoded at once: few, because one large value may stand in every row
KEPT_BYTES = 2**28
RATIO = 200  # as of zips: images hardly shrink
SMALL_BYTES = 2**26


class Table(ABC):
    """One file of rows: its schema, how many rows it has, and what stands in them."""

    path: Path
    schema: "pa.Schema"
    count: int

    @abstractmethod
    def values(self, column: str, part: str = "") -> Iterator[Any]:
        """What stands in a column, or in one part of it, row by row; Unreadable where it is damaged."""

    @abstractmethod
    def value(self, column: str, part: str, row: int) -> Any:
        """What stands in one row."""


def open_table(path: Path, files: Files) -> Table:
    """A file by its suffix; InputError where it is damaged or the library for it is missing."""
    library("pyarrow", "parquet", f"{path.suffix} files are read with")
    source, size = files.for_library(path)
    if path.suffix.lower() != ".arrow":
        return Parquet(path, lambda: files.for_library(path)[0], size)
    if not isinstance(source, str):
        raise InputError(f"{path} does not lie here, and a file of Arrow is mapped into memory; copy it here")
    return Arrow(path)


class Parquet(Table):
    """A Parquet file; `value` decodes forward from where it is and keeps what it decoded last."""

    def __init__(self, path: Path, source: Callable[[], Any], size: int) -> None:
        self.path, self.source = path, source
        with read_as("Parquet file", path, REMEDY):
            file = self._file()
            self.schema, self.count = file.schema_arrow, file.metadata.num_rows
            groups = [file.metadata.row_group(number) for number in range(file.metadata.num_row_groups)]
            self.starts = [0, *accumulate(group.num_rows for group in groups)]
            claimed = sum(max(0, group.total_byte_size) for group in groups)
        if self.starts != sorted(self.starts) or self.starts[-1] != self.count:
            raise Unreadable(path, "is damaged: its groups do not have as many rows as it says", REMEDY)
        if claimed > max(SMALL_BYTES, RATIO * size):
            raise InputError(f"{path} claims {claimed:,} bytes, more than images in it can have; it was not read")
        self.lock = Lock()
        self.kept: dict[int, Any] = {}
        self.kept_bytes = 0
        self.ahead: Iterator[Any] = iter(())
        self.next_row = self.end = 0

    def values(self, column: str, part: str = "") -> Iterator[Any]:
        yield from self._decoded(column, part, None)

    def value(self, column: str, part: str, row: int) -> Any:
        with self.lock:
            if row not in self.kept:
                if not self.next_row <= row < self.end:
                    group = bisect_right(self.starts, row) - 1
                    self.ahead = self._decoded(column, part, [group])
                    self.next_row, self.end = self.starts[group], self.starts[group + 1]
                while self.next_row <= row:
                    self._keep(self.next_row, self._next())
            return self.kept[row]

    def _next(self) -> Any:
        self.next_row += 1
        try:
            return next(self.ahead)
        except StopIteration:
            raise Unreadable(self.path, "is damaged: a group of rows ends early", REMEDY) from None

    def _keep(self, row: int, value: Any) -> None:
        self.kept[row] = value
        self.kept_bytes += len(value or b"")
        while self.kept_bytes > KEPT_BYTES and len(self.kept) > 1:
            self.kept_bytes -= len(self.kept.pop(next(iter(self.kept))) or b"")

    def _decoded(self, column: str, part: str, groups: Sequence[int] | None) -> Iterator[Any]:
        with read_as("Parquet file", self.path, REMEDY):
            wanted = [f"{column}.{part}" if part else column]
            for batch in self._file().iter_batches(BATCH, row_groups=groups, columns=wanted, use_threads=False):
                yield from _listed(batch, column, part)

    def _file(self) -> Any:
        import pyarrow.parquet as pq

        return pq.ParquetFile(self.source())


class Arrow(Table):
    """A file of Arrow, a stream or one with a table of contents; `value` looks into the mapped memory."""

    def __init__(self, path: Path) -> None:
        import pyarrow as pa

        self.path = path
        with read_as("Arrow file", path, REMEDY):
            source = pa.memory_map(str(path))
            if source.read(6) == b"ARROW1":
                reader = pa.ipc.open_file(source)
                self.parts = [reader.get_batch(number) for number in range(reader.num_record_batches)]
            else:
                source.seek(0)
                reader = pa.ipc.open_stream(source)
                self.parts = list(reader)
            for batch in self.parts:
                batch.validate(full=True)  # an offset that leads elsewhere would end the process
            self.schema = reader.schema
        self.starts = [0, *accumulate(map(len, self.parts))]
        self.count = self.starts[-1]

    def values(self, column: str, part: str = "") -> Iterator[Any]:
        for batch in self.parts:
            yield from _listed(batch, column, part)

    def value(self, column: str, part: str, row: int) -> Any:
        place = bisect_right(self.starts, row) - 1
        return _listed(self.parts[place].slice(row - self.starts[place], 1), column, part)[0]


def _listed(batch: "pa.RecordBatch", column: str, part: str) -> list[Any]:
    """What stands in the rows of a batch, None where that is nothing or the whole of which it is a part is nothing."""
    found = batch.column(column)
    if part:
        found = found.flatten()[found.type.get_field_index(part)]
    return list(found.to_pylist())
