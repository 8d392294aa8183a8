"""A report as a notebook: its first cell reads the runs again, every table and figure is a cell of its own that shows
what it finds there. The cells come with their output, so that it can be read without being run."""

import base64
import json
import os
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from bench.reporting.document import Block, Bullets, Code, Document, Figure, Heading, Paragraph
from bench.reporting.figures import encoded
from bench.tables.html_table import html_text

KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


def notebook(
    document: Document, scale: float, runs: Sequence[Path], keywords: Mapping[str, Any], folder: Path
) -> bytes:
    """The file. `runs` and `keywords` are what `bench.report` was given; paths in it are told from `folder`, where the
    notebook lies and starts."""
    first = [_text_cell(f"# {_safe(document.title)}" + (f"\n\n{_safe(document.authors)}" if document.authors else ""))]
    first.append(_code_cell(_call(runs, keywords, folder), []))
    cells = [*first, *(_cell(block, scale) for block in document.blocks)]
    for place, cell in enumerate(cells):
        cell["id"] = sha256(f"{place} {cell['source']}".encode()).hexdigest()[:12]
    made = {"cells": cells, "metadata": {"kernelspec": KERNEL}, "nbformat": 4, "nbformat_minor": 5}
    return (json.dumps(made, indent=1, ensure_ascii=False) + "\n").encode()


def _call(runs: Sequence[Path], keywords: Mapping[str, Any], folder: Path) -> str:
    """Python that makes the same report."""
    named = [f"    {_from(path, folder)!r},\n" for path in runs]
    told = {name: _from(one, folder) if isinstance(one, Path) else one for name, one in keywords.items()}
    given = [f"    {name}={value!r},\n" for name, value in told.items()]
    return f"import bench\n\nreport = bench.report(\n{''.join((*named, *given))})"


def _from(path: Path, folder: Path) -> str:
    return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()


def _cell(block: Block, scale: float) -> dict[str, Any]:
    match block:
        case Heading(text, level):
            return _text_cell(f"{'#' * (level + 1)} {_safe(text)}")
        case Paragraph(text):
            return _text_cell(_safe(text))
        case Bullets(items):
            return _text_cell("\n".join(f"- {_safe(item)}" for item in items))
        case Code(text, language):
            return _text_cell(f"```{language}\n{text.strip()}\n```")
        case Figure():
            picture = base64.b64encode(encoded(block, "png", scale)).decode()
            about = {"image/png": picture, "text/plain": block.caption}
            return _code_cell(f"report[{block.name!r}]", [about])
        case _:
            return _code_cell(f"report[{block.name!r}]", [{"text/html": html_text(block), "text/plain": block.title}])


def _safe(text: str) -> str:
    """A text in which Markdown and HTML find nothing to do, but for code between backticks."""
    pieces = text.split("`")
    return "`".join(piece if place % 2 else _escaped(piece) for place, piece in enumerate(pieces))


def _escaped(piece: str) -> str:
    return "".join(f"\\{letter}" if letter in r"\*_[]<>#$~|" else letter for letter in piece).replace("&", "&amp;")


def _text_cell(source: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": source}


def _code_cell(source: str, shown: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    outputs = [{"output_type": "display_data", "metadata": {}, "data": dict(one)} for one in shown]
    return {"cell_type": "code", "metadata": {}, "source": source, "execution_count": None, "outputs": outputs}
