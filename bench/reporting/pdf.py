"""A report as PDF, set by Typst: one package with its fonts, which needs no program and no library of the system.

Every text is a string of the language and no markup, so no letter of it is a command.
"""

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.reporting.document import Block, Bullets, Code, Document, Figure, Heading, Paragraph
from bench.reporting.figures import encoded, width_of
from bench.tables.table import Table, at_left, for_people, heads_of, text
from bench.tables.words import parts_of
from metrics.errors import InputError

MAIN = "report.typ"
MISSING = 'a report as PDF needs typst, which is not installed: pip install "genbench[report]"; or take html or latex'
SIZES = ((12, 7.0), (9, 7.5), (7, 7.0), (0, 8.5))  # points of the letters of a table with at least so many columns
ACROSS = 9  # columns of a table that gets a page on its side
WHOLE = 30  # rows of a table that still stands on one page
BEFORE = """\
#set page(paper: "a4", margin: 22mm, numbering: "1")
#set text(size: 10pt, lang: "en")
#set par(spacing: 0.9em)
#set heading(numbering: none)
#show heading: set block(above: 1.6em, below: 0.8em)
#show raw: set text(size: 0.92em)
#show figure: set block(breakable: false)
#set table(stroke: none, inset: (x: 3pt, y: 2.5pt))
#set image(scaling: "smooth")
"""


def check_installed() -> None:
    """InputError where Typst is not installed."""
    if find_spec("typst") is None:
        raise InputError(MISSING)


def pdf_report(document: Document, scale: float) -> bytes:
    """The whole file. InputError where Typst is not installed."""
    check_installed()
    import typst

    with TemporaryDirectory() as folder:
        root = Path(folder)
        for figure in document.figures:
            (root / _file(figure)).write_bytes(encoded(figure, _kind(figure), scale))  # type: ignore[arg-type]
        main = root / MAIN
        main.write_text(typst_text(document, scale), encoding="utf-8")
        made: bytes = typst.compile(main, root=root, ignore_system_fonts=True)
    return made


def typst_text(document: Document, scale: float) -> str:
    """The document in Typst's language."""
    head = [
        f"#set document(title: {_string(document.title)}, author: {_string(document.authors)}, date: none)",
        BEFORE,
        f"#text(size: 20pt, weight: 700, {_string(document.title)})\n",
        *([f"#text(fill: luma(90), {_string(document.authors)})\n"] if document.authors else []),
    ]
    return "\n".join([*head, *_pieces(document.blocks, scale), ""])


def _pieces(blocks: tuple[Block, ...], scale: float) -> Iterator[str]:
    """Each block; a table of many columns has a page on its side, and the headings above it stand there too."""
    headings: list[str] = []
    for block in blocks:
        if isinstance(block, Heading):
            headings.append(_block(block, scale))
            continue
        said = "\n".join([*headings, _block(block, scale)])
        across = isinstance(block, Table) and len(for_people(block).columns) >= ACROSS
        yield f"#page(flipped: true)[\n{said}\n]" if across else said
        headings = []
    yield from headings


def _block(block: Block, scale: float) -> str:
    match block:
        case Heading(words, level):
            return f"#heading(level: {level}, {_string(words)})"
        case Paragraph(words):
            return f"#par[{_words(words)}]"
        case Bullets(items):
            return f"#list({', '.join(f'[{_words(item)}]' for item in items)})"
        case Code(words):
            return f"#block(fill: luma(245), inset: 6pt, width: 100%, text(size: 8pt, raw({_string(words.strip())})))"
        case Figure():
            width = f"{100 * width_of(block, scale):.1f}%"
            picture = f"image({_string(_file(block))}, width: {width}, alt: {_string(block.caption)})"
            caption = f"text(size: 8.5pt, {_string(block.caption)})"
            return f"#block(breakable: false, above: 1.2em, below: 1.2em)[#{picture}\n#{caption}]"
        case _:
            return "\n".join(_table(block))


def _table(table: Table) -> Iterator[str]:
    table = for_people(table)
    size = next(points for least, points in SIZES if len(table.columns) >= least)
    sides = ", ".join("left" if at_left(table, place) else "right" for place in range(len(table.columns)))
    heads = ", ".join(f"strong({_string(head)})" for head in heads_of(table))
    yield f"#block(above: 1.3em, breakable: {'false' if len(table.rows) <= WHOLE else 'true'})["
    yield f"#block(below: 0.6em, sticky: true, strong(text(size: 9pt, {_string(table.title)})))"
    yield f"#text(size: {size}pt, table(columns: {len(table.columns)}, align: ({sides},),"
    yield f"  table.hline(stroke: 0.8pt), table.header({heads}), table.hline(stroke: 0.4pt),"
    for row in table.rows:
        cells = [f"strong({_string(text(cell))})" if cell.best else _string(text(cell)) for cell in row]
        yield f"  {', '.join(cells)},"
    yield "  table.hline(stroke: 0.8pt)))]"
    if table.notes:
        notes = ", ".join(f"[{_words(note)}]" for note in table.notes)
        yield f"#text(size: 7.5pt, fill: luma(90), list({notes}))"


def _words(text: str) -> str:
    return "".join(f"#raw({_string(piece)})" if code else f"#{_string(piece)}" for piece, code in parts_of(text))


def _string(words: str) -> str:
    """A string of the language."""
    said = words.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", " ")
    return f'"{said}"'


def _kind(figure: Figure) -> str:
    return "png" if figure.pixels else "svg"


def _file(figure: Figure) -> str:
    return f"{figure.name}.{_kind(figure)}"
