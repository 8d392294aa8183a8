r"""A report as a folder for LaTeX: report.tex, references.bib, and every figure as PDF, SVG and PNG.

The document asks for packages of a small installation of TeX only. Tables and figures stand where the text has them;
a table that is wider than the page is made smaller, and a long one goes on under its head again.
"""

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import replace
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from bench.reporting.document import Block, Bullets, Code, Document, Figure, Heading, Paragraph
from bench.reporting.figures import encoded, width_of
from bench.tables.latex import escaped as escaped_latin
from bench.tables.latex import tabular
from bench.tables.table import Table, for_people
from bench.tables.words import parts_of

TEX, BIB, FIGURES = "report.tex", "references.bib", "figures"
MOST_ROWS = 36  # of a table on one page
LEVELS = ("section", "subsection", "subsubsection*")  # no page ends after a heading
BEFORE = r"""\documentclass[11pt,a4paper]{article}
\usepackage[T1]{fontenc}
\IfFileExists{lmodern.sty}{\usepackage{lmodern}}{}
\usepackage[utf8]{inputenc}
\usepackage[margin=25mm]{geometry}
\usepackage{booktabs}
\usepackage{graphicx}
\usepackage[hidelinks]{hyperref}
\setlength{\parindent}{0pt}
\setlength{\parskip}{0.5em}
\newsavebox{\benchbox}
\newcommand{\fitted}[1]{\sbox{\benchbox}{#1}\ifdim\wd\benchbox>\linewidth
  \resizebox{\linewidth}{!}{\usebox{\benchbox}}\else\usebox{\benchbox}\fi}
\emergencystretch=3em
"""
MORE = {"\u00a0": "~", "[": "{[}", '"': r"\textquotedbl{}"}
LATIN = 0x17F  # the last letter that the T1 fonts have


def latex_files(document: Document, scale: float) -> dict[str, bytes]:
    """The files of the folder by name."""
    files = {TEX: latex_text(document, scale).encode()}
    for block in document.blocks:
        if isinstance(block, Code) and block.language == "bibtex":
            files[BIB] = block.text.encode()
    for figure in document.figures:
        for kind in ("pdf", "svg", "png"):
            files[f"{FIGURES}/{figure.name}.{kind}"] = encoded(figure, kind, scale)  # type: ignore[arg-type]
    return files


def zipped(files: Mapping[str, bytes]) -> bytes:
    """The files in one archive; the same files give the same bytes."""
    data = BytesIO()
    with ZipFile(data, "w", ZIP_DEFLATED) as archive:
        for name, content in sorted(files.items()):
            archive.writestr(ZipInfo(name), content, ZIP_DEFLATED)
    return data.getvalue()


def latex_text(document: Document, scale: float) -> str:
    """The text of report.tex."""
    head = [
        BEFORE,
        rf"\title{{{escaped(document.title)}}}",
        rf"\author{{{escaped(document.authors)}}}",
        r"\date{}",
        r"\begin{document}",
        r"\maketitle",
    ]
    return "\n".join([*head, *(line for one in document.blocks for line in _block(one, scale)), r"\end{document}", ""])


def _block(block: Block, scale: float) -> Iterator[str]:
    match block:
        case Heading(text, level):
            yield rf"\{LEVELS[level - 1]}{{{_words(text)}}}"
        case Paragraph(text):
            yield _words(text) + "\n"
        case Bullets(items):
            yield r"\begin{itemize}\setlength{\itemsep}{0pt}"
            yield from (rf"  \item{{}} {_words(item)}" for item in items)
            yield r"\end{itemize}"
        case Code(text):
            yield r"\begin{flushleft}\footnotesize\ttfamily"
            yield "\\\\\n".join(escaped(line).replace(" ", r"\ ") or r"\mbox{}" for line in text.strip().split("\n"))
            yield r"\end{flushleft}"
        case Figure():
            yield from _figure(block, scale)
        case _:
            yield from _table(block)


def _figure(figure: Figure, scale: float) -> Iterator[str]:
    yield r"\begin{minipage}{\linewidth}\centering"
    yield rf"  \includegraphics[width={width_of(figure, scale):.3f}\linewidth]{{{FIGURES}/{figure.name}.pdf}}\\[0.3em]"
    yield rf"  {{\small {_words(figure.caption)}}}"
    yield "\\end{minipage}\\par\\bigskip\n"


def _table(table: Table) -> Iterator[str]:
    table = for_people(table)
    starts = range(0, max(1, len(table.rows)), MOST_ROWS)
    for start in starts:
        rows = table.rows[start : start + MOST_ROWS]
        more = " (continued)" if start else ""
        yield rf"\begin{{minipage}}{{\linewidth}}\small\textbf{{{_words(table.title + more)}}}\par\smallskip"
        yield rf"\fitted{{{tabular(replace(table, rows=rows), escaped)}}}"
        if start == starts[-1]:
            yield from (rf"\par{{\footnotesize {_words(note)}\par}}" for note in table.notes)
        yield "\\end{minipage}\\par\\bigskip\n"


def _words(text: str) -> str:
    return "".join(rf"\texttt{{{_broken(piece)}}}" if code else escaped(piece) for piece, code in parts_of(text))


def _broken(code: str) -> str:
    """Code that may go on in the next line after a slash too."""
    return escaped(code).replace("/", r"/\allowbreak{}").replace("--", r"-{}-")


def escaped(words: str) -> str:
    """Words in which no letter is a command, and of which the fonts have every letter; others are told by number."""
    return "".join(map(_letter, words))


def _letter(letter: str) -> str:
    if letter in MORE:
        return MORE[letter]
    said = escaped_latin(letter)
    if said != letter or ord(letter) <= LATIN:
        return said
    plain = unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode()
    return escaped_latin(plain) or f"[U+{ord(letter):04X}]"
