"""`bench.sanity` and `bench sanity`: from images to tables, JSON and pictures."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

import bench
from bench.cli import main
from bench.measuring.features import extract
from bench.sanity_checks.checks import CHECKS
from bench.sanity_checks.pictures import apart
from bench.sanity_checks.synthetic import SYNTHETIC
from metrics.errors import InputError


def digits(count=40, split="test"):
    source = bench.open_source(f"digits:{split}", limit=count, seed=1)
    return np.stack([source.read(index) for index in range(count)])


def cells_mean(images):
    """A network of our own: the mean of each of 8 x 8 pixels."""
    return images[:, 0].reshape(len(images), 4, 8, 4, 8).mean(axis=(2, 4)).reshape(len(images), 16)


def sanity(**options):
    chosen = {"extractor": (cells_mean,), "metric": ("fid", "prdc"), "check": ("noise", "copies"), "n": (8,)}
    return bench.sanity(digits(), **{**chosen, **options})


def cells(table, row):
    found = next(one for one in table.rows if str(one[0].value).startswith(row))
    return {column.key: cell.value for column, cell in zip(table.columns, found, strict=True)}


def test_a_table_has_a_row_for_each_number_and_count_and_a_column_for_each_check():
    made = sanity(n=(8, 10), metric=("prdc",), check=("noise", "mixed", "copies"), mixed_with=digits(12, "train"))
    assert [table.name.partition("-")[0] for table in made.tables] == ["images", "sets", "numbers"]
    images = made.tables[0]
    assert [column.key for column in images.columns] == ["metric", "n", "noise", "mixed", "passed"]
    titles = ["Precision ↑", "Recall ↑", "Density ↑", "Coverage ↑"]
    assert [(row[0].value, row[1].value) for row in images.rows] == [(one, n) for one in titles for n in (8, 10)]


def test_a_fid_sees_strong_noise_and_takes_copies_for_better_than_real_images():
    made = sanity()
    assert cells(made.tables[0], "FID")["noise"] in ("0.25", "0.5", "0.75")
    assert cells(made.tables[1], "FID")["copies"] == "better"
    assert (made.passed, made.asked) == (sum(w.isdigit() or "." in w for w in words(made)), len(words(made)))


def words(made):
    return [cell.value for table in made.tables[:2] for row in table.rows for cell in row[2:-1] if cell.value]


def test_every_number_stands_beside_real_against_real():
    made = sanity(metric=("fid",), check=("noise",))
    rows = [cells_of(row, made.tables["numbers"]) for row in made.tables["numbers"].rows]
    assert [row["strength"] for row in rows if row["key"] == "fid"] == [0.25, 0.5, 0.75]
    assert all(row["least"] <= row["mean"] <= row["most"] for row in rows)
    assert len({row["real_mean"] for row in rows if row["key"] == "fid"}) == 1


def cells_of(row, table):
    return {column.key: cell.value for column, cell in zip(table.columns, row, strict=True)}


def test_the_same_seed_gives_the_same_numbers_and_another_one_others():
    one, again, other = (sanity(metric=("kid",), check=("noise",), seed=seed) for seed in (1, 1, 2))
    assert one.tables["numbers"].rows == again.tables["numbers"].rows != other.tables["numbers"].rows


@pytest.mark.usefixtures("few_splits")
def test_features_are_computed_once_for_all_metrics_and_counts(monkeypatch):
    asked = []
    monkeypatch.setattr(
        "bench.measuring.measure.extract",
        lambda source, *given, **how: asked.append(source.name) or extract(source, *given, **how),
    )
    sanity(n=(8, 10), metric=("kid", "prdc"), check=("noise", "fewer"))
    assert sorted(asked) == ["array", *(f"array, Gaussian noise {strength}" for strength in ("0.25", "0.5", "0.75"))]


def test_a_new_metric_appears_without_being_named(monkeypatch):
    from bench.measuring import declared
    from metrics.types import Metric, Output

    def compute(real, generated):
        return {"gap": float(abs(real.mean() - generated.mean())), "unknown": None}

    outputs = (Output("gap", "Gap", "lower"), Output("unknown", "Unknown", "higher"), Output("side", "Side", "neither"))
    own = Metric("gap", "Gap", "nowhere", "pool", "pair", outputs, compute)
    monkeypatch.setattr("bench.api.sanity.every_metric", lambda: (own, declared.declared("mse")))
    made = sanity(metric=())
    assert [row[0].value for row in made.tables[0].rows] == ["Gap ↓", "Unknown ↑"]
    assert cells(made.tables[0], "Unknown")["noise"] is None


@pytest.fixture
def few_splits(monkeypatch):
    """For tests of what is measured, and not of what is seen."""
    monkeypatch.setattr("bench.sanity_checks.measuring.REAL_SPLITS", 2)
    monkeypatch.setattr("bench.sanity_checks.measuring.DAMAGED_SPLITS", 1)


@pytest.mark.usefixtures("few_splits")
def test_metrics_that_the_extractor_does_not_allow_are_left_out_where_none_was_named():
    assert set(sanity(metric=(), check=("copies",)).about["metrics"]) == {
        *("fid", "kid", "prdc", "cmmd", "fld", "memorisation", "mind", "vendi")
    }


@pytest.mark.usefixtures("few_splits")
def test_all_metrics_of_a_classifier_are_taken_but_those_that_need_labels():
    made = bench.sanity("digits:test", n=(8,), check=("dropped",), extractor=("digits-cnn",))
    assert "inception-score" in made.about["metrics"]
    assert "classifier-agreement" not in made.about["metrics"]


@pytest.mark.usefixtures("few_splits")
def test_modes_are_the_classes_of_a_data_set_else_clusters():
    assert sanity(metric=("fid",)).about["modes"] == "10 clusters of thumbnails"
    made = bench.sanity("digits:test", n=(8,), metric=("fid",), check=("dropped",), extractor=(cells_mean,))
    assert made.about["modes"] == "classes"
    assert (made.about["of"], made.about["images"]) == ("digits:test", 40)


def test_what_there_are_too_few_images_for_is_left_out_and_said():
    made = sanity(n=(20,), metric=("fid",), check=("dropped",))
    assert cells(made.tables[0], "FID")["dropped"] is None
    assert "dropped at n = 20: too few images for some strengths or metrics, which are left out" in made.tables.warnings


def test_a_set_that_is_mixed_in_is_of_another_data_set():
    from bench.sanity_checks.subject import usual_other

    others = {name: usual_other(name) for name in ("digits:train", "shapes:train", "some/folder")}
    assert others == {"digits:train": "shapes:test", "shapes:train": "digits:train", "some/folder": "shapes:test"}


def test_what_a_metric_refuses_is_said_and_costs_nothing_else(monkeypatch):
    from metrics.types import Metric, Output

    def compute(real, generated):
        if generated.mean() < 0.5 * real.mean():
            raise InputError("too dark")
        return {"gap": 1.0}

    own = Metric("gap", "Gap", "nowhere", "pool", "pair", (Output("gap", "Gap", "lower"),), compute)
    monkeypatch.setattr("bench.api.sanity.every_metric", lambda: (own,))
    made = sanity(metric=(), check=("rectangles", "jpeg"))
    assert "gap under rectangles at n = 8: too dark" in made.tables.warnings[0]
    assert cells(made.tables[0], "Gap")["jpeg"] == "no"


def test_the_usual_counts_are_a_fifth_of_a_small_set():
    made = bench.sanity(digits(55), extractor=(cells_mean,), metric=("fid",), check=("fewer",))
    assert made.about["n"] == [11]


def test_several_extractors_stand_in_tables_of_their_own():
    made = sanity(extractor=(cells_mean, "pixels"), metric=("fid",), check=("fewer",))
    own, pixels = (one["extractor"] for one in made.about["measured_with"])
    assert [table.extractor for table in made.tables[:2]] == [own, pixels]
    assert made.tables["sets-pixels"].rows


def test_the_folder_holds_tables_numbers_and_pictures(tmp_path):
    made = sanity(output=tmp_path / "out", metric=("prdc",), check=("noise", "outliers"), n=(8,))
    names = {path.name for path in made.files}
    assert names >= {"sanity.json", "numbers.csv", "damages.png"}
    assert {name[:6] for name in names if "own-network" in name} == {"images", "sets-o", "curves"}
    written = json.loads((tmp_path / "out" / "sanity.json").read_text())
    assert written["tables"]["numbers"] == made.as_dict()["tables"]["numbers"]
    with pytest.raises(InputError, match="exists; replace it with --force"):  # before anything is opened
        bench.sanity("no such set", output=tmp_path / "out")


@pytest.mark.parametrize(
    ("values", "real", "better", "expected"),
    [
        ((4.0, 6.0), (1.0, 3.0), "lower", 3.0),
        ((0.5, 0.5), (0.8, 0.6), "higher", 2.0),
        ((0.7, 0.7), (0.8, 0.6), "higher", 0.0),
        ((1.5, 1.5), (1.0, 3.0), "lower", -0.5),
        ((2.0, 2.0), (1.0, 1.0), "lower", float("inf")),
        ((1.0, 1.0), (1.0, 1.0), "lower", 0.0),
        ((-2.0, -2.0), (-5.0, -4.0), "lower", 5.0),
    ],
)
def test_the_picture_shows_how_far_the_mean_is_beside_the_worst_real_one(values, real, better, expected):
    assert apart(values, real, better) == pytest.approx(expected)


# ----- what cannot be used


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"check": ("blurr",)}, "no check 'blurr'. Did you mean 'blur'?"),
        ({"metric": ("fud",)}, "no metric 'fud'. Did you mean"),
        ({"metric": ("mse",)}, "mse compares image by image, and these checks compare sets; leave it out"),
        ({"metric": ("classifier-agreement",)}, "classifier-agreement reads the classes that images should be of"),
        ({"metric": ("is",)}, "inception-score needs class predictions, and extractor 'own network"),
        ({"extractor": ("pixles",)}, "no extractor 'pixles'. Did you mean 'pixels'"),
        ({"n": (21,)}, "array has 40 different images, and n = 21 needs 42"),
        ({"n": (3,)}, "n = 3, and fid needs at least 4; give a larger n"),
        ({"n": (2.5,)}, "n is 2.5; expected a whole number"),
        ({"extractor": ("pixels", "inception"), "weights": "x.pth"}, "weights are of one extractor, and 2 are named"),
        ({"synthetic": True, "check": ("blur",), "extractor": ()}, "no check on synthetic data 'blur'"),
        (
            {"synthetic": True, "check": (), "extractor": (), "n": (), "metric": ("vendi",)},
            "vendi does not compare two sets",
        ),
        ({"synthetic": True, "check": ()}, "synthetic data take one n and no extractor"),
        ({"strength": 3}, "no keyword 'strength'"),
    ],
)
def test_what_cannot_be_used_is_told_in_one_line(options, said):
    with pytest.raises(InputError) as caught:
        sanity(**options)
    assert str(caught.value).startswith(said)
    assert "\n" not in str(caught.value)


# ----- the command, and synthetic data


def run(*words):
    return CliRunner().invoke(main, ["sanity", *words])


def test_the_command_prints_the_tables_of_the_function(monkeypatch):
    words = ("--dataset", "digits:test", "--n", "8", "--check", "jpeg", "--metric", "kid")
    made = bench.sanity("digits:test", n=(8,), check=("jpeg",), metric=("kid",))
    given = []
    monkeypatch.setattr(bench, "sanity", lambda dataset, **how: given.append((dataset, how)) or made)
    shown, as_json, csv = run(*words), run(*words, "--json"), run(*words, "--format", "csv")
    assert shown.exit_code == as_json.exit_code == csv.exit_code == 0, shown.output
    assert {dataset for dataset, _ in given} == {"digits:test"}
    assert (given[0][1]["n"], given[0][1]["check"], given[0][1]["metric"]) == ((8,), ("jpeg",), ("kid",))
    assert "digits:test, digits-layout: damaged images" in shown.output
    assert " of 1 passed" in shown.output
    assert "every number" not in shown.output
    assert set(json.loads(as_json.output)["tables"]) == {"images-digits-layout", "numbers"}
    assert csv.output.startswith("table,title,metric,n,jpeg,passed,")


def test_the_command_ends_with_2_and_one_line():
    done = run("--check", "blurr")
    assert done.exit_code == 2
    assert done.output == "bench: no check 'blurr'. Did you mean 'blur'?\n"


def test_synthetic_data_need_no_images_and_each_criterion_is_told():
    made = bench.sanity(
        synthetic=True, n=(40,), metric=("prdc", "kid"), check=("dropping-invention", "scaled-dimension")
    )
    assert [table.name for table in made.tables] == ["synthetic", "criteria"]
    assert [row[0].value for row in made.tables["synthetic"].rows] == [
        *("dropping-invention", "scaled-dimension", "all criteria", "whole checks")
    ]
    found = {
        tuple(cell.value for cell in row[:3]): cells_of(row, made.tables["criteria"]) for row in made.tables[1].rows
    }
    invented = found["dropping-invention", "d = 2", "most dropped"]
    assert (invented["precision"], invented["recall"], invented["kid"]) == ("pass", None, None)
    assert found["dropping-invention", "d = 2", "best where equal"]["kid"] == "pass"
    assert found["dropping-invention", "d = 2", "shape"]["recall"] == "pass"


def test_the_checks_of_the_help_exist():
    text = run("--help").output
    assert all(name in text or name == "jpeg" for name in CHECKS)
    assert len(SYNTHETIC) == 15


@pytest.mark.parametrize("count", [1, 4])
def test_too_few_images_for_any_count_are_told(count):
    with pytest.raises(InputError, match=f"{count} different images?; the checks need at least 10"):
        bench.sanity(digits(count), extractor=(cells_mean,), metric=("fid",))


def test_a_folder_that_cannot_be_written_is_told_before_anything_is_measured(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("kept")

    def never(images):
        raise AssertionError("the folder was to be looked at first")

    with pytest.raises(InputError, match="mine holds something else"):
        sanity(extractor=(never,), output=tmp_path / "mine")
