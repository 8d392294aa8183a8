"""Images of one entry that are nearly those of another one are told, and honest entries are not."""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from leaderboard_entries import entry, rules
from PIL import Image
from submitted import blends

from bench.leaderboard import near_images
from bench.leaderboard.entry_places import PREVIEW, THUMBNAILS, beside, entry_path
from bench.leaderboard.near_images import near_pairs
from bench.leaderboard.small_pictures import comparable, read_small_pictures, small, small_pictures
from bench.leaderboard.twins import Look, twins
from bench.sources import open_source
from bench.storage.files import npy_bytes, write_bytes
from bench.submissions._beside import _thumbnails
from bench.submissions._pictures import preview
from metrics.errors import InputError

IMAGES = np.repeat(blends(500), 3, axis=1)
MINE, OTHERS = IMAGES[:250], IMAGES[250:]
DRAW = np.random.default_rng(0)


def rows(images):
    return comparable(small(images))


def as_jpeg(images):
    def one(image):
        file = io.BytesIO()
        Image.fromarray(image.transpose(1, 2, 0)).save(file, "JPEG", quality=50)
        return np.asarray(Image.open(file)).transpose(2, 0, 1)

    return np.stack([one(image) for image in images])


CHANGES = {
    "JPEG": as_jpeg,
    "moved": lambda images: np.roll(images, 1, axis=3),
    "noise": lambda images: np.clip(images + DRAW.normal(0, 10, images.shape), 0, 255).round().astype(np.uint8),
    "brighter": lambda images: np.clip(images.astype(int) + 25, 0, 255).astype(np.uint8),
}


@pytest.mark.parametrize("change", CHANGES)
def test_changed_images_of_another_entry_are_told_of_both(change):
    pairs = near_pairs({3: rows(MINE), 5: rows(CHANGES[change](MINE)), 7: rows(OTHERS)})
    assert set(pairs) == {(3, 5)}
    assert min(near.count for near in pairs[3, 5]) > 100


def test_a_quarter_of_changed_images_is_counted():
    mixed = np.concatenate([as_jpeg(MINE[:60]), OTHERS[:190]])
    (both,) = near_pairs({0: rows(MINE), 1: rows(mixed)}).values()
    assert both[1].compared == 250 and 60 <= both[1].count < 90


def test_honest_entries_and_collapsed_ones_are_not_told():
    few = CHANGES["noise"](MINE[DRAW.integers(0, 10, 500)])  # of ten images each
    assert near_pairs({0: rows(MINE), 1: rows(OTHERS)}) == {}
    assert near_pairs({0: rows(few[:250]), 1: rows(few[250:])}) == {}
    assert near_pairs({0: rows(MINE)}) == {}
    assert near_pairs({0: rows(MINE), 1: rows(np.zeros_like(MINE))}) == {}


def test_of_many_entries_those_are_compared_that_are_asked_for(monkeypatch):
    monkeypatch.setattr(near_images, "MOST_ENTRIES", 1)
    given = {0: rows(MINE), 1: rows(as_jpeg(MINE)), 2: rows(MINE)}
    assert set(near_pairs(given, [(0, 1), (1, 9)])) == {(0, 1)}


def test_thumbnails_find_what_no_feature_is_kept_of():
    def look(number, images, chosen):
        made = entry(number, "digits", chosen)
        return Look(replace(made, slug=f"e{number}"), frozenset(), None, None, rows(images))

    said = twins([look(3, MINE, rules()), look(4, as_jpeg(MINE), rules()), look(6, OTHERS, rules())])
    assert set(said) == {"e3", "e4"}
    assert said["e3"][0].startswith("250 of its 250 images are nearly images of ")
    domain = [look(number, images, rules(domain="plain")) for number, images in ((3, MINE), (4, as_jpeg(MINE)))]
    assert "two translations of one image can look alike too" in twins(domain)["e3"][0]


def test_small_pictures_are_the_same_however_they_are_read(tmp_path):
    source = open_source(MINE[:20])
    kept = small_pictures(source, 0)
    assert np.array_equal(kept, small(MINE[:20])) and kept.shape == (20, 64)
    path = tmp_path / THUMBNAILS
    write_bytes(path, npy_bytes(kept))
    assert np.array_equal(read_small_pictures(path, 20), kept)
    with pytest.raises(InputError, match=r"holds uint8 \[20, 64\]; expected uint8 \[21, 64\]"):
        read_small_pictures(path, 21)


def test_thumbnails_of_other_images_than_the_preview_are_a_problem(tmp_path):
    made = replace(entry(3, "digits", rules()), slug="e3", files={PREVIEW: "0" * 64, THUMBNAILS: "0" * 64})
    path = entry_path(Path(tmp_path), "digits", "e3")
    write_bytes(beside(path) / PREVIEW, preview(open_source(MINE)))
    write_bytes(beside(path) / THUMBNAILS, npy_bytes(small(MINE)))
    assert list(_thumbnails(path, made)) == []
    write_bytes(beside(path) / THUMBNAILS, npy_bytes(small(OTHERS)))
    assert [one.what for one in _thumbnails(path, made)] == ["thumbnails.npy is of other images than preview.png"]
    write_bytes(beside(path) / THUMBNAILS, npy_bytes(small(OTHERS)[:9]))
    assert "expected uint8 [250, 64]" in next(_thumbnails(path, made)).what
    assert list(_thumbnails(path, replace(made, files={}))) == []
