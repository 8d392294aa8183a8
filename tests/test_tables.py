"""Tables: values first, then renderers; the tables of runs."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from run_records import ENVIRONMENT, TRAINING, fid_scores, pair, protocol, record

from bench.storage.records import PairScores, record_path, write_record
from bench.tables.comparison import comparison_tables
from bench.tables.csv_text import csv_text, stacked
from bench.tables.files import out_of_date, published, write_all, write_tables
from bench.tables.html_page import html_page
from bench.tables.html_table import html_text
from bench.tables.latex import latex, latex_tables
from bench.tables.markdown import markdown
from bench.tables.renderers import RENDERERS
from bench.tables.run_tables import run_tables
from bench.tables.several import told_apart
from bench.tables.table import Cell, Column, Table, aligned, json_values, mark_best, text
from bench.tables.terminal import terminal

OF_A_RUN = (".md", "-table-6.csv", "-distances.csv")
COLUMNS = (Column("name", "Name"), Column("fid", "FID", "lower"), Column("n", "Images"))


def _table(*rows, notes=("a note",)):
    return Table("demo", "Demo", COLUMNS, tuple(rows), notes)


def _row(name, value, low=None, high=None, n=1000):
    return (Cell(name), Cell(value, low, high), Cell(n))


def test_markdown_has_arrows_intervals_and_notes():
    assert markdown(_table(_row("a|b", 1.234, 1.0, 1.5), _row("c", None))) == (
        "### Demo\n\n"
        "| Name | FID ↓ | Images |\n"
        "| :--- | ---: | ---: |\n"
        "| a\\|b | 1.23 [1.00, 1.50] | 1,000 |\n"
        "| c | – | 1,000 |\n\n"
        "- a note\n"
    )


def test_csv_keeps_every_digit_and_gives_intervals_columns_of_their_own():
    assert csv_text(_table(_row("a", 1 / 3, 0.25, 0.5), _row("b, c", 2.0))) == (
        'name,fid,fid_low,fid_high,n\na,0.3333333333333333,0.25,0.5,1000\n"b, c",2.0,,,1000\n'
    )


def test_csv_says_in_every_row_what_its_numbers_were_made_with():
    table = replace(_table(_row("a", 1.0), _row("b", 2.0)), protocol="abc", extractor="pixels")
    assert csv_text(table) == "name,fid,n,protocol,extractor\na,1.0,1000,abc,pixels\nb,2.0,1000,abc,pixels\n"


def test_csv_has_the_columns_of_numbers_and_intervals_that_no_row_has():
    columns = (Column("name", "Name"), Column("fid", "FID", interval=True), Column("mse", "MSE", shown="fills"))
    table = Table("demo", "Demo", columns, ((Cell("a"), Cell(1.0), Cell()),), (), "abc", "")
    assert csv_text(table) == "name,fid,fid_low,fid_high,mse,protocol,extractor\na,1.0,,,,abc,\n"


def test_people_see_columns_that_a_row_fills():
    columns = (Column("name", "Name"), Column("mse", "MSE", shown="fills"), Column("id", "Id", shown="never"))
    empty, filled = (Table("t", "T", columns, ((Cell("a"), Cell(value), Cell("x")),)) for value in (None, 2.0))
    for render in (terminal, markdown, html_text, latex):
        assert "MSE" not in render(empty)
        assert "MSE" in render(filled)
        assert "Id" not in render(filled)


def test_several_tables_are_one_csv_under_the_columns_of_all():
    other = Table(
        "more", "More", (Column("fid", "FID", interval=True), Column("set", "Set")), ((Cell(3.0), Cell("x")),)
    )
    parts = [replace(_table(_row("a", 1.0)), protocol="abc", extractor="pixels"), replace(other, protocol="xyz")]
    assert csv_text(stacked(parts)) == (
        "table,title,name,fid,fid_low,fid_high,n,set,protocol,extractor\n"
        "demo,Demo,a,1.0,,,1000,,abc,pixels\n"
        "more,More,,3.0,,,,x,xyz,\n"
    )


def test_code_in_a_note_is_code_in_html_and_latex():
    table = Table("t", "T", (Column("a", "A"),), ((Cell(1),),), ("`bench run --seeds 0-4` trains <five>",))
    assert "<li><code>bench run --seeds 0-4</code> trains &lt;five&gt;</li>" in html_text(table)
    assert r"\texttt{bench run -{}-seeds 0-4} trains \textless{}five\textgreater{}" in latex(table)


def test_every_table_of_a_latex_document_has_a_label_of_its_own():
    table = _table(_row("a", 1.0))
    labels = re.findall(r"\\label\{(.*)\}", latex_tables([table, table, replace(table, name="more")]))
    assert labels == [f"tab:{table.name}", f"tab:{table.name}-2", "tab:more"]


def test_html_is_escaped():
    shown = html_text(_table(_row("<script>", 1.0), notes=("a < b",)))
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown
    assert "<li>a &lt; b</li>" in shown


def test_json_values_are_strict_json():
    values = json_values(_table(_row("a", 1.5, 1.0, 2.0)))
    assert json.loads(json.dumps(values, allow_nan=False))["rows"] == [
        {"name": "a", "fid": {"value": 1.5, "low": 1.0, "high": 2.0}, "n": 1000}
    ]


def test_terminal_lines_are_aligned():
    lines = terminal(_table(_row("a", 1.0, 0.5, 1.5), _row("longer", 10.0))).splitlines()
    assert lines[0] == "Demo"
    assert len(lines[4]) == len(lines[5]) == len(lines[1])


def test_words_take_several_lines_where_a_terminal_is_too_narrow_and_numbers_do_not():
    wide = _table(_row("a name of several words", 1.0, 0.5, 1.5), notes=("a note that is as long as two lines",))
    lines = terminal(wide, 40).splitlines()
    assert max(map(len, lines)) <= 40
    assert "1.00 [0.50, 1.50]" in lines[4] and lines[5].startswith("several")
    assert terminal(wide, 200) == terminal(wide)


def test_the_html_document_says_its_encoding_and_escapes_its_title():
    shown = html_page([_table(_row("a", -1.0)), _table(_row("b", 1.0))], "<b>")
    assert '<meta charset="utf-8">' in shown
    assert "<title>&lt;b&gt;</title>" in shown
    assert shown.count("<table") == shown.count("<section>") == 2
    assert "http" not in shown


@pytest.mark.parametrize("kind", sorted(RENDERERS))
def test_every_renderer_shows_every_cell_and_the_title_column(kind):
    shown = RENDERERS[kind](_table(_row("dcgan", 1.25)))
    assert "dcgan" in shown
    assert "1.25" in shown


def test_a_minus_sign_is_one_and_zero_has_none():
    assert text(Cell(-1.5)) == "−1.50"
    assert text(Cell(-0.001)) == "0.00"


def test_decimals_show_two_digits_of_the_intervals():
    columns = (Column("kid", "KID", "lower", None),)
    table = Table("t", "T", columns, ((Cell(0.0123, 0.0101, 0.0145),), (Cell(0.5, 0.497, 0.503),)))
    assert [text(row[0]) for row in aligned(table).rows] == ["0.0123 [0.0101, 0.0145]", "0.5000 [0.4970, 0.5030]"]


def test_a_number_with_an_interval_does_not_read_as_zero_throughout_where_it_is_not():
    rows = tuple(
        (Cell(*one),) for one in ((0.0021, -0.0011, 0.0052), (20.5, 15.1, 30.2), (9.0, 5.0, 14.0), (0.0, 0.0, 0.0))
    )
    table = Table("t", "t", (Column("kid", "KID", decimals=None),), rows)
    shown = ["0.0021 [−0.0011, 0.0052]", "20.5 [15.1, 30.2]", "9.0 [5.0, 14.0]", "0.0 [0.0, 0.0]"]
    assert [text(row[0]) for row in aligned(table).rows] == shown


def test_a_row_of_another_length_is_a_bug():
    with pytest.raises(ValueError, match="2 cells under 3 columns"):
        _table((Cell("a"), Cell(1.0)))


def test_the_best_is_marked_where_its_interval_is_apart():
    table = mark_best(_table(_row("a", 1.0, 0.5, 1.5), _row("b", 2.0, 1.6, 2.4)), range(2))
    assert [row[1].best for row in table.rows] == [True, False]


def test_no_best_is_marked_where_intervals_overlap():
    table = mark_best(_table(_row("a", 1.0, 0.5, 1.5), _row("b", 1.2, 0.8, 1.6), _row("c", 9.0, 8.0, 10.0)), range(3))
    assert not any(cell.best for row in table.rows for cell in row)


def test_nothing_without_an_interval_or_a_neighbour_is_marked():
    assert not any(row[1].best for row in mark_best(_table(_row("a", 1.0), _row("b", 2.0)), range(2)).rows)
    assert not mark_best(_table(_row("a", 1.0, 0.5, 1.5)), range(1)).rows[0][1].best


def test_higher_is_better_where_the_column_says_so():
    table = Table("t", "T", (Column("is", "IS", "higher"),), ((Cell(1.0, 0.5, 1.5),), (Cell(2.0, 1.6, 2.4),)))
    assert mark_best(table, range(2)).rows[1][0].best


def test_table_6_has_the_rows_of_the_assignment_and_the_noise():
    table = run_tables(record())[0]
    assert table.name == "table-6"
    shown = [(row[0].value, row[3].value) for row in table.rows]
    assert shown == [
        ("real 1 vs real 1", "real 1"),
        ("real 1 vs real 2", "real 2"),
        ("real 1 vs generated", "generated"),
        ("real 1 vs noise", "noise"),
    ]
    assert table.rows[0][1].value == 0.0
    assert table.rows[0][2].value is None
    assert (table.rows[2][2].value, table.rows[2][2].low, table.rows[2][2].high) == (5.0, 4.5, 5.5)


def test_table_5_has_the_image_sets_and_the_reconstruction_error():
    made = record(model="vae", task="reconstruct")
    error = {"mse": 0.02, "mse_low": 0.019, "mse_high": 0.021, "mae": 0.1, "psnr": 17.0, "ssim": 0.5}
    errors = [PairScores("test", name, "", {"mse": error}) for name in ("reconstructed", "mean image")]
    made = replace(made, pairs=(*made.pairs, *errors))
    first, second, _ = run_tables(made)
    assert [row[0].value for row in first.rows][:3] == ["real image set", "real image set 2", "generated image set"]
    assert first.rows[2][1].value == 5.5
    assert second.rows[0][1] == Cell(0.02, 0.019, 0.021, decimals=4)
    assert [row[0].value for row in second.rows] == ["test images vs reconstructed", "test images vs their mean image"]


def test_the_model_before_its_training_stands_below_what_it_made_where_it_is_known():
    made = record()
    before = next(one for one in made.sets if one.name == "noise"), pair("untrained", "", 70.0)
    known = replace(made, sets=(*made.sets, replace(before[0], name="untrained")), pairs=(*made.pairs, before[1]))
    first, second = run_tables(known)
    assert [row[0].value for row in first.rows][-2:] == ["real 1 vs untrained", "real 1 vs noise"]
    assert first.rows[-2][2].value == 70.0
    assert [row[0].value for row in second.rows][1:3] == ["real 1 vs generated", "real 1 vs untrained"]


def translated_record(**changes):
    errors = {"generated": 0.02, "input": 0.08, "mean image": 0.08}
    chosen = replace(protocol(labels=("edges", "shoes")), translated="real 2")
    made = record(model="pix2pix", task="paired", labels=("edges", "shoes"), chosen=chosen)
    pairs = [PairScores("real 2", name, "shoes", {"mse": {"mse": value}}) for name, value in errors.items()]
    return replace(made, pairs=(*made.pairs, *pairs), **changes)


def test_translations_stand_beside_the_input_and_the_mean_image():
    _, table, _ = run_tables(translated_record())
    assert [(row[0].value, row[1].value) for row in table.rows] == [
        ("real shoes 2 vs generated shoes", 0.02),
        ("real shoes 2 vs the input as it is", 0.08),
        ("real shoes 2 vs their mean image", 0.08),
    ]


def test_the_tables_of_translations_say_what_was_translated():
    first = run_tables(translated_record())[0]
    assert "real shoes 1 vs generated shoes" in [row[0].value for row in first.rows]
    assert "the generated images are translations of real 2, whose partners are not in real 1" in first.notes
    assert not any("translations" in note for note in run_tables(record(task="unpaired"))[0].notes)


def test_the_tables_of_records_whose_translations_have_their_partners_in_real_1_say_so():
    made = record(model="pix2pix", task="paired", labels=("edges", "shoes"))
    kept = [one for one in made.pairs if (one.b, one.domain) != ("generated", "shoes")]
    made = replace(made, pairs=(*kept, pair("generated", "shoes", -9.1, mse={"mse": 0.02})))
    first, errors, _ = run_tables(made)
    assert any(note.startswith("NOT independent: ") for note in first.notes)
    assert errors.rows[0][0].value == "real shoes 1 vs generated shoes"


def test_table_7_has_a_block_for_each_domain():
    table = run_tables(record(model="cyclegan", task="unpaired", labels=("edges", "shoes")))[0]
    assert [(row[0].value, row[3].value) for row in table.rows if "noise" not in row[0].value] == [
        ("real edges 1 vs real edges 2", "real edges 1"),
        ("real edges 1 vs generated edges", "generated edges"),
        ("real shoes 1 vs real shoes 2", "real shoes 1"),
        ("real shoes 1 vs generated shoes", "generated shoes"),
    ]


@pytest.mark.parametrize(("device", "said"), [("cpu", "in 12 s on 2 cores of Some CPU, 2.5 %"), ("", "in 12 s, 2.5 %")])
def test_a_budget_names_its_device_where_that_is_known(device, said):
    made = record(training=replace(TRAINING, device=device))
    for table in (run_tables(made)[0], comparison_tables([made])[0]):
        assert said in " ".join(table.notes)


def test_a_budget_on_a_gpu_names_the_gpu():
    made = record(training=replace(TRAINING, device="cuda"), environment=replace(ENVIRONMENT, gpu="Some GPU"))
    assert "in 12 s on Some GPU, 2.5 %" in run_tables(made)[0].notes[0]


def test_the_notes_say_what_a_number_is_worth():
    notes = " ".join(run_tables(record(chosen=protocol(split_2="train")))[0].notes)
    assert "2.5 % of the recipe's 60 epochs: NOT the full recipe" in notes
    assert "NOT Inception" in notes
    assert "real 2 is from the train split" in notes
    assert "is biased upwards" in notes


def test_few_images_are_said_to_be_mostly_bias():
    notes = " ".join(run_tables(record(chosen=protocol(extractor="pixels", logits="")))[0].notes)
    assert "With 250 images per set and 3,072 features the plain FID is mostly bias" in notes
    assert "no Inception Score: pixels is not a classifier" in notes


def test_a_full_recipe_is_said_to_be_one():
    notes = " ".join(run_tables(record(training=replace(TRAINING, epochs=60.0)))[0].notes)
    assert ", the full recipe" in notes
    assert "NOT the full recipe" not in notes


def test_protocols_never_share_a_table():
    tables = comparison_tables([record(), record(model="vae"), record(chosen=protocol(extractor="pixels", logits=""))])
    assert [len(table.rows) for table in tables] == [3, 4] or [len(table.rows) for table in tables] == [4, 3]


def test_the_comparison_ranks_by_fid_between_its_landmarks_and_marks_who_is_apart():
    (table,) = comparison_tables([record(fid=9.0), record(model="vae", task="reconstruct", fid=5.0)])
    assert [row[0].value for row in table.rows] == ["real 2", "vae, seed 0", "dcgan, seed 0", "noise"]
    assert [row[3].best for row in table.rows] == [False, True, False, False]


def test_runs_that_cannot_be_told_apart_have_no_best():
    (table,) = comparison_tables([record(fid=5.2), record(model="vae", fid=5.0)])
    assert not any(row[3].best for row in table.rows)


def test_a_failed_run_is_in_no_table():
    failed = record(status="failed", error="nan", training=None, sets=(), pairs=(), seed=1)
    (table,) = comparison_tables([record(), failed])
    assert len(table.rows) == 3
    assert comparison_tables([failed]) == []


def _publish(results, *records):
    """Write these records, then the tables of the last one."""
    for one in records:
        write_record(record_path(results, one.dataset, one.protocol_id, one.name), one)
    write_tables(records[-1], results)
    return results / "tables" / "digits" / records[-1].protocol_id


def test_tables_are_written_beside_the_comparison(tmp_path):
    folder = _publish(tmp_path, record(model="vae", fid=2.0), record())
    assert {path.name for path in folder.iterdir()} == {
        "dcgan-seed0.md",
        "dcgan-seed0-table-6.csv",
        "dcgan-seed0-distances.csv",
        "comparison.md",
        "comparison.csv",
    }
    assert "vae, seed 0" in (folder / "comparison.md").read_text()


def test_every_csv_of_runs_has_the_same_columns_whatever_was_measured(tmp_path):
    full = record()
    bare = replace(full, pairs=tuple(replace(one, scores={}) for one in full.pairs), model="bare")
    error = PairScores("test", "reconstructed", "", {"mse": {"mse": 0.1, "mse_low": 0.0, "mse_high": 0.2}})
    heads = {}
    for one in (full, bare, replace(full, pairs=(*full.pairs, error))):
        for table in (*run_tables(one)[:1], *run_tables(one)[-1:], *comparison_tables([one])):
            head, *rows = csv_text(table).splitlines()
            assert heads.setdefault(table.name, head) == head
            assert all(row.endswith(f",{one.protocol_id},{one.protocol.extractor}") for row in rows)
    assert "mse,mse_low,mse_high" in heads["comparison"]


def test_tables_are_brought_up_to_date_with_the_records(tmp_path):
    folder = _publish(tmp_path, record(seed=1), record())
    assert out_of_date(tmp_path) == [f"{folder / 'dcgan-seed1'}{end} is missing" for end in OF_A_RUN]
    write_all(tmp_path)
    (folder / "gone-seed0.md").write_text("of no record")
    (folder / "comparison.csv").write_text("changed by hand")
    assert out_of_date(tmp_path) == [
        f"{folder / 'comparison.csv'} is out of date",
        f"{folder / 'gone-seed0.md'} is of no record",
    ]
    picture = tmp_path / "figures" / "digits" / folder.name / "comparison.webp"
    picture.write_bytes(b"of other records")
    write_all(tmp_path)
    assert out_of_date(tmp_path) == []
    assert not (folder / "gone-seed0.md").exists()
    assert picture.read_bytes().startswith(b"RIFF")


def test_the_picture_of_a_comparison_goes_with_the_last_of_its_records(tmp_path):
    folder = _publish(tmp_path, record())
    picture = tmp_path / "figures" / "digits" / folder.name / "comparison.webp"
    page = picture.parent.parent / "dcgan-seed0.webp"
    page.write_bytes(b"of a run")
    assert picture.is_file()
    next((tmp_path / "runs").rglob("*.json")).unlink()
    assert f"{picture} is of no record" in out_of_date(tmp_path)
    write_all(tmp_path)
    assert (picture.exists(), page.exists(), out_of_date(tmp_path)) == (False, True, [])


def test_every_committed_table_is_what_its_record_gives():
    assert out_of_date(Path(__file__).resolve().parent.parent / "results") == []


def test_a_failed_run_removes_its_earlier_tables_and_no_others(tmp_path):
    _publish(tmp_path, record(seed=10))
    _publish(tmp_path, record(seed=1))
    folder = _publish(tmp_path, record(seed=1, status="failed", error="nan", sets=(), pairs=(), training=None))
    assert "dcgan-seed10.md" in {path.name for path in folder.iterdir()}
    assert not list(folder.glob("dcgan-seed1[.-]*"))
    assert "seed 10" in (folder / "comparison.md").read_text()
    assert "seed 1 " not in (folder / "comparison.md").read_text()


def test_the_comparison_has_a_figure_of_its_own(tmp_path):
    folder = _publish(tmp_path, record())
    link = (folder / "comparison.md").read_text().rpartition("](")[2].strip(")\n")
    assert (folder / link).resolve().read_bytes().startswith(b"RIFF")


def test_the_made_up_scores_have_the_keys_of_the_metric():
    from metrics import fid

    assert set(fid_scores(1.0)) <= {output.name for output in fid.METRIC.outputs} | {"fid_low", "fid_high"}


@pytest.mark.parametrize(
    ("dataset", "model", "kept"),
    [
        ("digits", "dcgan", {"losses.png", "samples.png", "translations.png"}),
        ("emoji/apple", "dcgan", {"losses.png", "samples.png"}),
        ("emoji/apple", "train-copies", set()),
        ("folder:somewhere", "dcgan", {"losses.png", "samples.png"}),
    ],
)
def test_pictures_of_images_that_may_not_be_published_stay_in_the_run(tmp_path, dataset, model, kept):
    run_folder = tmp_path / "run"
    run_folder.mkdir()
    for name in ("losses.png", "samples.png", "translations.png"):
        (run_folder / name).write_bytes(b"picture")
    one = replace(record(), dataset=dataset, model=model)
    assert {path.name for path in published(one, run_folder)} == kept


def test_tables_of_one_title_name_their_protocol_and_then_a_number():
    def title(protocol, words="Table 6. dcgan"):
        return Table("table-6", words, COLUMNS, (), (), protocol, "pixels")

    found = told_apart([title("abc"), title("xyz"), title("xyz"), title("abc", "Table 6. gan")])
    assert [table.title for table in found] == [
        "Table 6. dcgan, protocol abc",
        "Table 6. dcgan, protocol xyz (1)",
        "Table 6. dcgan, protocol xyz (2)",
        "Table 6. gan",
    ]
