"""A report as a file, in any of the formats; whole or not at all."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.reporting.document import Document
from bench.reporting.html import html_report
from bench.reporting.latex import TEX, latex_files, zipped
from bench.reporting.notebook import notebook
from bench.reporting.pdf import check_installed, pdf_report
from bench.storage.files import check_writable, write_bytes
from bench.storage.folders import whole_folder
from genbench.names import did_you_mean
from metrics.errors import InputError

NAMES = {"html": "report.html", "pdf": "report.pdf", "latex": "report-latex", "notebook": "report.ipynb"}
ENDINGS = {".html": "html", ".htm": "html", ".pdf": "pdf", ".zip": "latex", ".ipynb": "notebook"}
WHOLE: dict[str, Callable[[Document, float], bytes]] = {"html": html_report, "pdf": pdf_report}  # formats of one file
LEAST_SCALE, MOST_SCALE = 0.1, 2.0


def chosen(output: Path | None, kind: str | None) -> tuple[Path, str]:
    """Where a report goes and in which format; InputError for a format that is none, and for a name of another one."""
    if kind is not None and kind not in NAMES:
        there = f"There are: {', '.join(NAMES)}"
        raise InputError(f"no format {kind!r}. {did_you_mean(kind, NAMES, there)}")
    if output is None:
        kind = kind or "html"
        return Path(NAMES[kind]), kind
    ending = ENDINGS.get(output.suffix.lower())
    if kind is None:
        if ending is None:
            raise InputError(f"-o {output} names no format; end it in .html, .pdf, .zip or .ipynb, or give --format")
        return output, ending
    if (ending or "latex") != kind:
        raise InputError(f"-o {output} is no name for --format {kind}; take one such as {NAMES[kind]}")
    return output, kind


def check_place(output: Path, kind: str, force: bool) -> None:
    """InputError where something stands there and `force` was not given, where nothing can be written, and where what
    makes the format is not installed."""
    if kind == "pdf":
        check_installed()
    if output.exists() and not force:
        raise InputError(f"{output} exists; replace it with --force or choose another name")
    if output.is_dir() and not (output / TEX).is_file():
        raise InputError(f"{output} is a folder that is no report, so it is not replaced; choose another name")
    check_writable(output.parent)


def check_scale(scale: float) -> float:
    """InputError for a size that no figure can have."""
    if not LEAST_SCALE <= scale <= MOST_SCALE:
        raise InputError(f"figure_scale is {scale:g}; expected a number from {LEAST_SCALE} to {MOST_SCALE}")
    return scale


def write(
    document: Document, output: Path, kind: str, scale: float, runs: Sequence[Path], keywords: Mapping[str, Any]
) -> None:
    """Write the report. `runs` and `keywords` are what `bench.report` needs to make it again, for the notebook.

    InputError where it cannot be written, and where what makes the format is not installed.
    """
    if kind == "latex":
        _write_latex(document, output, scale)
        return
    data = (
        notebook(document, scale, runs, keywords, output.parent) if kind == "notebook" else WHOLE[kind](document, scale)
    )
    write_bytes(output, data)


def _write_latex(document: Document, output: Path, scale: float) -> None:
    files = latex_files(document, scale)
    if output.suffix.lower() == ".zip":
        write_bytes(output, zipped(files))
        return
    with whole_folder(output) as unfinished:
        for name, data in files.items():
            (unfinished / name).parent.mkdir(exist_ok=True)
            (unfinished / name).write_bytes(data)
