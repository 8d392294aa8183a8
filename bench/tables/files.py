"""The tables of records as files, beside the comparison of all runs of their protocol.

results/tables/<data set>/<protocol id>/<model>-seed<k>.md and one CSV per table, comparison.md, comparison.csv
results/figures/<data set>/<model>-seed<k>.webp          a run's last curves and pictures on one page
results/figures/<data set>/<protocol id>/comparison.webp
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from bench import registry
from bench.storage.files import write_text
from bench.storage.line_ends import keep_line_ends, unix
from bench.storage.reading import MOST_TEXT_BYTES, read_bytes
from bench.storage.records import RunRecord, read_record, read_records, slug
from bench.tables.columns import RANKED_BY
from bench.tables.comparison import comparison_tables
from bench.tables.csv_text import csv_text
from bench.tables.markdown import markdown
from bench.tables.picture_page import shown, write_page
from bench.tables.plots import plot_intervals
from bench.tables.run_tables import run_tables
from bench.tables.table import Table
from genbench.errors import told
from metrics.errors import InputError

FOLDER, FIGURES = "tables", "figures"
SHOWING_DATA = ("reconstructions", "translation")  # how pictures begin that show images of the data set


def write_tables(record: RunRecord, results: Path) -> None:
    """Write the tables of a run and the comparison of its protocol.

    The record has to lie below `results`. A failed run has no tables: those of an earlier one are removed.
    """
    keep_line_ends(results)
    for stale in _tables(record, results):
        stale.unlink()
    for path, text in _of_run(record, results).items():
        write_text(path, text)
    _draw_comparison(record, results)
    for path, text in _of_protocol(record, results).items():
        write_text(path, text)


def out_of_date(results: Path) -> list[str]:
    """What is not as it would be written among the tables below `results`, one line each."""
    wanted = _wanted(_records(results), results)
    found = []
    for path, text in wanted.items():
        if not path.is_file():
            found.append(f"{path} is missing")
        elif unix(read_bytes(path, most=MOST_TEXT_BYTES)) != text.encode():
            found.append(f"{path} is out of date")
    return found + [f"{path} is of no record" for path in _strangers(results, wanted)]


def write_all(results: Path) -> list[Path]:
    """Write the tables of all records below `results` and the pictures of their comparisons, and remove those of
    records that are gone; the tables that were written."""
    records = _records(results)
    wanted = _wanted(records, results)
    keep_line_ends(results)
    for path, text in wanted.items():
        write_text(path, text)
    for record in _protocols(records):
        _draw_comparison(record, results)
    for path in _strangers(results, wanted):
        with told("remove", path, InputError):
            path.unlink()
    return list(wanted)


def _wanted(records: Sequence[RunRecord], results: Path) -> dict[Path, str]:
    parts = [
        *(_of_run(record, results) for record in records),
        *(_of_protocol(record, results) for record in _protocols(records)),
    ]
    return {path: text for part in parts for path, text in part.items()}


def _records(results: Path) -> list[RunRecord]:
    return [read_record(path) for path in sorted(results.glob("runs/*/*/*.json"))]


def _protocols(records: Sequence[RunRecord]) -> list[RunRecord]:
    """A record of each protocol."""
    return list({(record.dataset, record.protocol_id): record for record in records}.values())


def _draw_comparison(record: RunRecord, results: Path) -> None:
    """The picture of a record's protocol: the intervals of all its runs."""
    for table in comparison_tables(read_records(results, record.dataset, record.protocol_id)):
        plot_intervals(_picture(record, table, results), table, RANKED_BY, landmarks=(0, len(table.rows) - 1))


def _strangers(results: Path, wanted: Mapping[Path, str]) -> list[Path]:
    """Tables, and pictures of comparisons, that are not among those of the records."""
    there = sorted((results / FOLDER).glob("*/*/*"))
    pictures = sorted((results / FIGURES).glob("*/*/comparison*.webp"))
    tables = {one: results / FOLDER / one.relative_to(results / FIGURES).with_suffix(".md") for one in pictures}
    return [
        *(path for path in there if path.suffix in (".md", ".csv") and path not in wanted),
        *(path for path in pictures if tables[path] not in wanted),
    ]


def _of_run(record: RunRecord, results: Path) -> dict[Path, str]:
    """The files of one run with their text; none of one that failed."""
    if record.status != "ok":
        return {}
    folder, tables = _folder(record, results), run_tables(record)
    words = "\n".join([*map(markdown, tables), *_page_link(record, results)])
    files = {folder / f"{record.name}-{table.name}.csv": csv_text(table) for table in tables}
    return {folder / f"{record.name}.md": words.rstrip() + "\n", **files}


def _of_protocol(record: RunRecord, results: Path) -> dict[Path, str]:
    """The files that compare the runs of a record's protocol, with their text."""
    folder, files = _folder(record, results), {}
    for table in comparison_tables(read_records(results, record.dataset, record.protocol_id)):
        picture = Path("../../..") / _picture(record, table, results).relative_to(results)
        files[folder / f"{table.name}.md"] = f"{markdown(table)}\n![{table.name}]({picture.as_posix()})\n"
        files[folder / f"{table.name}.csv"] = csv_text(table)
    return files


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


def _folder(record: RunRecord, results: Path) -> Path:
    return results / FOLDER / slug(record.dataset) / record.protocol_id


def _picture(record: RunRecord, table: Table, results: Path) -> Path:
    return results / FIGURES / slug(record.dataset) / record.protocol_id / f"{table.name}.webp"


def _page(record: RunRecord, results: Path) -> Path:
    return results / FIGURES / slug(record.dataset) / f"{record.name}.webp"
