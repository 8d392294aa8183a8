"""What is worked on in blocks comes out the same from blocks of any size: each block size is made tiny in turn."""

import io
import re
import tarfile
import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image
from tiny_training import numbered

import bench
from bench.accumulator import Accumulator
from bench.datasets import eval_set, open_dataset
from bench.datasets._archives import unpack
from bench.datasets._types import Split
from bench.exploring.neighbours import nearest_images
from bench.leaderboard.small_pictures import small_pictures
from bench.measuring.batches import _batches
from bench.measuring.copies import copies
from bench.runs.generators import Generator
from bench.sources import iterate, open_source
from bench.sources._prepared import prepared_hashes
from bench.sources.survey import survey
from bench.storage.cache import Cache
from bench.storage.reading import file_sha256
from metrics import inception_score, kid, memorisation, mind, mse, prdc
from metrics.arithmetic.arrays import canonical_order, check_matrix, chosen_blocks
from metrics.arithmetic.nearest import nearest, nearest_counts
from metrics.errors import InputError
from metrics.fid import GaussianStats
from reference_models.loop.batches import batches
from reference_models.types import Data, ImageShape

ROOT = Path(bench.__file__).parent.parent
BLOCK_NAME = re.compile(
    r"^([A-Z_]*(?:BLOCK|WINDOW|AT_ONCE|TASK|CHUNK|CACHE_BYTES)[A-Z_]*|COLUMNS|ROWS) = ", re.MULTILINE
)
NO_BLOCKS = {  # names that only look like it, and the most that one read of a network takes
    "bench.leaderboard.disputes.COLUMNS",
    "bench.reporting.architecture.COLUMNS",
    "bench.reporting.recipe.COLUMNS",
    "bench.second_opinions.opinion_table.COLUMNS",
    "bench.sources.tar_headers.BLOCK",
    "bench.submissions._pictures.CHUNKS",
    "bench.submissions.class_table.COLUMNS",
    "bench.submissions.roster.COLUMNS",
    "bench.storage.download.CHUNK",
    "bench.tables.convention_scores.COLUMNS",
    "bench.tables.scores.COLUMNS",
    "reference_models.loop.film.COLUMNS",
}

draw = np.random.RandomState(7)
REAL, GENERATED = draw.randn(23, 5).astype(np.float32), draw.randn(19, 5).astype(np.float32) + 0.5
TIED = np.repeat(REAL[:8], 2, axis=0)
IMAGES = draw.randint(0, 256, (21, 3, 12, 12)).astype(np.uint8)
OTHERS = draw.randint(0, 256, (21, 3, 12, 12)).astype(np.uint8)


def moments():
    found = GaussianStats.of(REAL)
    return [found.mean, found.cov, canonical_order(REAL), np.concatenate(list(chosen_blocks(REAL, np.arange(17))))]


def first_bad_row():
    values = REAL.copy()
    values[17, 2] = np.nan
    with pytest.raises(InputError, match="first in row 17") as caught:
        check_matrix(values, "the features", 2)
    return str(caught.value)


def moved():
    return [part for one in prdc.moved(TIED, REAL).values() for part in one.moves]


def neighbours():
    counts = nearest_counts(TIED, REAL)
    return [
        *nearest(TIED, REAL, 3),
        *nearest(TIED, TIED, 2, of_itself=True),
        counts,
        numbers(prdc.compute(TIED, REAL, k=2)),
    ]


def numbers(scores):
    return np.array(list(scores.values()), float)


def pixel_copies():
    sets = [open_source(images) for images in (IMAGES, np.concatenate([IMAGES[5:9], OTHERS[:9]]), OTHERS)]
    return numbers(copies(*sets, workers=0))


def evaluation_set():
    digits = open_dataset("digits")
    few = replace(digits, eval_sets={"real 1": ("test", 30), "real 2": ("test", 40)})
    return eval_set(few, "real 2", Path()).take(np.arange(40))


def accumulated():
    grown = Accumulator(extractor="pixels", batch_size=4, cache=False)
    for start in range(0, len(IMAGES), 3):
        grown.update(IMAGES[start : start + 3])
    found = grown._all_statistics()
    return [found.mean, found.cov, np.array(found.count)]


def rows_of_mixed_sizes():
    """Each image with its row, whatever batch it was in."""
    images = [np.full((3, 4 + row % 3, 4), row, np.uint8) for row in range(40)]
    found = [(int(row), image) for rows, batch in _batches(images, 4) for row, image in zip(rows, batch, strict=True)]
    return [image for _, image in sorted(found, key=lambda one: one[0])]


def float_images():
    """The one value below 0, which makes the range [-1, 1], stands in the last image."""
    values = np.linspace(0, 1, 9 * 3 * 4 * 4, dtype=np.float32).reshape(9, 3, 4, 4)
    values[-1, 0, 0, 0] = -1
    return open_source(values).read_range(0, 9)


def closest_pictures():
    split = Split(len(OTHERS), lambda start, stop: OTHERS[start:stop])
    found = nearest_images(IMAGES, split, 3)
    return [found.rows, found.distances]


def training_batches():
    data = Data("numbered", ImageShape(1, 16, 16), (numbered(10),))
    stream = batches(data, 4, 0, 0, torch.device("cpu"), paired=False)
    return [next(stream).x.numpy() for _ in range(6)]


def packed_array():
    with tempfile.TemporaryDirectory() as folder:
        np.savez_compressed(Path(folder) / "images.npz", IMAGES)
        return open_source(Path(folder) / "images.npz").read_range(0, len(IMAGES))


def files(read):
    """What `read` says of a folder of PNGs."""
    with tempfile.TemporaryDirectory() as folder:
        for row, image in enumerate(IMAGES):
            Image.fromarray(image.transpose(1, 2, 0)).save(Path(folder) / f"{row:02d}.png")
        return read(Path(folder))


def looked_at(folder):
    return [[one.key, one.pixels_sha256] for one in survey(folder, 2, None, None).images]


def prepared(folder):
    data = [path.read_bytes() for path in sorted(folder.iterdir())]
    cache = Cache(folder / "cache")
    return prepared_hashes("title", lambda start, stop: IMAGES[start:stop], data.__getitem__, len(data), cache)[0]


def hashed_text():
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.md"
        path.write_bytes(b"one\r\n\r\ntwo\r\r\n")
        return file_sha256(path)


def unpacked():
    with tempfile.TemporaryDirectory() as folder:
        inside, archive = Path(folder) / "top", Path(folder) / "top.tar.gz"
        with tarfile.open(archive, "w:gz") as file:
            info = tarfile.TarInfo("top/data")
            info.size = IMAGES.nbytes
            file.addfile(info, io.BytesIO(IMAGES.tobytes()))
        unpack(archive, Path(folder), "top")
        return np.frombuffer((inside / "data").read_bytes(), np.uint8)


def drawn(name):
    split = open_dataset(name).load("test", None, "" if name == "shapes" else "shapes")
    return split.take(np.array([0, 1, 5, 40, 3]))


EXACT, ROUNDED = np.testing.assert_array_equal, partial(np.testing.assert_allclose, rtol=1e-9, atol=1e-12)
CASES = {
    "metrics.arithmetic.arrays.BLOCK": (3, moments, ROUNDED),
    "metrics.arithmetic.arrays.BLOCK ": (5, first_bad_row, EXACT),
    "metrics.arithmetic.nearest.BLOCK_VALUES": (7, moved, EXACT),
    "metrics.arithmetic.products.BLOCK": (3, neighbours, EXACT),
    "metrics.arithmetic.products.BLOCK ": (
        4,
        lambda: numbers(kid.compute(REAL, GENERATED, subsets=5, subset_size=9)),
        ROUNDED,
    ),
    "metrics.arithmetic.nearest.PAIR_BLOCK": (4, neighbours, EXACT),
    "metrics.arithmetic.products.COLUMNS": (4, neighbours, EXACT),
    "metrics.arithmetic.products.BLOCK  ": (
        7,
        lambda: numbers(memorisation.compute(REAL, TIED, GENERATED)),
        EXACT,
    ),
    "metrics.inception_score.BLOCK_VALUES": (11, lambda: numbers(inception_score.compute(REAL, splits=3)), ROUNDED),
    "metrics.mse.BLOCK_VALUES": (3 * 144, lambda: numbers(mse.compute(IMAGES, OTHERS)), ROUNDED),
    "bench.measuring.copies.BLOCK": (2, pixel_copies, EXACT),
    "metrics.splits.BLOCK": (7, evaluation_set, EXACT),
    "metrics.mind.AT_ONCE": (3, lambda: numbers(mind.compute(REAL, GENERATED, directions=7)), ROUNDED),
    "bench.accumulator.ROWS": (1, accumulated, ROUNDED),
    "bench.measuring.batches.WINDOW_BATCHES": (1, rows_of_mixed_sizes, EXACT),
    "bench.measuring.batches.WINDOW_BYTES": (100, rows_of_mixed_sizes, EXACT),
    "bench.sources.rows.TASK_BYTES": (1, lambda: open_source(IMAGES).hashes, EXACT),
    "bench.sources.files.FILES_PER_TASK": (1, lambda: files(lambda folder: open_source(folder).hashes), EXACT),
    "bench.sources._parallel.IMAGES_PER_TASK": (
        1,
        lambda: files(lambda folder: np.stack([one for some in iterate(open_source(folder), 2, 5) for one in some])),
        EXACT,
    ),
    "bench.sources.survey.FILES_PER_TASK": (1, lambda: files(looked_at), EXACT),
    "bench.sources._prepared.FILES_PER_TASK": (1, lambda: files(prepared), EXACT),
    "bench.sources.arrays.BLOCK_BYTES": (1, float_images, EXACT),
    "bench.leaderboard.small_pictures.BLOCK": (
        2,
        lambda: files(lambda folder: small_pictures(open_source(folder))),
        EXACT,
    ),
    "bench.exploring.neighbours.BLOCK": (4, closest_pictures, EXACT),
    "bench.datasets.shapes.AT_ONCE": (1, lambda: drawn("shapes"), EXACT),
    "bench.datasets.edges2shapes.AT_ONCE": (1, lambda: drawn("edges2shapes"), EXACT),
    "bench.storage.reading.CHUNK": (1, hashed_text, EXACT),
    "bench.storage.array_files.CHUNK": (5, packed_array, EXACT),
    "bench.datasets._archives.CHUNK": (5, unpacked, EXACT),
    "reference_models.loop.batches.CACHE_BYTES": (0, training_batches, EXACT),
}


@pytest.mark.parametrize("name", CASES)
def test_blocks_of_any_size_give_the_same(name, monkeypatch):
    tiny, computed, equal = CASES[name]
    expected = computed()
    monkeypatch.setattr(name.strip(), tiny)
    found = computed()
    for one, other in zip(*([x] if isinstance(x, str | np.ndarray) else x for x in (found, expected)), strict=True):
        equal(one, other)


def test_the_batch_of_a_generator_fits_into_memory():
    sizes = [Generator("g", SimpleNamespace(), "d", (), (3, side, side)).batch_size for side in (16, 128, 512, 2048)]
    assert sizes == [250, 64, 4, 1]


def test_every_size_of_a_block_is_made_tiny_here():
    elsewhere = {"bench.runs.generators.PIXELS_AT_ONCE", "bench.runs.generators.MOST_AT_ONCE"}  # the test above
    found = set()
    for path in (
        path for package in ("bench", "metrics", "reference_models") for path in (ROOT / package).rglob("*.py")
    ):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        found |= {f"{module}.{name}" for name in BLOCK_NAME.findall(path.read_text(encoding="utf-8"))}
    assert found == {name.strip() for name in CASES} | elsewhere | NO_BLOCKS
