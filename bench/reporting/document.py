"""What a report is made of, before it is written in any format: blocks in their order.

Texts are plain; what stands between backticks is code. A renderer escapes everything, so that a name that others have
chosen is never a command of HTML, LaTeX or Typst.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from bench.tables.table import Table


@dataclass(frozen=True)
class Heading:
    """A title of a section, `level` 1 of the largest."""

    text: str
    level: int


@dataclass(frozen=True)
class Paragraph:
    """A text."""

    text: str


@dataclass(frozen=True)
class Bullets:
    """Texts that belong together."""

    items: tuple[str, ...]


@dataclass(frozen=True)
class Code:
    """Lines that a person may copy."""

    text: str
    language: Literal["sh", "bibtex"]


@dataclass(frozen=True)
class Figure:
    """A picture: `name` is that of its files, unique in a document, `draw` makes a figure of matplotlib.

    `pixels` says that it shows images; another one is lines and letters, and its letters keep their size where the
    figure is made smaller.
    """

    name: str
    caption: str
    draw: Callable[[], Any]
    pixels: bool = False

    def _repr_png_(self) -> bytes:
        from bench.reporting.figures import encoded

        return encoded(self, "png")


Block = Heading | Paragraph | Bullets | Code | Figure | Table


@dataclass(frozen=True)
class Document:
    """A report: its title, who hands it in ("" for nobody), and its blocks."""

    title: str
    authors: str
    blocks: tuple[Block, ...]

    @property
    def tables(self) -> tuple[Table, ...]:
        """Its tables in order."""
        return tuple(one for one in self.blocks if isinstance(one, Table))

    @property
    def figures(self) -> tuple[Figure, ...]:
        """Its figures in order."""
        return tuple(one for one in self.blocks if isinstance(one, Figure))
