"""The tables of records as files, beside the comparison of all runs of their protocol.

results/tables/<data set>/<protocol id>/<model>-seed<k>.md and one CSV per table, comparison.md, comparison.csv
results/figures/<data set>/<model>-seed<k>/*.png         copies of a run's last curves and pictures
results/figures/<data set>/<protocol id>/comparison.png
"""

from pathlib import Path

from bench import registry
from bench.storage.files import write_bytes, write_text
from bench.storage.line_ends import keep_line_ends
from bench.storage.records import RunRecord, read_records, slug
from bench.tables.plots import plot_intervals
from bench.tables.run_tables import comparison_tables, run_tables
from bench.tables.table import csv_text, markdown
from genbench.errors import told
from metrics.errors import InputError

SHOWING_DATA = ("reconstructions", "translation")  # how pictures begin that show images of the data set


def write_tables(record: RunRecord, results: Path) -> None:
    """Write the tables of a run and the comparison of its protocol.

    The record has to lie below `results`. A failed run has no tables: those of an earlier one are removed.
    """
    folder, name = _folder(record, results), record.name
    keep_line_ends(results)
    for stale in _tables(record, results):
        stale.unlink()
    if record.status == "ok":
        tables = run_tables(record)
        _write(folder / f"{name}.md", "\n".join([*map(markdown, tables), _pictures(record, results)]))
        for table in tables:
            _write(folder / f"{name}-{table.name}.csv", csv_text(table))
    for table in comparison_tables(read_records(results, record.dataset, record.protocol_id)):
        picture = Path("figures") / slug(record.dataset) / record.protocol_id / f"{table.name}.png"
        plot_intervals(results / picture, table, "fid_corrected", landmarks=(0, len(table.rows) - 1))
        _write(folder / f"{table.name}.md", f"{markdown(table)}\n![{table.name}](../../../{picture.as_posix()})")
        _write(folder / f"{table.name}.csv", csv_text(table))


def written(record: RunRecord, results: Path) -> list[Path]:
    """The tables and pictures of a run that are there."""
    return [*_tables(record, results), *sorted(_figures(record, results).glob("*.png"))]


def copy_figures(record: RunRecord, run_folder: Path, results: Path) -> None:
    """Copies of the last curves and pictures of a run; those of an earlier run are removed.

    Pictures that show images of a data set whose licence forbids to publish them stay in the run's folder.
    """
    folder = _figures(record, results)
    with told("copy the figures to", folder, InputError):
        folder.mkdir(parents=True, exist_ok=True)
        for stale in folder.glob("*.png"):
            stale.unlink()
        for picture in run_folder.glob("*.png"):
            if not _withheld(record, picture.name):
                write_bytes(folder / picture.name, picture.read_bytes())


def _withheld(record: RunRecord, picture: str) -> bool:
    shows_data = picture.startswith(SHOWING_DATA) or record.model == "train-copies"
    name = record.dataset.partition("/")[0]
    if name.startswith("folder:"):
        return shows_data  # nobody knows what is in it
    return shows_data and not registry.describe("datasets", name).get("publishable", True)


def _tables(record: RunRecord, results: Path) -> list[Path]:
    name = record.name
    found = sorted(_folder(record, results).glob(f"{name}*"))
    return [path for path in found if path.stem == name or path.stem.startswith(f"{name}-")]


def _pictures(record: RunRecord, results: Path) -> str:
    """Links from a run's markdown to its pictures; nothing where there are none."""
    folder = _figures(record, results)
    up = Path("../../..") / folder.relative_to(results)
    links = [f"![{picture.stem}]({(up / picture.name).as_posix()})" for picture in sorted(folder.glob("*.png"))]
    return "\n\n".join(links) + ("\n" if links else "")


def _write(path: Path, text: str) -> None:
    write_text(path, text.rstrip() + "\n")


def _folder(record: RunRecord, results: Path) -> Path:
    return results / "tables" / slug(record.dataset) / record.protocol_id


def _figures(record: RunRecord, results: Path) -> Path:
    return results / "figures" / slug(record.dataset) / record.name
