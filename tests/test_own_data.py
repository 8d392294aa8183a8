"""`bench tracks new`: folders of images as a data set and a track, and what the layout of a folder says."""

import json
import shutil
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image
from reported_runs import report_run

import bench
from bench import registry
from bench.cli import main
from bench.datasets import eval_set, open_dataset
from bench.leaderboard.tracks import find_track, tracks
from bench.measuring.subject import open_subject
from bench.reporting.given import open_given
from bench.reporting.recipe import settings_table
from bench.runs.jobs import prepare
from bench.sources import open_source
from bench.storage import result_places
from metrics.errors import InputError

GREY = {"size": 8, "grey": True, "extractor": "digits-cnn"}


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """An empty current folder, and no results folder that another test has named."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(result_places, "_named", [])


def images(folder, names, seed=0):
    draw = np.random.default_rng(seed)
    for name in names:
        path = Path(folder) / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(draw.integers(0, 256, (10, 12, 3)).astype(np.uint8)).save(path)


def numbered(count, start=0):
    return [f"{number:03}" for number in range(start, start + count)]


def run(*words):
    return CliRunner().invoke(main, list(map(str, words)), prog_name="bench")


def refused(*words):
    result = run(*words)
    assert (result.exit_code, result.output.count("\n")) == (2, 1), result.output
    return result.stderr


# ----- a new track


def test_a_folder_is_a_data_set_and_a_track_by_its_name():
    images("photos", numbered(40))
    made = json.loads(run("tracks", "new", "mine", "--real", "photos", "--size", 8, "--grey", "--json").stdout)
    assert made["splits"] == {"train": 20, "test": 20}
    assert (made["real"], made["classes"], made["domains"]) == (10, [], [])
    assert made["file"] == "my-results/datasets/mine.toml"
    data_set = open_dataset("mine")
    first, second = (eval_set(data_set, name, Path()) for name in ("real 1", "real 2"))
    assert (first.count, first.read(0, 1).shape) == (10, (1, 1, 8, 8))
    assert not set(first.names) & set(second.names)
    assert {"mine", "mine-offline"} <= set(tracks())
    assert find_track("mine").count == 10
    assert open_source("mine:real-1").count == 10
    assert "mine" in run("list", "datasets").stdout
    assert "mine" in run("tracks").stdout


@pytest.mark.parametrize(
    ("other", "model", "known"),
    [(None, "dcgan", ["mine"]), (30, "cyclegan", ["mine-A", "mine-B"]), (0, "pix2pix", ["mine-A", "mine-B"])],
)
def test_a_new_track_says_what_to_do_next_by_names_that_there_are(other, model, known):
    names = [f"A/{name}" for name in numbered(30)]
    names += [] if other is None else [f"B/{name}" for name in numbered(30, other)]
    images("photos", names)
    folder = "photos/A" if other is None else "photos"
    said = run("tracks", "new", "mine", "--real", folder, "--size", 8, "--grey", "--extractor", "digits-cnn").stdout
    assert f"bench run --model {model} --dataset mine\n" in said
    assert [line.split("--track ")[1].split()[0] for line in said.splitlines() if "--track" in line] == known
    assert all(find_track(name).count == 7 for name in known)
    assert "hand in 7 images to it" in said


def test_the_real_sets_are_as_large_as_the_images_allow_and_no_image_is_in_both():
    images("photos", numbered(40))
    for number in range(10):  # copies of one image can stand in one set only
        shutil.copy("photos/000.png", f"photos/copy{number}.png")
    images("train", numbered(9), seed=1)
    made = bench.new_track("mine", "photos", train="train", **GREY)
    assert made.splits == {"train": 9, "test": 50}
    assert made.eval_sets == {"real 1": ("test", 20), "real 2": ("test", 20)}
    first, second = (eval_set(made, name, Path()).read(0, 20) for name in ("real 1", "real 2"))
    assert not {one.tobytes() for one in first} & {one.tobytes() for one in second}
    fewer = bench.new_track("mine", "photos", train="train", count=5, force=True, **GREY)
    assert fewer.eval_sets["real 2"] == ("test", 5)


def test_the_real_sets_of_a_folder_that_is_no_track_leave_copies_aside_too():
    images("photos/train", numbered(9))
    images("photos/test", numbered(40), seed=1)
    for number in range(10):
        shutil.copy("photos/test/000.png", f"photos/test/copy{number}.png")
    found = open_dataset("folder:photos:8")
    assert found.eval_sets == {"real 1": ("test", 20), "real 2": ("test", 20)}
    first, second = (eval_set(found, name, Path()).read(0, 20) for name in ("real 1", "real 2"))
    assert not {one.tobytes() for one in first} & {one.tobytes() for one in second}
    assert open_source("folder:photos:8:real-2").count == 20


def test_a_folder_of_copies_of_one_image_is_no_data_set():
    images("photos", ["000"])
    for number in range(1, 20):
        shutil.copy("photos/000.png", f"photos/{number:03}.png")
    with pytest.raises(InputError, match="all images to test on are copies of one; give a folder with different ones"):
        open_dataset("folder:photos")


def test_images_that_are_there_twice_as_other_files_are_said_to_be():
    images("photos", numbered(40))
    for file in sorted(Path("photos").iterdir()):
        Image.open(file).save(file.with_suffix(".bmp"))
    with pytest.raises(InputError, match="take away images that are there twice, or put more into photos"):
        open_source("folder:photos:8:real-2")


def test_images_for_testing_of_their_own_are_no_real_set():
    for seed, (name, count) in enumerate({"photos": 12, "train": 9, "test": 5}.items()):
        images(name, numbered(count), seed)
    made = bench.new_track("mine", "photos", train="train", test="test", **GREY)
    assert made.splits == {"train": 9, "test": 5, "real": 12}
    assert made.eval_sets["real 1"] == ("real", 6)


def test_folders_are_found_from_any_results_folder_and_below_the_data_root(tmp_path, monkeypatch):
    images("photos", numbered(20))
    bench.new_track("mine", "photos", results="course", **GREY)
    place = Path("course/datasets/mine.toml")
    assert str(tmp_path) not in place.read_text()  # a repository that is cloned elsewhere still works
    assert open_dataset("mine").load("test", Path(), "").count == 10
    monkeypatch.setattr(result_places, "_named", [])
    assert "mine" not in registry.names("datasets")
    assert "mine" in run("tracks", "--results", "course").stdout
    monkeypatch.setenv("BENCH_DATA", str(tmp_path / "data"))
    Path("data/mine").mkdir(parents=True)
    Path("photos").rename("data/mine/real")
    assert open_dataset("mine").load("test", Path(), "").count == 10
    shutil.rmtree("data")
    with pytest.raises(InputError, match="put its real images into one of them"):
        open_dataset("mine").load("test", Path(), "")
    assert find_track("mine").count == 5  # what is missing stops nobody who asks for something else


@pytest.mark.parametrize(
    "read",
    [
        lambda: bench.site("pages", results="course"),
        lambda: bench.leaderboard("mine", results="course"),
        lambda: bench.grades("mine", results="course"),
        lambda: bench.tables(results="course"),
        lambda: bench.cite("mine", results="course"),
    ],
)
def test_a_function_finds_the_data_sets_of_the_results_folder_it_is_given(read, monkeypatch):
    images("photos", numbered(40))
    run("tracks", "new", "mine", "--real", "photos", "--size", 8, "--results", "course")
    monkeypatch.setattr(result_places, "_named", [])
    with suppress(InputError):  # nothing was submitted
        read()
    assert "mine" in result_places.own_data_sets()


def test_images_that_are_not_those_of_the_file_are_told():
    images("photos", numbered(20))
    bench.new_track("mine", "photos", **GREY)
    Path("photos/003.png").write_bytes(b"another")
    with pytest.raises(InputError, match=r"are not those that .* was written for"):
        open_dataset("mine").load("test", Path(), "")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["digits", "--real", "photos"], "is taken by a data set or track of this project"),
        (["stl10-10k", "--real", "photos"], "is taken by a data set or track of this project"),
        (["My Faces", "--real", "photos"], "expected small letters, digits and single hyphens"),
        (["mine", "--real", "nowhere"], "--real nowhere: no such folder"),
        (["mine", "--real", "empty"], "--real empty: no image in it"),
        (["mine", "--real", "few"], "images to train on; expected at least 8"),
        (["mine", "--real", "photos", "--train", "photos"], "one folder is given twice"),
        (["mine", "--real", "photos", "--count", 11], "no two sets of 11"),
        (["mine", "--real", "photos", "--extractor", "incepton"], "Did you mean 'inception'"),
        (["mine", "--real", "photos", "--recipe", "celebra"], "Did you mean 'celeba'"),
        (["mine", "--real", "photos", "--train", "two"], "give two domains of all of them, or of none"),
    ],
)
def test_what_makes_no_track_is_one_line_and_nothing_is_written(words, said):
    images("photos", numbered(40))
    images("few", numbered(4))
    images("two", [f"{domain}/{name}" for domain in "AB" for name in numbered(9)])
    Path("empty").mkdir()
    assert said in refused("tracks", "new", *words)
    assert not Path("my-results").exists()


def test_a_track_that_exists_is_replaced_only_when_asked():
    images("photos", numbered(20))
    bench.new_track("mine", "photos", title="First", **GREY)
    assert "my-results/datasets/mine.toml exists; replace it with --force" in refused(
        "tracks", "new", "mine", "--real", "photos"
    )
    assert open_dataset("mine").title == "First"
    bench.new_track("mine", "photos", title='A "second" one', licence="CC0", publishable=True, force=True, **GREY)
    found = open_dataset("mine")
    assert (found.title, found.licence, found.publishable) == ('A "second" one', "CC0", True)


def test_a_track_whose_weights_are_missing_says_where_they_come_from_and_blames_no_option():
    images("photos", numbered(20))
    bench.new_track("mine", "photos", size=32)
    said = " ".join(run("tracks", "show", "mine").stdout.split())
    assert "id not known here: extractor 'inception' has no weights here; `bench weights` shows where" in said
    assert "--offline" not in said


def test_a_damaged_file_takes_no_track_from_others_and_can_be_written_again():
    images("photos", numbered(20))
    bench.new_track("mine", "photos", **GREY)
    Path("my-results/datasets/mine.toml").write_text("[[[")
    assert find_track("digits").name == "digits"
    assert "is not a readable TOML file" in refused("tracks", "show", "mine")
    for words in (("tracks",), ("datasets",)):
        listed = run(*words)
        assert (listed.exit_code, "digits" in listed.stdout) == (0, True)
        assert "mine.toml is not a readable TOML file" in listed.stderr
    bench.new_track("mine", "photos", force=True, **GREY)
    assert find_track("mine").name == "mine"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("size = 8", "size = 4"), "a size of 4 pixels"),
        (("size = 8", "size = 'big'"), "size"),
        (('name = "mine"', 'name = "yours"'), "calls itself 'yours'"),
        (("count = 5", ""), "has not the fields of this version (count)"),
        (("count = 5", "count = = 5"), "is not a readable TOML file"),
    ],
)
def test_a_file_that_was_damaged_is_one_line(change, said):
    images("photos", numbered(20))
    bench.new_track("mine", "photos", **GREY)
    path = Path("my-results/datasets/mine.toml")
    assert change[0] in path.read_text()
    path.write_text(path.read_text().replace(*change))
    with pytest.raises(InputError) as error:
        open_dataset("mine")
    assert said in str(error.value)


# ----- what the layout says


def test_folders_of_classes_are_labels():
    images("photos", [f"{kind}/{name}" for kind in ("cat", "dog") for name in numbered(10)])
    made = bench.new_track("mine", "photos", **GREY)
    assert made.classes == ("cat", "dog")
    split = made.load("train", Path(), "")
    assert [made.classes[label] for label in split.labels] == [name.partition("/")[0] for name in split.names]
    images("photos", ["beside"])
    assert open_dataset("folder:photos").classes == ()


def test_two_domains_are_pairs_where_their_names_agree():
    images("two", [f"{domain}/{name}" for domain in "AB" for name in numbered(20)])
    made = bench.new_track("mine", "two", **GREY)
    assert (made.domains, made.paired) == (("A", "B"), True)
    a, b = (eval_set(made, "real 1", Path(), domain) for domain in "AB")
    assert a.names == b.names
    assert open_subject("mine").paired
    assert {"mine-A", "mine-B"} <= set(tracks())
    Path("two/B/000.png").rename("two/B/other.png")
    assert not bench.new_track("mine", "two", force=True, **GREY).paired


def test_the_folders_of_cyclegan_are_two_splits_of_two_domains():
    for part, count in {"trainA": 9, "trainB": 8, "testA": 4, "testB": 6}.items():
        images(f"horses/{part}", numbered(count))
    found = open_dataset("folder:horses:16")
    assert found.splits == {"train": (9, 8), "test": (4, 6)}
    assert (found.domains, found.paired) == (("A", "B"), False)
    assert found.eval_sets["real 1"] == ("test", 2)


# ----- recipes


def test_the_recipe_of_another_data_set_is_taken(tmp_path):
    images("photos", numbered(20))
    bench.new_track("mine", "photos", recipe="digits", size=32, grey=True, extractor="digits-cnn")
    spec, subject = registry.load("models", "dcgan"), open_subject("mine")
    assert prepare("dcgan", subject).config == spec.recipes["digits"] != spec.recipes["default"]
    assert prepare("dcgan", subject).changes == {}
    job = prepare("dcgan", subject, recipe="tiny", settings=("batch_size=3",))
    assert (job.config.width, job.config.batch_size) == (spec.recipes["tiny"].width, 3)
    assert "width" in job.changes  # so that its record has a name of its own
    folder = report_run(
        tmp_path, "vae", "mine", measured=False, **vars(registry.load("models", "vae").recipe("digits"))
    )
    (told,) = open_given([folder], tmp_path / "results", tmp_path)
    assert (told.title, told.changes) == ("vae on mine, seed 0", {})
    sources = [row[2].value for row in settings_table(told).rows]
    assert "recipe for digits" in " ".join(sources)
    with pytest.raises(InputError, match=r"dcgan has no recipe 'digit'\. Did you mean 'digits'"):
        prepare("dcgan", subject, recipe="digit")
