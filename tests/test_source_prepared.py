"""Hashes of a data set's files: computed once for the same bytes and the same preparation, else anew."""

from dataclasses import replace

import numpy as np
import pytest
from dataset_layouts import write_images

from bench.datasets import open_dataset
from bench.sources import open_source
from bench.sources.splits import source_of_split
from bench.storage.cache import Cache

FOLDER = "horse2zebra/trainA"


@pytest.fixture
def root(tmp_path):
    write_images(tmp_path / FOLDER, [f"{i:05d}.jpg" for i in range(12)], (40, 30))
    return tmp_path


@pytest.fixture
def cache(tmp_path):
    return Cache(tmp_path / "cache")


@pytest.fixture
def split(root):
    """The split, and a list that grows with every image that is prepared."""
    whole, prepared = open_dataset("horse2zebra").load("train", root, "horse"), []

    def read(start, stop):
        prepared.extend(range(start, stop))
        return whole.read(start, stop)

    return replace(whole, read=read), prepared


def test_the_second_time_a_few_images_are_prepared(split, cache):
    part, prepared = split
    plain = source_of_split(part, "horses")
    first = source_of_split(part, "horses", cache=cache)
    prepared.clear()
    second = source_of_split(part, "zebras", cache=cache)
    assert first.hashes == second.hashes == plain.hashes
    assert len(prepared) == 8


def test_another_preparation_of_the_same_files_is_not_taken_for_the_same(split, cache):
    part, _ = split
    source_of_split(part, "horses", cache=cache)
    negative = replace(part, read=lambda start, stop: 255 - part.read(start, stop))
    assert source_of_split(negative, "horses", cache=cache).hashes == source_of_split(negative, "horses").hashes


def test_a_changed_file_is_seen(root, cache):
    before = open_source("horse2zebra:train/horse", data_root=root, cache=cache)
    (root / FOLDER / "00001.jpg").write_bytes((root / FOLDER / "00002.jpg").read_bytes())
    after = open_source("horse2zebra:train/horse", data_root=root, cache=cache)
    assert np.flatnonzero(np.array(before.hashes) != np.array(after.hashes)).tolist() == [1]
    assert after.hashes[1] == after.hashes[2]


def test_a_drawn_part_is_prepared_as_it_is(root, cache):
    whole = open_source("horse2zebra:train/horse", data_root=root, cache=cache)
    part = open_source("horse2zebra:train/horse", data_root=root, cache=cache, limit=3, seed=1)
    assert set(part.hashes) < set(whole.hashes)


def test_a_cache_that_cannot_be_written_costs_a_note(split, tmp_path):
    (tmp_path / "file").write_text("in the way")
    source = source_of_split(split[0], "horses", cache=Cache(tmp_path / "file"))
    assert len(source.hashes) == 12
    assert len(source.notes) == 1
