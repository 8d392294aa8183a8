"""`bench table`: Tables 5, 6 and 7 of anybody's own sets, by the code that makes those of a run."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

import bench
from bench.cli import main
from bench.measuring.evaluation import evaluate, open_evaluation
from bench.measuring.measure import measure
from bench.measuring.subject import open_subject

DIGITS = {"extractor": "digits-cnn", "cache": False}


def images(seed, count=12, size=16):
    return np.random.RandomState(seed).randint(0, 256, (count, 3, size, size)).astype(np.uint8)


def folder(path, seed, count=12, size=16):
    from PIL import Image

    path.mkdir(parents=True)
    for row, image in enumerate(images(seed, count, size)):
        Image.fromarray(image.transpose(1, 2, 0)).save(path / f"{row}.png")
    return str(path)


@pytest.fixture(scope="module")
def made():
    return bench.table(images(1), images(2), images(3), **DIGITS)


@pytest.fixture
def folders(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return [folder(tmp_path / name, seed) for seed, name in enumerate(("one", "two", "gan/out", "vae/out"))]


def run(*words):
    return CliRunner().invoke(main, ["table", *words, "--extractor", "digits-cnn", "--no-cache"])


def first_column(table):
    return [row[0].value for row in table.rows]


def cells(table, row, *keys):
    places = {column.key: place for place, column in enumerate(table.columns)}
    return [table.rows[row][places[key]].value for key in keys]


def test_table_6_compares_everything_with_real_1_and_noise_is_made(made):
    assert [table.name for table in made] == ["table-6", "distances"]
    assert first_column(made[0]) == [f"real 1 vs {one}" for one in ("real 1", "real 2", "generated", "noise")]
    assert cells(made[0], 0, "fid", "set") == [0.0, "real 1"]
    assert any("With 12 images per set and" in one for one in made[0].notes)


def test_the_numbers_are_those_of_fid_and_score(made):
    fid = bench.fid(images(1), images(3), **DIGITS)
    scored = bench.score(images(3), metrics="is", **DIGITS)
    expected = [fid.fid, fid.fid_corrected, scored.inception_score_a, scored.inception_score_corrected_a]
    assert cells(made[0], 2, "fid", "fid_corrected", "inception_score", "inception_score_corrected") == expected


def test_the_numbers_are_those_of_a_run_under_the_protocol_of_its_data_set():
    subject = open_subject("digits")
    evaluation = open_evaluation(subject, measure("digits-cnn", device="cpu"))
    generated = subject.images("real 2")[:, :, ::-1].copy()
    found = evaluate(evaluation, {("generated", ""): generated})
    (six, _) = bench.table("digits:real-1", "digits:real-2", np.repeat(generated, 3, axis=1), extractor="digits-cnn")
    for row, name in enumerate(("real 2", "generated", "noise"), 1):
        pair = next(one for one in found.pairs if one.b == name).scores["fid"]
        own = next(one for one in found.sets if one.name == name).scores["inception-score"]
        assert cells(six, row, "fid", "fid_corrected", "inception_score") == [
            pair["fid"],
            pair["fid_corrected"],
            own["inception_score"],
        ]


def test_each_generated_set_has_a_row_with_its_name(folders):
    (six, distances) = bench.table(*folders[:2], {"mine": images(5)}, f"other={folders[2]}", folders[3], **DIGITS)
    names = [f"real 1 vs {one}" for one in ("real 2", "mine", "other", "out", "noise")]
    assert first_column(six) == ["real 1 vs real 1", *names]
    assert first_column(distances) == names


def test_two_folders_of_one_name_are_told_apart_by_their_paths(folders):
    assert first_column(bench.table(*folders, **DIGITS)[0])[2:4] == [f"real 1 vs {one}" for one in folders[2:]]


def test_table_7_has_a_block_of_rows_for_each_domain():
    domains = {"edges": [images(1), images(2), images(3)], "shapes": [images(2), images(1), images(4)]}
    (seven, distances) = bench.table(domains=domains, **DIGITS)
    assert seven.name == "table-7"
    assert seven.title == "Table 7. edges and shapes"
    assert first_column(seven) == [
        f"real {one} 1 vs {other}"
        for one in ("edges", "shapes")
        for other in (f"real {one} 2", f"generated {one}", f"noise {one}")
    ]
    assert len(distances.rows) == 6


def test_a_warning_of_one_domain_alone_names_it():
    grey = np.repeat(images(3)[:, :1], 3, axis=1)
    domains = {"a": [images(1), images(2), grey], "b": [images(2), images(1), np.tile(images(4)[:6], (2, 1, 1, 1))]}
    notes = bench.table(domains=domains, **DIGITS)[0].notes
    assert [note.partition(": ")[0] for note in notes if "repeated: 6 of 12" in note] == ["b"]
    assert len([note for note in notes if note.startswith("n <= d")]) == 1


def test_table_5_has_the_errors_of_reconstructions_and_of_the_mean_image():
    (five, errors, _) = bench.table(images(1), images(2), images(3), reconstructed=images(1), **DIGITS)
    assert first_column(five) == ["real image set", "real image set 2", "generated image set", "noise"]
    assert first_column(errors) == ["real 1 vs reconstructed", "real 1 vs their mean image"]
    assert cells(errors, 0, "mse") == [0.0]
    assert cells(errors, 1, "mse")[0] > 0


def test_reconstructions_of_another_number_are_an_empty_row_and_the_table_stays():
    (five, errors, _) = bench.table(images(1), images(2), images(3), reconstructed=images(1, 10), **DIGITS)
    assert cells(five, 2, "fid")[0] > 0
    assert cells(errors, 0, "mse", "ssim") == [None, None]
    assert errors.notes[1].startswith("not computed: mse compares image by image: 12 of array and 10 of array")


def test_counts_and_sizes_may_differ_and_the_notes_say_so():
    (six, distances) = bench.table(images(1), images(2, 10), images(3, 8, 24), {"few": images(4, 3)}, **DIGITS)
    assert cells(six, 2, "fid")[0] > 0
    assert cells(six, 3, "fid", "inception_score") == [None, None]
    assert any(one.startswith("fid is not computed: array holds 3 images; fid needs at least 4") for one in six.notes)
    assert any(one.startswith("sizes differ: ") for one in six.notes)
    assert any("With 8 images or more per set and" in one for one in six.notes)
    assert any(one.startswith("prdc is not computed: ") for one in distances.notes)


def test_an_extractor_without_classes_leaves_the_inception_score_empty():
    (six, _) = bench.table(images(1), images(2), images(3), extractor="pixels", cache=False)
    assert cells(six, 2, "inception_score") == [None]
    assert "no Inception Score: pixels is not a classifier" in six.notes


def test_features_and_statistics_are_sets_too(tmp_path):
    rows = np.random.RandomState(0).normal(size=(3, 20, 6))
    (six, _) = bench.table(*rows, features=True)
    assert first_column(six) == ["real 1 vs real 1", "real 1 vs real 2", "real 1 vs generated"]
    assert any(one.startswith("not computed: inception-score needs class predictions") for one in six.notes)
    bench.save_statistics(images(2), tmp_path / "saved.npz", **DIGITS)
    (six, distances) = bench.table(images(1), tmp_path / "saved.npz", images(3), **DIGITS)
    assert cells(six, 1, "fid")[0] > 0
    assert cells(distances, 0, "kid") == [None]
    assert cells(distances, 1, "kid") != [None]


def test_the_number_of_splits_stands_in_the_title_and_both_conventions_are_one_option_away(made):
    (ten, _) = bench.table(images(1), images(2), images(3), splits=10, **DIGITS)
    titles = [next(one.title for one in table.columns if one.key == "inception_score") for table in (made[0], ten)]
    assert titles == ["IS (1 split)", "IS (10 splits)"]
    scored = bench.score(images(3), metrics="is", splits=10, **DIGITS)
    assert cells(ten, 2, "inception_score", "inception_score_corrected") == [
        scored.inception_score_a,
        cells(made[0], 2, "inception_score_corrected")[0],
    ]


@pytest.mark.parametrize("kind", ["terminal", "md", "csv", "html", "latex", "json"])
def test_the_command_prints_every_format(folders, kind):
    found = run(*folders[:3], "--format", kind)
    assert found.exit_code == 0
    assert "real 1 vs out" in found.stdout or "real 1 vs generated" in found.stdout
    if kind == "json":
        assert [one["name"] for one in json.loads(found.stdout)] == ["table-6", "distances"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ("one", "two"),
            "2 sets given; expected two real sets and at least one generated set: REAL-1",
        ),
        (("one", "two", "gan/out", "vae/out", "gone"), "gone"),
        (("one", "two", "x=gan/out", "x=vae/out"), "two generated sets are named 'x'"),
        (("one", "two", "noise=gan/out"), "a generated set is named 'noise', as another row is"),
        (("one", "two", "gan/out", "--reconstructed", "gone"), "gone"),
        (("--domain", "a=one,two,gan/out"), "one --domain was given; Table 7 has at least two"),
        (("--domain", "a=one,two,gan/out", "--domain", "a=one,two,vae/out"), "--domain a was given twice"),
        (
            ("--domain", "a=one,two,gan/out", "--domain", "b=one,two"),
            "--domain b: 2 sets given; expected two real sets",
        ),
        (("--domain", "a=one,two,gan/out", "--domain", "b=one,two,gone"), "gone"),
        (("--domain", "one,two,gan/out"), "expected NAME=REAL-1,REAL-2,GENERATED"),
        (("one", "two", "gan/out", "--domain", "a=one,two,gan/out"), "--domain was given beside sets"),
    ],
)
def test_what_cannot_be_a_table_is_one_line(folders, words, told):
    found = run(*words)
    assert (found.exit_code, found.output.count("\n"), found.stdout) == (2, 1, "")
    assert told in found.output


def test_tables_of_records_points_to_the_table_of_sets():
    found = CliRunner().invoke(main, ["tables", "a", "b", "c"])
    assert found.exit_code == 2
    assert "bench table" in found.output
