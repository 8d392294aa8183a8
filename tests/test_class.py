"""A class hands in at once: what is accepted and refused, the roster, and the grades."""

import csv
import json
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from leaderboard_entries import write_results
from PIL import Image
from submitted import bench as run
from submitted import blends, good, save

import bench
from bench.datasets import open_dataset
from bench.submissions.roster import read_roster, students_of
from metrics.errors import InputError

RESULTS = Path("my-results")
IMAGES = blends(500)
MINE, OTHERS = IMAGES[:250], IMAGES[250:]
TRACK = ("--track", "digits", "--roster", "roster.csv")
ROSTER = "slug,name,authors\nann,Ann's GAN,Ann A.\nbob,Bob,\ncid,Cid,Cid C.\ndee,Dee,Dee D.\neve,Eve,Eve E.\n"


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch, shared_cache):
    monkeypatch.setenv("BENCH_CACHE", str(shared_cache))
    monkeypatch.chdir(tmp_path)


def as_jpeg(folder):
    """The PNGs of a folder as JPEGs."""
    for path in folder.iterdir():
        Image.open(path).save(path.with_suffix(".jpg"), quality=75)
        path.unlink()


def class_of_five():
    """Ann copies training images, Bob hands in too few, Cid JPEGs; Dee has her own images, and Eve Dee's with noise."""
    noise = np.random.default_rng(0).normal(0, 5, OTHERS.shape)
    train = open_dataset("digits").load("train", None, "").read(0, 250)
    save(Path("students/ann"), train)
    save(Path("students/bob"), MINE[:240])
    save(Path("students/cid"), MINE)
    as_jpeg(Path("students/cid"))
    save(Path("students/dee"), OTHERS)
    save(Path("students/eve"), np.clip(OTHERS + noise, 0, 255).round().astype(np.uint8))
    Path("roster.csv").write_text(ROSTER, encoding="utf-8")


def test_a_class_of_five_is_played_through():
    class_of_five()
    told = run("submit", *sorted(Path("students").iterdir()), *TRACK, "--json")
    assert told.exit_code == 2
    assert told.stderr.strip().splitlines()[-1] == "bench: 1 of 5 was refused; the table has the reasons"
    found = json.loads(told.stdout)
    assert (found["track"], found["good"]) == ("digits", False)
    ann, bob, cid, dee, eve = found["submissions"]
    assert [one["status"] for one in found["submissions"]] == [
        *("accepted", "refused", "accepted", "accepted", "accepted")
    ]
    assert any("of the images are training images, to the pixel" in line for line in ann["flags"])
    assert bob["reasons"] == ["240 images; the track digits asks for 250"]
    assert "lossy" in [finding["code"] for finding in cid["findings"]]
    assert (cid["flags"], cid["shared"], dee["flags"], eve["flags"]) == ([], [], [], [])
    assert dee["shared"] == ["250 of its 250 images are nearly images of 'Eve'"]
    assert eve["shared"] == ["250 of its 250 images are nearly images of 'Dee'"]
    assert (ann["name"], ann["authors"], bob["authors"]) == ("Ann's GAN", "Ann A.", "")

    # Bob mends his, and Cid hands in another image; the others stay as they are, --force or not.
    save(Path("new"), IMAGES[240:250])
    for path in Path("new").iterdir():
        path.rename(Path("students/bob") / f"new-{path.name}")
    Path("students/cid/00000.jpg").unlink()
    Image.fromarray(IMAGES[499, 0]).save("students/cid/00000.png")
    forced = good("submit", *sorted(Path("students").iterdir()), *TRACK, "--force", "--json")
    again = json.loads(forced.stdout)["submissions"]
    assert [one["status"] for one in again] == ["unchanged", "accepted", "accepted", "unchanged", "unchanged"]
    assert [one["attempts"] for one in again] == [1, 1, 2, 1, 1]
    grades_are_told()


def grades_are_told():
    Path("roster.csv").write_text(f"{ROSTER}fay,Fay,Fay F.\n", encoding="utf-8")
    told = good("grades", "digits", "--roster", "roster.csv", "--format", "csv", "--gradescope", "out", "--points", 10)
    rows = {row["slug"]: row for row in csv.DictReader(StringIO(told.stdout))}
    assert list(rows) == ["ann", "bob", "cid", "dee", "eve", "fay"]
    assert [row["status"] for row in rows.values()] == ["flagged", *["ranked"] * 4, "no entry"]
    assert [row["attempts"] for row in rows.values()] == ["1", "1", "2", "1", "1", ""]
    assert (rows["eve"]["authors"], rows["eve"]["submitted_utc"][-1:]) == ("Eve E.", "Z")
    assert float(rows["eve"]["rank_low"]) <= float(rows["eve"]["rank"]) <= float(rows["eve"]["rank_high"])
    assert "nearly images of 'Dee'" in rows["eve"]["shared"]
    written = {path.parent.name: json.loads(path.read_text()) for path in Path("out").glob("*/results.json")}
    assert {slug: one["score"] for slug, one in written.items()} == {
        **{"ann": 0.0, "bob": 10.0, "cid": 10.0, "dee": 10.0, "eve": 10.0, "fay": 0.0}
    }
    assert [one["name"] for one in written["eve"]["leaderboard"]] == ["Rank", "Way to noise"]
    assert written["eve"]["leaderboard"][0]["order"] == "asc"
    hidden = [test for test in written["eve"]["tests"] if test.get("visibility") == "hidden"]
    assert "Dee" in hidden[0]["output"]
    assert "Dee" not in json.dumps([written["eve"]["output"], written["eve"]["tests"][0]])
    assert (
        run("grades", "digits", "--gradescope", "out")
        .stderr.strip()
        .endswith("out exists; name a new folder for the files of Gradescope")
    )


def test_only_documented_fields_are_written_for_gradescope():
    write_results(RESULTS, 6)
    bench.grades("digits", gradescope="out", results=RESULTS)
    for path in Path("out").glob("*/results.json"):
        found = json.loads(path.read_text())
        assert set(found) <= {"score", "execution_time", "output", "visibility", "tests", "leaderboard"}
        for test in found["tests"]:
            assert set(test) <= {"score", "max_score", "name", "number", "output", "tags", "visibility"}
        for one in found["leaderboard"]:
            assert set(one) <= {"name", "value", "order"}
            assert one["order"] in ("asc", "desc")


# ----- the roster and the table


def folders(*names):
    for name in names:
        Path(name).mkdir()
    return [Path(name) for name in names]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "roster.csv is empty; expected the columns slug, name, authors, divided by commas"),
        ("slug,mark\nann,1\n", "roster.csv has an unknown column 'mark'"),
        ("slug;name\nann;Ann\n", "roster.csv has an unknown column 'slug;name'"),
        ("name\nAnn\n", "roster.csv has the columns name; expected"),
        ("slug,name\nann,A\nann,B\n", "roster.csv: the slug 'ann' is there twice"),
        ("slug,name\nann,A\nbob,A\n", "roster.csv: the name 'A' is there twice"),
        ("slug,name\nann,My A\nbob,my a\n", "the names 'My A' and 'my a' would be written as the same file"),
        ("slug,name\n../ann,A\n", "has the slug '../ann'; expected the name of a folder"),
        ("slug,name\nann,A,B,C\n", "has 4 values; expected 2 or fewer"),
        ("slug,name\nann,A\n", "'bob' is not in roster.csv; add a row"),
        (f"slug,name\nann,{'A' * 81}\nbob,B\n", "roster.csv: ann: the name has 81 characters"),
    ],
)
def test_a_roster_that_does_not_fit_is_refused_in_one_line_before_anything_is_read(text, words):
    folders("ann", "bob")
    Path("roster.csv").write_text(text, encoding="utf-8")
    told = run("submit", "ann", "bob", "--track", "digits", "--roster", "roster.csv")
    assert told.exit_code == 2
    assert words in " ".join(told.stderr.split())
    assert told.stderr.count("bench: ") == 1
    assert not RESULTS.exists()


def test_a_roster_of_a_spreadsheet_is_read_and_an_empty_name_is_the_slug():
    Path("roster.csv").write_text('\ufeffslug,name,authors\r\nann,,"A, B"\r\n\r\n', encoding="utf-8")
    (student,) = read_roster(Path("roster.csv"))
    assert (student.slug, student.name, student.authors) == ("ann", "ann", "A, B")


def test_folders_of_one_name_and_paths_that_do_not_exist_are_refused():
    Path("a/x").mkdir(parents=True)
    Path("b/x").mkdir(parents=True)
    with pytest.raises(InputError, match="have one name, 'x'"):
        students_of([Path("a/x"), Path("b/x")], None)
    with pytest.raises(InputError, match="nothing does not exist"):
        students_of([Path("nothing")], None)


def test_a_name_belongs_to_one_path():
    folders("ann", "bob")
    told = run("submit", "ann", "bob", "--track", "digits", "--name", "A")
    assert (told.exit_code, "--name is of one PATH" in told.stderr) == (2, True)
    with pytest.raises(InputError, match="takes a list of paths"):
        bench.submit_all("ann", track="digits")


def test_a_dry_run_of_a_class_prints_every_reason_in_any_format():
    folders("ann")
    save(Path("bob"), IMAGES[:3])
    told = run("submit", "ann", "bob", "--track", "digits", "--dry-run", "--format", "md")
    assert told.exit_code == 2
    assert "digits: 0 of 2 accepted" in told.stdout
    assert "bob: refused: 3 images; the track digits asks for 250" in told.stdout
    assert not RESULTS.exists()
