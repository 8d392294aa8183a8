"""Figures of made-up values, part by part, as figures.txt has them: places, colours, words, limits, without a pixel.

    python tests/test_figures.py

renews the file. What a figure looks like to the eye is looked at in results/figures.
"""

import tempfile
from pathlib import Path
from unittest.mock import patch

import numpy as np
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator
from run_records import record

from bench.exploring._pictures import Line, Panel, plot_groups, plot_map, plot_panels
from bench.exploring._side_by_side import Column, plot_columns
from bench.tables.comparison import comparison_tables
from bench.tables.plots import plot_intervals
from reference_models.loop.plots import plot_curves, plot_sheets

FILE = Path(__file__).with_name("figures.txt")


def numbers(values):
    return " ".join(f"{value:.4g}".replace("-0 ", "0 ") for value in np.ravel(values))


def named(artist):
    return "" if artist.get_label().startswith("_") else artist.get_label()


def parts(figure):
    """What a figure is made of, a line for each thing."""
    yield f"figure {numbers(figure.get_size_inches())} inches, {figure.dpi:g} dpi, {to_hex(figure.get_facecolor())}"
    yield from (word(text) for text in figure.texts)
    for legend in figure.legends:
        yield f"legend {[text.get_text() for text in legend.get_texts()]} {legend._ncols}"
    for axes in figure.axes:
        yield f"axes at {numbers(axes.get_position().bounds)}: {'shown' if axes.axison else 'off'}"
        yield f"  titles {[axes.get_title(where) for where in ('left', 'center', 'right')]}"
        for name, axis in (("x", axes.xaxis), ("y", axes.yaxis)):
            fixed = isinstance(axis.get_major_locator(), FixedLocator)  # others are matplotlib's own choice
            limits, ticks = axis.get_view_interval(), [label.get_text() for label in axis.get_ticklabels() if fixed]
            grid = any(line.get_visible() for line in axis.get_gridlines())
            yield f"  {name} {axis.get_label_text()!r} from {numbers(limits)} {ticks} {'grid' if grid else ''}".rstrip()
        yield f"  spines {[name for name, spine in axes.spines.items() if spine.get_visible()]}"
        for line in axes.lines:
            look = f"{line.get_linewidth():g} {line.get_linestyle()} {line.get_marker()} {line.get_markersize():g}"
            yield f"  line {to_hex(line.get_color())} {line.get_alpha()} {look} {named(line)!r}"
            yield f"    {numbers(line.get_xydata())}"
        for band in axes.collections:
            is_band = isinstance(band, PolyCollection)
            points = band.get_paths()[0].vertices if is_band else np.asarray(band.get_offsets())
            kind = "band" if is_band else "points"
            yield f"  {kind} {[to_hex(one) for one in band.get_facecolor()]} {named(band)!r} {numbers(points)}"
        for image in axes.images:
            yield f"  image {image.get_array().shape} {image.get_interpolation()}"
        yield from (f"  {word(text)}" for text in axes.texts)
        legend = axes.get_legend()
        if legend:
            yield f"  legend {[text.get_text() for text in legend.get_texts()]} {legend._ncols}"


def word(text):
    look = f"{text.get_fontsize():g} {to_hex(text.get_color())} {text.get_ha()} {text.get_va()}"
    return f"text {text.get_text()!r} at {numbers(text.get_position())}, {look}"


def shown(draw, *given, **named):
    """The parts of the figure that a function would save."""
    with tempfile.TemporaryDirectory() as folder, patch.object(Figure, "savefig", autospec=True) as saved:
        saved.side_effect = lambda figure, place, **options: Path(place).write_bytes(b"")
        draw(Path(folder) / "figure.png", *given, **named)
        ((figure, _), options), *others = saved.call_args_list
    assert not others
    options = {name: value for name, value in options.items() if name != "metadata"}
    return [f"saved with {options}", *parts(figure)]


def steps(count):
    rows = np.arange(count, dtype=float)
    return {"step": rows + 1, "epoch": rows / 10, "G": rows % 7 - 2.0, "D": np.where(rows % 3 == 1, np.nan, rows / 50)}


def sheet(high, wide):
    return np.zeros((high, wide, 3), np.uint8)


def figures():
    yield "curves of a short run", shown(plot_curves, steps(4), ["G"], "one curve", "loss")
    yield "curves of a long run", shown(plot_curves, steps(150), ["G", "D"], "two curves", "loss")
    flat = {"step": np.arange(3.0), "G": np.zeros(3)}
    yield "a curve that does not move", shown(plot_curves, flat, ["G"], "flat", "loss")
    yield "one sheet", shown(plot_sheets, [("", sheet(70, 70))], "36 samples")
    yield (
        "a sheet with rows and columns",
        shown(plot_sheets, [("", sheet(60, 90))], "translations", columns=("real", "generated"), rows=("a", "longer")),
    )
    two = [("real", sheet(80, 40)), ("reconstructed", sheet(100, 50))]
    yield "two sheets and a long title", shown(plot_sheets, two, "a title that is wider than what stands below it " * 3)
    yield "a large sheet", shown(plot_sheets, [("", sheet(900, 800))], "large")
    runs = [record(model=name, fid=fid) for name, fid in (("dcgan", 2.5), ("vae", 4.0), ("gan", 3.0))]
    yield "runs by their FID", shown(plot_intervals, comparison_tables(runs)[0], "fid_corrected", (0, 1))
    many = {f"a_long_setting_{number}": number / 7 for number in range(6)}
    long = [record(model="vae", fid=4.0), record(model="biggan", fid=2.5, recipe_changes=many)]
    yield "runs with many settings", shown(plot_intervals, comparison_tables(long)[0], "fid_corrected", (0, 1))
    yield "runs by their plain FID", shown(plot_intervals, comparison_tables(runs)[0], "fid", ())
    x = np.array([0.0, 1.0, 3.0])
    lines = [
        Line(x, x**2, "model", 1, x**2 - 1, x**2 + 1, dots=True, marks=("a", "b", "c")),
        Line(x, x, "others", 2, faint=True),
        Line(x, x + 1, "others", 2, faint=True),
        Line(x, np.ones(3), "noise", landmark=True),
    ]
    panels = [
        Panel("first", ("step", "FID"), lines, floor=0.0),
        Panel("second", ("class", "distance"), lines[:1], ticks=([0, 3], ["zero", "three"])),
    ]
    yield "two panels", shown(plot_panels, "panels", panels)
    points = np.array([[0.0, 1.0], [2.0, 3.0], [4.0, 1.0]])
    for count in (1, 2, 11):
        groups = [(f"group {number}", points + number) for number in range(count)]
        yield f"{count} groups", shown(plot_groups, "groups", groups, ("first", "second"))
    yield "a map", shown(plot_map, "a map", points, ["a", "b", "c"], [(0, 2)])
    many = np.stack([np.arange(121.0), np.arange(121.0) % 5], axis=1)
    yield "a map of many", shown(plot_map, "many", many, [str(number) for number in range(121)], [(3, 5), (7, 3)])
    columns = [
        Column("seed 0", [sheet(60, 60), None], steps(9), {"losses": ["G", "D"]}),
        Column("a long name, lr=0.001, batch_size=4", [sheet(80, 120), sheet(30, 30)], steps(4), {"losses": ["G"]}),
    ]
    yield "columns with curves", shown(plot_columns, "compare", columns, ["samples", "neighbours"])
    bare = [Column("dcgan", [sheet(60, 60)]), Column("gan", [sheet(60, 60)])]
    yield "columns without curves", shown(plot_columns, "compare these two models", bare, [""])


def written():
    return "\n".join(f"===== {name}\n" + "".join(f"{line}\n" for line in lines) for name, lines in figures())


def test_figures_are_drawn_as_they_were_reviewed():
    found, expected = written().split("\n"), FILE.read_text(encoding="utf-8").split("\n")
    assert found == expected, "if this is meant, renew the file: python tests/test_figures.py"


if __name__ == "__main__":
    FILE.write_text(written(), encoding="utf-8")
