"""Results in notebooks and papers: short words, HTML, DataFrames, LaTeX."""

from io import StringIO

import pandas as pd
import pytest

import bench
from bench.api.result import Result
from bench.tables.csv_text import csv_text, stacked
from bench.tables.latex import latex
from bench.tables.several import Tables
from bench.tables.table import Cell, Column, Table

SCORES = {
    "fid": 12.25, "fid_corrected": 11.5, "fid_sd": 0.5, "fid_low": 10.5, "fid_high": 12.5, "mean_term": 1.0,
    "covariance_term": 11.25, "inception_score_a": 2.0, "name_a": "x", "name_b": "y<z", "n_a": 9, "n_b": 9, "splits": 1,
    "metrics": ["fid", "inception-score"], "warnings": ["a word"],
}  # fmt: skip
RESULT = Result(SCORES)
TABLE = Table(
    "t_1",
    "A & B",
    (Column("name", "Name_1"), Column("fid", "FID", "lower"), Column("n", "n", "higher")),
    ((Cell("x%"), Cell(1.25, 1.0, 1.5, best=True), Cell(3)), (Cell(None), Cell(-2.0), Cell(None))),
    ("n ≤ d",),
)


def test_the_short_form_of_a_result_is_its_scores():
    assert repr(RESULT).startswith("Result(FID 12.2500")
    assert len(repr(RESULT)) < 200


def test_a_notebook_shows_what_the_terminal_shows():
    html = RESULT._repr_html_()
    assert '<td class="text">10.5000 to 12.5000</td>' in html
    assert "y&lt;z" in html
    assert "a word" in html


def test_a_result_is_a_frame_with_a_row_per_score():
    frame = RESULT.to_frame()
    assert isinstance(frame, pd.DataFrame)
    made_with = ["protocol", "extractor"]
    assert list(frame.columns) == ["score", "value", "corrected", "low", "high", "better", *made_with]
    row = frame[frame.score == "FID"].iloc[0]
    assert (row["value"], row["corrected"], row["low"], row["better"]) == (12.25, 11.5, 10.5, "lower is better")


def test_a_result_that_names_no_metrics_shows_those_that_it_has():
    only = Result({key: value for key, value in SCORES.items() if key != "metrics"})
    assert "FID" in list(only.to_frame().score)


def test_a_table_is_a_frame_with_three_columns_for_one_with_intervals():
    frame = TABLE.to_frame()
    assert list(frame.columns) == ["name", "fid", "fid_low", "fid_high", "n"]
    assert frame.fid.tolist() == [1.25, -2.0]
    assert pd.isna(frame.fid_low[1])


def test_several_tables_are_one_frame_under_the_columns_of_all():
    other = Table("t_2", "B", (Column("n", "n"), Column("set", "Set")), ((Cell(7), Cell("x")),), (), "p", "pixels")
    frame = Tables((TABLE, other)).to_frame()
    fids = ["fid", "fid_low", "fid_high"]
    assert list(frame.columns) == ["table", "title", "name", *fids, "n", "set", "protocol", "extractor"]
    assert frame.table.tolist() == ["t_1", "t_1", "t_2"]
    assert frame[frame.table == "t_2"].fid.isna().all()
    assert frame[["protocol", "extractor"]].to_numpy().tolist()[2] == ["p", "pixels"]


def test_what_csv_holds_is_what_a_frame_holds():
    text = csv_text(stacked([TABLE, TABLE]))
    pd.testing.assert_frame_equal(pd.read_csv(StringIO(text)), Tables((TABLE, TABLE)).to_frame(), check_dtype=False)


def test_tables_are_found_by_place_and_by_name():
    tables = Tables((TABLE,))
    assert tables["t_1"] is tables[0]
    with pytest.raises(KeyError, match="there are: t_1"):
        tables["t_2"]


def test_a_table_for_latex_has_rules_and_no_letter_that_is_a_command():
    text = latex(TABLE)
    assert r"\caption{A \& B}" in text
    assert r"\begin{tabular}{lrr}" in text
    assert r"Name\_1 & FID $\downarrow$ & n $\uparrow$ \\" in text
    assert r"x\% & \textbf{1.25 [1.00, 1.50]} & 3 \\" in text
    assert r"-- & $-$2.00 & -- \\" in text
    assert r"n $\leq$ d" in text
    for rule in ("toprule", "midrule", "bottomrule"):
        assert f"\\{rule}" in text


def test_no_letter_of_a_cell_or_note_is_missing_in_the_fonts_of_latex():
    table = Table(
        "t", "T", (Column("score", "Score"),), ((Cell("KID ↓"),), (Cell("a → b, 1 ± 2"),)), ("n < d, σ² ≈ 3",)
    )
    text = latex(table)
    assert text.isascii()
    assert r"KID $\downarrow$ \\" in text
    assert r"n \textless{} d, $\sigma$$^2$ $\approx$ 3" in text


def test_a_row_that_begins_with_a_bracket_is_no_option_of_the_row_before():
    table = Table("t", "T", (Column("name", "Name"),), ((Cell("a"),), (Cell("[b] 1 [2]"),)))
    assert "{}[b] 1 [2]" in latex(table)


def test_a_measured_result_has_its_table():
    images = [bench.open_source("digits:test").read(row) for row in range(12)]
    found = bench.fid(images[:6], images[6:], extractor="pixels", cache=False)
    assert found.to_frame().score[0] == "FID"
