"""The checks of a submission: all that is wrong at once, nothing mended silently."""

import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from submitted import blends, good, save
from tiny_runs import undrawn

from bench.leaderboard.entries import Origin
from bench.leaderboard.tracks import find_track, subject_of
from bench.measuring.evaluation import GENERATED, open_evaluation
from bench.measuring.findings import Finding
from bench.measuring.measure import measure
from bench.measuring.subject import open_subject
from bench.runs.samples import generate
from bench.submissions import material as _material
from bench.submissions._checks import remarks
from bench.submissions.material import How, Material, kind_of, open_material
from bench.submissions.submitting import check_images
from metrics.errors import InputError
from reference_models.errors import ModelError
from reference_models.loop import load

TRACK = find_track("digits")
SUBJECT = subject_of(TRACK)
IMAGES = blends()


def looked_at(images):
    return check_images(Material(images, Origin("folder")), TRACK, SUBJECT)


def codes(checked, level=None):
    return {finding.code for finding in checked.findings if level in (None, finding.level)}


def finding(checked, code) -> Finding:
    (found,) = [one for one in checked.findings if one.code == code]
    return found


@pytest.fixture
def folder(tmp_path):
    return save(tmp_path / "samples", IMAGES)


def test_images_that_fit_have_no_findings(folder):
    checked = looked_at(folder)
    assert checked.good
    assert checked.findings == ()


def test_everything_that_is_wrong_is_found_at_once(folder):
    Image.fromarray(np.zeros((32, 32, 3), np.uint8) + np.array([200, 0, 0], np.uint8)).save(folder / "00000.png")
    Image.fromarray(IMAGES[1, 0]).resize((28, 28)).save(folder / "00001.png")
    (folder / "00002.png").write_bytes((folder / "00002.png").read_bytes()[:-20])
    Image.fromarray(IMAGES[3, 0]).save(folder / "00003.jpg")
    (folder / "00004.png").write_bytes((folder / "00005.png").read_bytes())
    (folder / "00006.png").unlink()
    (folder / "00006.png").symlink_to(folder / "00007.png")
    checked = looked_at(folder)
    assert not checked.good
    assert codes(checked, "error") == {"corrupt", "count", "size", "colour", "links"}
    assert codes(checked, "warning") >= {"lossy", "mixed-formats", "byte-duplicates"}
    assert finding(checked, "count").what == "251 images; the track digits asks for 250"
    assert finding(checked, "size").files == ("00001.png",)
    assert "28x28; the track digits asks for 32x32" in finding(checked, "size").what
    assert finding(checked, "colour").files == ("00000.png",)
    assert finding(checked, "links").files == ("00006.png",)


@pytest.mark.parametrize(
    ("part", "rows", "code"),
    [("train", slice(0, 3), "copies-of-train"), ("test", slice(0, 500), "copies-of-real-1")],
)
def test_real_images_are_found_by_their_pixels_whatever_their_files(tmp_path, part, rows, code):
    copied = SUBJECT.dataset.load(part, SUBJECT.root, "").read(0, 500)[rows][:250]
    images = IMAGES.copy()
    images[: len(copied)] = copied
    folder = save(tmp_path / "samples", np.repeat(images, 3, axis=1))
    checked = looked_at(folder)
    assert checked.good
    found = [one for one in checked.findings if one.code.startswith("copies")]
    assert sum(one.count for one in found) == len(copied)
    assert code in {one.code for one in found}
    assert f"{found[0].count} of 250 images equal, in every pixel, images of" in found[0].what


def test_more_images_are_never_drawn_from(tmp_path):
    checked = looked_at(save(tmp_path / "samples", np.concatenate([IMAGES, IMAGES[:2] // 2])))
    assert codes(checked, "error") == {"count"}
    assert "never chosen by how they look" in finding(checked, "count").remedy


def test_findings_stand_in_an_entry_as_remarks(tmp_path):
    images = IMAGES.copy()
    images[7] = images[3]
    checked = looked_at(images)
    assert [(one.level, one.code) for one in remarks(checked.findings)] == [("warning", "byte-duplicates")]


def test_a_set_that_cannot_be_opened_is_one_error(tmp_path):
    (tmp_path / "empty").mkdir()
    checked = looked_at(tmp_path / "empty")
    assert codes(checked) == {"unusable"}
    assert not checked.good


# ----- what is given


@pytest.mark.parametrize(
    ("name", "said"),
    [("absent", "does not exist"), ("notes.txt", "cannot be submitted"), ("one.png", "cannot be submitted")],
)
def test_what_is_no_submission_is_refused(tmp_path, name, said):
    if name != "absent":
        (tmp_path / name).write_bytes(b"hello")
    with pytest.raises(InputError, match=said):
        kind_of(tmp_path / name)


def test_a_million_files_are_refused_before_one_is_opened(tmp_path, monkeypatch):
    monkeypatch.setattr(_material, "MOST_FILES", 20)
    folder = save(tmp_path / "samples", IMAGES[:21])
    monkeypatch.setattr("bench.sources.files.list_folder", lambda path: pytest.fail("the folder was read"))
    with pytest.raises(InputError, match="holds more than 20 files, more than any track asks for; none was read"):
        kind_of(folder)


def test_a_zip_of_a_million_files_is_refused_by_its_last_bytes(tmp_path, monkeypatch):
    path = tmp_path / "many.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(300):
            archive.writestr(f"{number:05d}.png", b"x")
    monkeypatch.setattr(_material, "MOST_FILES", 299)
    monkeypatch.setattr(zipfile, "ZipFile", lambda *_: pytest.fail("the zip was opened"))
    with pytest.raises(InputError, match="more than 299 files"):
        kind_of(path)
    monkeypatch.setattr(_material, "MOST_FILES", 300)
    assert kind_of(path) == "zip"


def test_a_pattern_or_a_tar_is_submitted_as_a_folder_is(tmp_path, monkeypatch):
    folder = save(tmp_path / "samples", IMAGES[:4])
    assert kind_of(folder / "0000[12].png") == "pattern"
    with tarfile.open(tmp_path / "set.tar", "w") as archive:
        archive.add(folder, "set")
    assert kind_of(tmp_path / "set.tar") == kind_of(tmp_path / "*.tar") == "tar"
    monkeypatch.setattr(_material, "MOST_FILES", 3)
    with pytest.raises(InputError, match="more than 3 files"):
        kind_of(folder / "*.png")
    with pytest.raises(InputError, match="more than 3 files"):
        kind_of(tmp_path / "set.tar")


def test_a_table_of_contents_that_is_longer_than_its_count_says_counts_by_its_length(tmp_path, monkeypatch):
    path = tmp_path / "lying.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(300):
            archive.writestr(f"{number:0128d}.png", b"x")
    data = bytearray(path.read_bytes())
    data[-14:-10] = b"\x01\x00\x01\x00"  # entries on this disk, entries in all
    path.write_bytes(data)
    monkeypatch.setattr(_material, "MOST_FILES", 299)
    with pytest.raises(InputError, match="more than 299 files"):
        kind_of(path)


def test_zips_that_are_unsafe_are_findings(tmp_path):
    path = tmp_path / "slip.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../../00000.png", b"x")
    checked = looked_at(path)
    assert codes(checked, "error") == {"unusable"}
    assert "leads out of the archive" in finding(checked, "unusable").what
    assert [one.name for one in tmp_path.iterdir()] == ["slip.zip"]


def test_reference_is_for_checkpoints(folder):
    with pytest.raises(InputError, match="--reference marks models of this project"):
        open_material(folder, TRACK, SUBJECT, How(), reference=True)


def test_a_generator_needs_its_noise_and_torchscript_trust(tmp_path):
    for name, said in (("g.onnx", "needs its noise: --noise-dim"), ("g.pt", "needs its noise")):
        (tmp_path / name).write_bytes(b"x")
        with pytest.raises(InputError, match=said):
            open_material(tmp_path / name, TRACK, SUBJECT, How())


def test_a_model_that_translates_is_given_what_the_protocol_says_of_the_other_domain(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    undrawn(monkeypatch)
    tiny = ("--set", "width=2", "--set", "blocks=1", "--device", "cpu", "--steps", 1)
    good("train", "--model", "cyclegan", "--dataset", "edges2shapes", *tiny)
    whole = open_evaluation(open_subject("edges2shapes"), measure("pixels"))
    (folder,) = Path("runs").iterdir()
    made = generate(load(folder).model, "unpaired", whole)
    for domain in ("edges", "shapes"):
        track = find_track(f"edges2shapes-{domain}")
        found = open_material(folder, track, subject_of(track), How())
        assert np.array_equal(found.images, made[GENERATED, domain])
        assert (found.origin.model, found.origin.sampling_seed, found.remarks) == ("cyclegan", 0, ())


def test_a_model_of_other_images_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    undrawn(monkeypatch)
    good("train", "--model", "dcgan", "--dataset", "digits", "--set", "width=4", "--device", "cpu", "--steps", 1)
    track = find_track("shapes")
    with pytest.raises(ModelError, match="makes images of 1x32x32, the data are 3x64x64"):
        open_material(next(Path("runs").iterdir()), track, subject_of(track), How())
