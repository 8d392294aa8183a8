"""A set that uses a small part of the range of its type is told of beside every number, whatever it is kept in."""

import zipfile

import numpy as np
import pytest
from PIL import Image

import bench
from bench.measuring.doctor import examine
from bench.sources.values import Extremes, joined

PIXELS = {"extractor": "pixels"}
SMALL = {"extractor": "digits-cnn"}  # of a covariance that takes no time


def noise(top, dtype=np.uint8, count=6, low=0):
    values = np.random.RandomState(0).randint(low, top + 1, (count, 16, 16)).astype(dtype)
    values[0, 0, :2] = low, top
    return values


def folder(place, images, suffix=".png"):
    place.mkdir()
    for number, image in enumerate(images):
        Image.fromarray(image).save(place / f"{number}{suffix}")
    return place


def twelve_bits(place, suffix=".png"):
    return folder(place, noise(4095, np.uint16), suffix)


def zipped(place):
    files = twelve_bits(place / "files")
    with zipfile.ZipFile(place / "set.zip", "w") as archive:
        for path in files.iterdir():
            archive.write(path, path.name)
    return place / "set.zip"


def saved(place, array, name):
    save = np.save if name.endswith(".npy") else lambda path, values: np.savez(path, arr_0=values)
    save(place / name, array)
    return place / name


NARROW = {
    "12 bits in PNGs": (lambda place: twelve_bits(place / "a"), "no value above 4,095 of 65,535"),
    "12 bits in TIFFs": (lambda place: twelve_bits(place / "a", ".tiff"), "no value above 4,095 of 65,535"),
    "12 bits in a zip": (zipped, "no value above 4,095 of 65,535"),
    "masks of 0 and 1": (lambda place: folder(place / "a", noise(1)), "no value above 1 of 255"),
    "masks in an npy": (lambda place: saved(place, noise(1)[..., None], "a.npy"), "no value above 1 of 255"),
    "masks in an npz": (lambda place: saved(place, noise(1)[..., None], "a.npz"), "no value above 1 of 255"),
    "an array": (lambda place: noise(100)[..., None], "no value above 100 of 255"),
    "floats": (lambda place: noise(20)[..., None] / 255, "no value above 20 of 255"),
    "floats below 0": (lambda place: noise(255)[..., None] / 255 - 0.003, "no value below 127 of 255"),
    "little contrast": (lambda place: noise(150, low=100)[..., None], "all values from 100 to 150 of 255"),
}


def notes(result):
    return [warning for warning in result["warnings"] if "range:" in warning]


@pytest.mark.parametrize("kind", NARROW)
def test_a_narrow_range_is_said_beside_the_number_and_again_out_of_the_cache(kind, tmp_path, monkeypatch):
    monkeypatch.setenv("BENCH_CACHE", str(tmp_path / "cache"))
    make, said = NARROW[kind]
    images, other = make(tmp_path), noise(255)[..., None]
    first, again, uncached = (bench.fid(images, other, **PIXELS, cache=cache) for cache in (True, True, False))
    assert [said in note for note in notes(first)] == [True]
    assert notes(first) == notes(again) == notes(uncached)


@pytest.mark.parametrize("kind", NARROW)
def test_the_doctor_says_it_too(kind, tmp_path):
    make, said = NARROW[kind]
    findings = [one for one in examine([make(tmp_path)]).findings if one.code == "narrow-range"]
    assert [(one.level, said in one.what) for one in findings] == [("warning", True)]


@pytest.mark.parametrize("images", [noise(255), noise(65_535, np.uint16), noise(140)], ids=["8", "16", "dark"])
def test_an_honest_range_is_not_told_of(images, tmp_path):
    place = folder(tmp_path / "a", images)
    assert not notes(bench.fid(place, noise(255)[..., None], **PIXELS, cache=False))
    assert not [one for one in examine([place]).findings if one.code == "narrow-range"]


def test_features_that_were_kept_without_it_are_told_of_all_the_same(tmp_path, monkeypatch):
    monkeypatch.setenv("BENCH_CACHE", str(tmp_path / "cache"))
    place, other = twelve_bits(tmp_path / "a"), noise(255)[..., None]
    first = bench.fid(place, other, **PIXELS)
    for entry in (tmp_path / "cache" / "features").iterdir():
        if (entry / "extremes.npy").exists():
            for file in entry.iterdir():
                file.unlink()
            entry.rmdir()
    assert notes(bench.fid(place, other, **PIXELS)) == notes(first) != []


def test_statistics_scores_paired_errors_and_the_accumulator_say_it(tmp_path):
    place, other = folder(tmp_path / "a", noise(1)), folder(tmp_path / "b", noise(255))
    assert notes(bench.save_statistics(place, tmp_path / "s.npz", **SMALL, cache=False))
    assert notes(bench.score(other, place, metrics=["prdc"], **SMALL, cache=False))
    assert notes(bench.score(other, place, metrics=["mse"]))
    parts = [bench.Accumulator(**SMALL, name="mine") for _ in range(2)]
    for part in parts:
        part.update(noise(1)[:, None])
    (note,) = notes(parts[0].merge(parts[1]).compute(other))
    assert note.startswith("mine: range: no value above 1 of 255")
    parts[0].update(noise(255)[:, None])
    assert not notes(parts[0].compute(other))


def test_files_of_8_and_of_16_bits_are_measured_by_one_scale():
    assert joined([Extremes(0, 4095, 65_535), Extremes(3, 9)]) == Extremes(0, 16)
    assert joined([Extremes(5, 4095, 65_535), Extremes(2, 60_000, 65_535)]) == Extremes(2, 60_000, 65_535)
