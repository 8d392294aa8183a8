"""The tables of records as files, beside the comparison of all runs of their protocol.

results/tables/<data set>/<protocol id>/<model>-seed<k>.md and one CSV per table, comparison.md, comparison.csv
results/figures/<data set>/<model>-seed<k>.webp          a run's last curves and pictures on one page
results/figures/<data set>/<protocol id>/comparison.webp
"""

from pathlib import Path

from bench import registry
from bench.storage.files import write_text
from bench.storage.line_ends import keep_line_ends
from bench.storage.records import RunRecord, read_records, slug
from bench.tables.columns import RANKED_BY
from bench.tables.picture_page import shown, write_page
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
        _write(folder / f"{name}.md", "\n".join([*map(markdown, tables), *_page_link(record, results)]))
        for table in tables:
            _write(folder / f"{name}-{table.name}.csv", csv_text(table))
    for table in comparison_tables(read_records(results, record.dataset, record.protocol_id)):
        picture = Path("figures") / slug(record.dataset) / record.protocol_id / f"{table.name}.webp"
        plot_intervals(results / picture, table, RANKED_BY, landmarks=(0, len(table.rows) - 1))
        _write(folder / f"{table.name}.md", f"{markdown(table)}\n![{table.name}](../../../{picture.as_posix()})")
        _write(folder / f"{table.name}.csv", csv_text(table))


def written(record: RunRecord, results: Path) -> list[Path]:
    """The tables and the page of pictures of a run that are there."""
    page = _page(record, results)
    return [*_tables(record, results), *([page] if page.is_file() else [])]


def write_figures(record: RunRecord, run_folder: Path, results: Path) -> None:
    """The page of the last curves and pictures of a run, in place of an earlier one.

    Pictures that show images of a data set whose licence forbids to publish them stay in the run's folder.
    """
    page, pictures = _page(record, results), published(record, run_folder)
    if pictures:
        write_page(page, pictures)
        return
    with told("remove", page, InputError):
        page.unlink(missing_ok=True)


def published(record: RunRecord, run_folder: Path) -> list[Path]:
    """The pictures of a run that stand on its page, sorted by name."""
    return [path for path in shown(sorted(run_folder.glob("*.png"))) if not _withheld(record, path.name)]


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


def _page_link(record: RunRecord, results: Path) -> list[str]:
    """The line of a run's markdown that shows its page of pictures; none where there is no page."""
    page = _page(record, results)
    place = (Path("../../..") / page.relative_to(results)).as_posix()
    return [f"![curves and pictures of {record.title}]({place})"] if page.is_file() else []


def _write(path: Path, text: str) -> None:
    write_text(path, text.rstrip() + "\n")


def _folder(record: RunRecord, results: Path) -> Path:
    return results / "tables" / slug(record.dataset) / record.protocol_id


def _page(record: RunRecord, results: Path) -> Path:
    return results / "figures" / slug(record.dataset) / f"{record.name}.webp"
