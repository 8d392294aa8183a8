"""`bench submit`, end to end."""

import hashlib
import json
import os
import shutil
import subprocess
import threading
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from submitted import bench, blends, good, save
from tiny_runs import undrawn

from bench.leaderboard.entries import Earlier, merkle_root, read_entry, read_track
from bench.leaderboard.entry_places import beside, entry_path, entry_paths, track_path
from bench.leaderboard.open_tracks import open_track
from bench.leaderboard.tracks import find_track, subject_of
from bench.measuring.evaluation import GENERATED, evaluate, open_evaluation
from bench.measuring.flags import flags
from bench.measuring.measure import measure
from bench.submissions import submitting as _submitting
from bench.submissions._manifest import read_manifest
from bench.submissions.about import TEMPLATE, check_about
from metrics.errors import InputError

IMAGES = blends()
NAMED = ("--track", "digits", "--name", "Blends")


def refused(*arguments, code=2):
    """The last line on stderr of a command that ends with this code."""
    result = bench(*arguments)
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    last = result.stderr.strip().splitlines()[-1]
    assert last.startswith("bench: ")
    return last


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch, shared_cache):
    """A folder of its own as the current one; features are computed once for the whole file."""
    monkeypatch.setenv("BENCH_CACHE", str(shared_cache))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def samples(here):
    return save(here / "samples", IMAGES)


def only_entry():
    (path,) = entry_paths(Path("my-results"))
    return read_entry(path)


def files_below(folder):
    return sorted(str(path.relative_to(folder)) for path in Path(folder).rglob("*") if path.is_file())


# ----- an entry


def test_a_folder_of_pngs_becomes_an_entry_with_everything_beside_it(samples):
    told = good("submit", samples, *NAMED, "--authors", "A. Author", "--license", "MIT", "--extra-data", "no")
    assert "nothing to fix" in told.stdout
    entry = only_entry()
    path = entry_path(Path("my-results"), "digits", "blends")
    assert (entry.about.name, entry.about.authors, entry.about.licence) == ("Blends", "A. Author", "MIT")
    assert (entry.origin.kind, entry.origin.sha256, entry.remarks, entry.earlier) == ("folder", "", (), ())
    assert (entry.manifest.count, entry.manifest.width, entry.manifest.mode) == (250, 32, "L")
    assert set(entry.files) == {path.name for path in beside(path).iterdir()}
    assert set(entry.files) == {
        *("manifest.sha256", "moments.npz", "influence.npy", "features.npz", "preview.png", "neighbours.png"),
        "thumbnails.npy",
    }
    for name, content in entry.files.items():
        assert hashlib.sha256((beside(path) / name).read_bytes()).hexdigest() == content
    assert read_track(track_path(Path("my-results"), "digits")).track_id == entry.track_id
    assert [name for name in files_below("my-results") if Path(name).name.startswith(".")] == [".gitattributes"]


def test_the_scores_are_those_that_a_run_measures_of_the_same_images(samples):
    good("submit", samples, *NAMED)
    entry = only_entry()
    evaluation = open_evaluation(subject_of(find_track("digits")), measure("digits-layout"))
    found = evaluate(evaluation, {(GENERATED, ""): IMAGES})
    (pair,) = [one for one in found.pairs if one.b == GENERATED]
    (of_set,) = [one for one in found.sets if one.name == GENERATED]
    about_copies = [entry.scores.pop(name) for name in ("memorisation", "copies")]
    assert entry.scores == {**pair.scores, **of_set.scores}
    assert flags(*about_copies) == ()
    assert entry.manifest.digest == found.samples["generated"]
    assert entry.rules.protocol.id == evaluation.protocol.id


def test_the_same_images_have_the_same_numbers_in_a_folder_a_zip_and_an_array(samples):
    with zipfile.ZipFile("samples.zip", "w") as archive:
        for path in samples.iterdir():
            archive.write(path, path.name)
    np.savez("samples.npz", IMAGES.transpose(0, 2, 3, 1))
    for what in ("samples", "samples.zip", "samples.npz"):
        good("submit", what, "--track", "digits", "--name", what)
    folder, archive, array = (
        read_entry(Path(f"my-results/submissions/digits/{name}.json"))
        for name in ("samples", "samples.zip", "samples.npz")
    )
    assert folder.scores == archive.scores == array.scores
    assert folder.manifest == archive.manifest
    assert folder.manifest.digest == array.manifest.digest
    assert (array.origin.kind, array.manifest.mode) == ("npz", "L")


def test_the_manifest_is_what_sha256sum_checks(samples):
    (samples / "00003.png").rename(samples / "a b\\c.png")
    good("submit", samples, *NAMED)
    path = beside(entry_path(Path("my-results"), "digits", "blends")) / "manifest.sha256"
    listed = read_manifest(path)
    assert merkle_root([content for _, content in listed]) == only_entry().manifest.merkle_root
    assert dict(listed)["a b\\c.png"] == hashlib.sha256((samples / "a b\\c.png").read_bytes()).hexdigest()
    if shutil.which("sha256sum"):
        done = subprocess.run(["sha256sum", "-c", "--quiet", path.resolve()], cwd=samples, check=False)
        assert done.returncode == 0


def test_a_run_of_this_project_is_sampled_as_it_was_measured(here, monkeypatch):
    undrawn(monkeypatch)
    tiny = ("--set", "width=4", "--set", "latent=8", "--set", "batch_size=4", "--device", "cpu", "--steps", 2)
    good("run", "--model", "dcgan", "--dataset", "digits", *tiny, "--results", "others")
    told = good("submit", "runs/dcgan-digits-batch_size-4-latent-8-width-4-seed0", *NAMED, "--reference", "--json")
    entry = only_entry()
    (path,) = Path("others/runs").rglob("*.json")
    record = json.loads(path.read_text())
    assert (entry.origin.kind, entry.origin.model, entry.origin.training_steps) == ("checkpoint", "dcgan", 2)
    assert (entry.origin.reference, entry.origin.control) == (True, False)
    assert entry.origin.parameters == 7656 and entry.origin.training_seconds >= 0 and entry.origin.seconds_per_image > 0
    assert entry.origin.sha256 == record["checkpoint_sha256"]
    assert entry.manifest.digest == record["samples"]["generated"]
    assert json.loads(told.stdout)["path"].endswith("blends.json")


def test_controls_are_marked_and_their_copies_named(here, monkeypatch):
    undrawn(monkeypatch)
    good("train", "--model", "train-copies", "--dataset", "digits")
    good("submit", "runs/train-copies-digits-seed0", "--track", "digits", "--name", "train-copies")
    entry = only_entry()
    assert entry.origin.control
    assert {one.code for one in entry.remarks} >= {"copies-of-train"}
    assert flags(entry.scores["memorisation"], entry.scores["copies"])


# ----- errors


def test_errors_are_told_at_once_and_nothing_is_written(samples):
    (samples / "00249.png").unlink()
    Image.fromarray(IMAGES[1, 0]).resize((28, 28)).save(samples / "00001.png")
    result = bench("submit", samples, *NAMED)
    assert result.exit_code == 2
    assert "249 images; the track digits asks for 250" in result.stdout
    assert "28x28" in result.stdout
    assert "2 errors in" in result.stderr
    assert not Path("my-results").exists()


def test_a_dry_run_checks_and_writes_nothing(samples):
    assert json.loads(good("submit", samples, *NAMED, "--dry-run", "--json").stdout)["good"]
    assert not Path("my-results").exists()
    (samples / "00000.png").unlink()
    result = bench("submit", samples, *NAMED, "--dry-run", "--json")
    assert result.exit_code == 2
    assert [one["code"] for one in json.loads(result.stdout)["findings"]] == ["count"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("samples", "--track", "digit", "--name", "a"), "no track 'digit'. Did you mean 'digits'"),
        (("absent", *NAMED), "absent does not exist"),
        (("samples", "--track", "digits"), "PATH, --track and --name are needed"),
        (("samples", "--track", "digits", "--name", "x" * 10_000), "10000 characters"),
        (("samples", "--track", "digits", "--name", "a\u202eb"), "U+202E"),
        (("samples", *NAMED, "--link", "javascript:alert(1)"), "begins with https:// or http://"),
        (("samples", *NAMED, "--note", "x" * 2_001), "note has 2,001 letters"),
        (("samples", *NAMED, "--authors", "a\x1b[31mb"), "authors has the invisible character U+001B"),
        (("samples", *NAMED, "--reference"), "--reference marks models"),
        (("samples", "--track", "stl10", "--name", "a"), "Use stl10-offline, a track of its own"),
        (("samples", "--track", "mnist-offline", "--name", "a"), "bench datasets fetch mnist"),
    ],
)
def test_what_cannot_be_submitted_is_told_in_a_line(samples, arguments, told):
    assert told in refused("submit", *arguments)
    assert not Path("my-results").exists()


def test_a_name_is_taken_until_force_says_otherwise_and_that_is_counted(samples):
    good("submit", samples, *NAMED)
    path = entry_path(Path("my-results"), "digits", "blends")
    first, old = hashlib.sha256(path.read_bytes()).hexdigest(), only_entry()
    assert "exists; choose another --name, or replace it with --force" in refused("submit", samples, *NAMED)
    good("submit", samples, *NAMED, "--force", "--note", "again")
    (earlier,) = only_entry().earlier
    assert earlier == Earlier(first, old.created_utc, old.scores, old.track_id)
    good("submit", samples, *NAMED, "--force")
    assert len(only_entry().earlier) == 2
    assert len(files_below("my-results/submissions")) == 8


def test_two_names_never_share_a_file_not_even_by_force(samples):
    good("submit", samples, *NAMED)
    before = entry_path(Path("my-results"), "digits", "blends").read_bytes()
    told = refused("submit", samples, "--track", "digits", "--name", "BLENDS", "--force")
    assert "is the entry 'Blends', and 'BLENDS' would be written as the same file" in told
    assert entry_path(Path("my-results"), "digits", "blends").read_bytes() == before


def test_a_name_of_another_script_gets_a_file_that_level_1_knows(samples):
    good("submit", samples, "--track", "digits", "--name", "模型")
    (path,) = Path("my-results/submissions/digits").glob("*.json")
    assert path.stem == f"entry-{hashlib.sha256('模型'.encode()).hexdigest()[:8]}"
    good("verify", path)


def test_python_replaces_no_entry_unless_it_is_told_to(samples):
    good("submit", samples, *NAMED)
    track = find_track("digits")
    opened = open_track(track, measure("digits-layout"))
    checked = _submitting.check_images(_material(samples), track, opened.subject, opened)
    with pytest.raises(InputError, match="exists; choose another --name"):
        _submitting.submit(checked, opened, check_about(_about("Blends")), Path("my-results"))


def test_of_many_submissions_of_one_name_exactly_one_wins(samples, monkeypatch):
    track = find_track("digits")
    opened = open_track(track, measure("digits-layout"))
    checked = _submitting.check_images(_material(samples), track, opened.subject, opened)
    about = check_about(_about("Blends"))
    inside, told, start = threading.Event(), [], threading.Barrier(4, timeout=60)
    plain = _submitting.evaluate_images

    def slowly(*arguments):
        inside.wait(60)
        return plain(*arguments)

    monkeypatch.setattr(_submitting, "evaluate_images", slowly)

    def one():
        start.wait()
        try:
            told.append(_submitting.submit(checked, opened, about, Path("my-results"))[1].slug)
        except InputError as error:
            told.append(str(error))
        if len(told) == 3:
            inside.set()

    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told[3] == "blends"
    assert all("another `bench submit` writes an entry of this name at this moment" in line for line in told[:3])
    assert len([read_entry(path) for path in entry_paths(Path("my-results"))]) == 1


@pytest.fixture(scope="module")
def known(tmp_path_factory, shared_cache):
    """The cache knows these images, so that nothing is written to it."""
    folder = tmp_path_factory.mktemp("known")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BENCH_CACHE", str(shared_cache))
        good("submit", save(folder / "samples", IMAGES), *NAMED, "--results", folder / "results")


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize("written", [0, 2, 4, 10])
def test_a_disk_that_fills_up_leaves_nothing_half(samples, monkeypatch, written):
    """Of the 11 files of a new track and its first entry, this many find room."""
    count, sync = [0], os.fsync

    def full(descriptor):
        count[0] += 1
        if count[0] > written:
            raise OSError(28, os.strerror(28))
        sync(descriptor)

    monkeypatch.setattr("genbench.files.os.fsync", full)
    assert "No space left on device" in refused("submit", samples, *NAMED)
    track = ["tracks/digits.json", "tracks/digits/features.npz", "tracks/digits/real-1.npz"] if written >= 4 else []
    assert files_below("my-results") == [".gitattributes"] * (written >= 1) + track


def test_a_disk_that_fills_up_leaves_the_entry_that_would_be_replaced(samples, monkeypatch):
    good("submit", samples, *NAMED)
    before = {name: Path("my-results", name).read_bytes() for name in files_below("my-results")}

    def full(path, entry):
        raise InputError("no space left")

    monkeypatch.setattr("bench.submissions.writing.write_entry", full)
    assert "no space left" in refused("submit", samples, *NAMED, "--force")
    assert {name: Path("my-results", name).read_bytes() for name in files_below("my-results")} == before


def test_pictures_of_data_that_may_not_be_published_are_not_made(samples, monkeypatch):
    from dataclasses import replace

    from bench.datasets import digits

    monkeypatch.setattr(digits, "DATASET", replace(digits.DATASET, publishable=False))
    good("submit", samples, *NAMED)
    kept = {"manifest.sha256", "moments.npz", "influence.npy", "features.npz", "thumbnails.npy"}
    assert set(only_entry().files) == kept


# ----- submission.toml


def test_init_writes_a_file_that_can_be_submitted_as_it_stands(samples):
    assert good("submit", "--init").stdout.strip() == "submission.toml"
    assert "exists" in refused("submit", "--init")
    assert Path("submission.toml").read_text() == TEMPLATE
    told = good("submit")
    assert "options from submission.toml" in told.stderr
    assert only_entry().about.name == "My model"


def test_every_commented_option_of_the_template_is_one(samples):
    lines = [line.removeprefix("# ") for line in TEMPLATE.splitlines() if " = " in line]
    Path("submission.toml").write_text("\n".join(lines))
    good("submit", "--dry-run")


def test_the_command_line_counts_more_than_the_file(samples):
    Path("mine.toml").write_text(
        'path = "samples"\ntrack = "digits"\nname = "From the file"\nauthors = "File"\nreference = false\n'
    )
    good("submit", "--settings", "mine.toml", "--name", "From the line")
    assert (only_entry().about.name, only_entry().about.authors) == ("From the line", "File")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('nmae = "a"', "unknown option 'nmae'. Did you mean 'name'"),
        ("name = [", "is not a readable TOML"),
        ("name = true", "name is a bool; expected a text in quotes"),
        ("link = 1.5", "link is a float; expected a text in quotes"),
        ("note = 2026-01-01", "note is a date; expected a text in quotes"),
        ("workers = 1.5", "workers is a float; expected a whole number"),
        ("workers = true", "workers is a bool; expected a whole number"),
        ('reference = "yes"', "reference is a str; expected true or false"),
        ("offline = 3", "offline is a int; expected true or false"),
        ('path = "a\\u0000b"', "path has the invisible character U+0000"),
        ('authors = ["a", "b"]', "authors is a list; expected a text in quotes"),
        ("trust-code = true", "unknown option 'trust-code'"),
        ('extra-data = "maybe"', "'maybe' is not one of"),
    ],
)
def test_a_settings_file_that_is_wrong_is_told_in_a_line(samples, text, told):
    Path("submission.toml").write_text(text)
    assert told in refused("submit", samples, *NAMED)


def test_a_settings_file_that_is_missing_is_told(samples):
    assert "`bench submit --init` writes an example" in refused("submit", samples, *NAMED, "--settings", "absent.toml")


def _material(samples):
    from bench.leaderboard.entries import Origin
    from bench.submissions.material import Material

    return Material(samples, Origin("folder"))


def _about(name):
    from bench.leaderboard.entries import About

    return About(name)
