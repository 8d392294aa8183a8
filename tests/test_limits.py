"""Every limit takes what is exactly as large as it, and refuses what is one more."""

import tarfile
import zipfile
from dataclasses import replace
from io import BytesIO
from math import prod

import numpy as np
import pytest
from leaderboard_entries import rules
from PIL import Image
from run_records import TRAINING, record

from bench.datasets import celeba
from bench.leaderboard.entries import About
from bench.leaderboard.entry_places import slug_of
from bench.leaderboard.evidence import entry_shapes
from bench.leaderboard.influence import read_influences
from bench.leaderboard.moments import moments_of, read_moments
from bench.leaderboard.open_tracks import whole_split
from bench.measuring.findings import judge
from bench.measuring.statistics import read_statistics
from bench.measuring.subject import open_subject
from bench.sources import open_source
from bench.sources.decoding import decode
from bench.sources.survey import survey
from bench.storage.array_files import ArrayFile
from bench.storage.reading import read_bytes
from bench.storage.records import run_name
from bench.submissions.about import check_about
from bench.submissions.generators import parse_shape
from bench.tables.run_tables import run_tables
from metrics.arithmetic.arrays import check_matrix
from metrics.errors import InputError

IMAGES = np.random.RandomState(0).randint(0, 256, (4, 3, 6, 6)).astype(np.uint8)


def png(pixels):
    data = BytesIO()
    Image.fromarray(pixels).save(data, "PNG")
    return data.getvalue()


def a_file(tmp_path, name, write):
    path = tmp_path / name
    write(path)
    return path


def folder_of(tmp_path):
    (tmp_path / "set" / "a" / "b").mkdir(parents=True)
    (tmp_path / "set" / "a" / "b" / "0.png").write_bytes(png(IMAGES[0].transpose(1, 2, 0)))
    return tmp_path / "set"


def zipped(tmp_path):
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        archive.writestr("0.png", png(IMAGES[0].transpose(1, 2, 0)))
    return tmp_path / "set.zip"


def tarred(tmp_path, letters=1):
    with tarfile.open(tmp_path / "set.tar", "w", format=tarfile.GNU_FORMAT) as archive:
        info = tarfile.TarInfo("0" * letters + ".png")
        info.size = len(data := png(IMAGES[0].transpose(1, 2, 0)))
        archive.addfile(info, BytesIO(data))
    return tmp_path / "set.tar"


def arrays(tmp_path):
    return a_file(tmp_path, "a.npz", lambda path: np.savez(path, x=np.zeros(1), y=np.zeros(1), z=np.zeros(1)))


def packed(tmp_path):
    return a_file(tmp_path, "a.npz", lambda path: np.savez_compressed(path, IMAGES))


def moments(tmp_path):
    features = np.random.RandomState(0).randn(9, 3).astype(np.float32)
    return a_file(tmp_path, "m.npz", lambda path: np.savez(path, **moments_of(features).arrays()))


def influences(tmp_path):
    return a_file(tmp_path, "i.npy", lambda path: np.save(path, np.zeros((2, 5), np.float32)))


def statistics(tmp_path):
    return a_file(tmp_path, "s.npz", lambda path: np.savez(path, mu=np.zeros(3), sigma=np.eye(3)))


SIZE = len(png(IMAGES[0].transpose(1, 2, 0)))
CASES = {  # the constant: the size of what is given, and how it is read
    "bench.sources.decoding.MAX_PIXELS": (36, lambda tmp_path: decode(png(IMAGES[0].transpose(1, 2, 0)), "x")),
    "bench.sources.files.MAX_FILE_BYTES": (SIZE, lambda tmp_path: open_source(folder_of(tmp_path))),
    "bench.sources.files.MOST_LEVELS": (2, lambda tmp_path: open_source(folder_of(tmp_path))),
    "bench.sources.zips.MAX_FILE_BYTES": (SIZE, lambda tmp_path: open_source(zipped(tmp_path))),
    "bench.sources.zips.TOTAL_BYTES": (SIZE, lambda tmp_path: open_source(zipped(tmp_path))),
    "bench.sources.tars.MAX_FILE_BYTES": (SIZE, lambda tmp_path: open_source(tarred(tmp_path))),
    "bench.sources.tar_headers.MOST_NAME_BYTES": (125, lambda tmp_path: open_source(tarred(tmp_path, 120))),
    "bench.sources.arrays.MAX_UNPACKED_BYTES": (IMAGES.nbytes, lambda tmp_path: open_source(packed(tmp_path))),
    "bench.storage.array_files.MOST_ARRAYS": (3, lambda tmp_path: ArrayFile(arrays(tmp_path))),
    "bench.leaderboard.moments.MAX_BYTES": (48, lambda tmp_path: read_moments(moments(tmp_path))),
    "bench.leaderboard.influence.MOST_BYTES": (40, lambda tmp_path: read_influences(influences(tmp_path), 4, 2)),
    "bench.measuring.statistics.MAX_DIMENSION": (3, lambda tmp_path: read_statistics(statistics(tmp_path))),
    "bench.submissions.about.LONGEST": (9, lambda tmp_path: check_about(About("a", authors="123456789"))),
    "bench.submissions.generators.MOST_NOISE": (12, lambda tmp_path: parse_shape("3x4")),
    "bench.leaderboard.entry_places.NAME_LENGTH": (5, lambda tmp_path: slug_of("abcde")),
    "bench.datasets.celeba.MOST_ATTRIBUTES": (2, lambda tmp_path: celeba.labelled("Smiling+Male")),
    "metrics.arithmetic.arrays.LARGEST": (7.0, lambda tmp_path: check_matrix(np.array([[1.0], [-7.0]]), "features", 1)),
}


@pytest.mark.parametrize("name", CASES)
def test_a_limit_is_the_last_size_that_is_taken(name, tmp_path, monkeypatch):
    size, read = CASES[name]
    monkeypatch.setattr(name, size)
    for place in ("exactly", "more"):
        (tmp_path / place).mkdir()
    read(tmp_path / "exactly")
    monkeypatch.setattr(name, size - 1)
    with pytest.raises(InputError):
        read(tmp_path / "more")


def test_a_file_is_read_up_to_its_limit(tmp_path):
    (tmp_path / "a").write_bytes(b"12345")
    assert read_bytes(tmp_path / "a", most=5) == b"12345"
    with pytest.raises(InputError, match="5 bytes, expected at most 4"):
        read_bytes(tmp_path / "a", most=4)


def test_a_name_of_spaces_is_none_and_one_letter_is_one():
    assert slug_of("a") == "a"
    for none in ("", "  "):
        with pytest.raises(InputError, match="expected 1 to 80"):
            slug_of(none)


# ----- limits beyond which something else is done


def test_changes_in_the_name_of_a_run_are_shortened_beyond_their_limit_only(monkeypatch):
    whole = run_name("vae", 0, {"a": "x" * 20})
    said = len(whole) - len("vae-seed0")
    monkeypatch.setattr("bench.storage.records.LONGEST_CHANGES", said)
    assert run_name("vae", 0, {"a": "x" * 20}) == whole
    monkeypatch.setattr("bench.storage.records.LONGEST_CHANGES", said - 1)
    shorter = run_name("vae", 0, {"a": "x" * 20})
    assert len(shorter) == len(whole) - 1
    assert shorter != run_name("vae", 0, {"a": "x" * 19 + "y"})


@pytest.mark.parametrize(("more", "whole"), [(0, True), (-1, False)])
def test_a_whole_split_is_compared_up_to_its_limit(monkeypatch, more, whole):
    subject, drawn = open_subject("digits"), object()
    monkeypatch.setattr("bench.leaderboard.open_tracks.WHOLE_VALUES", 500 * 32 * 32 + more)
    assert (whole_split(subject, "test", drawn) is not drawn) == whole


@pytest.mark.parametrize(("more", "kept"), [(0, True), (-1, False)])
def test_features_are_stored_up_to_their_limit(monkeypatch, more, kept):
    shapes = entry_shapes(rules())
    size = sum(4 * prod(shapes[name][0]) for name in ("features", "logits"))
    monkeypatch.setattr("bench.leaderboard.evidence.MOST_BYTES", size + more)
    assert ("features" in entry_shapes(rules())) == kept


@pytest.mark.parametrize(("epochs", "whole"), [(1.998, True), (1.9979, False), (2.0, True)])
def test_a_budget_is_whole_but_for_a_part_of_its_last_step(epochs, whole):
    made = record(training=replace(TRAINING, epochs=epochs, full_epochs=2.0))
    assert ("NOT the full recipe" not in run_tables(made)[0].notes[0]) == whole


@pytest.mark.parametrize(("spread", "found"), [(2, False), (1.9, True)])
def test_an_image_is_flat_below_its_limit(monkeypatch, spread, found):
    pixels = np.full((5, 3, 8, 8), 100, np.uint8)
    pixels[:, :, ::2] += np.uint8(4)  # a standard deviation of 2 around 102
    pixels += np.arange(5, dtype=np.uint8)[:, None, None, None]
    monkeypatch.setattr("bench.measuring.findings.FLAT_SD", 4 - spread)
    codes = {one.code for one in judge(survey(pixels, 0, None, None))}
    assert ("flat" in codes) == found
