"""Figures of a report as files: SVG and PDF for print, PNG for all else. The same figure gives the same bytes."""

from io import BytesIO
from typing import Any, Literal

from bench.reporting.document import Figure

Kind = Literal["svg", "pdf", "png"]
TEXT_WIDTH = 6.4  # inches of a line of text on paper
LINES = 0.75  # of it
DPI = {"svg": 200, "pdf": 200, "png": 200}  # of the images in it, and of a PNG
METADATA: dict[str, dict[str, Any]] = {
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
    "png": {"Software": None},
}


def drawn(figure: Figure, scale: float = 1.0) -> Any:
    """The figure of matplotlib. One of lines is drawn in its size on paper, so that its letters keep theirs; one of
    images as it is, to be shown smaller or larger."""
    made = figure.draw()
    if not figure.pixels:
        wide, high = made.get_size_inches()
        share = width_of(figure, scale) * TEXT_WIDTH / wide
        made.set_size_inches(wide * share, high * share)
    return made


def width_of(figure: Figure, scale: float = 1.0) -> float:
    """Its width on paper, as a share of the text's, at most 1: three quarters for lines, its own size for images."""
    usual = figure.draw().get_size_inches()[0] / TEXT_WIDTH if figure.pixels else LINES
    return float(min(1.0, scale * min(1.0, usual)))


def encoded(figure: Figure, kind: Kind, scale: float = 1.0) -> bytes:
    """The bytes of a file."""
    from matplotlib import rc_context

    data = BytesIO()
    with rc_context({"svg.hashsalt": figure.name, "pdf.fonttype": 42}):
        drawn(figure, scale).savefig(data, format=kind, dpi=DPI[kind], metadata=METADATA[kind])
    return data.getvalue()
