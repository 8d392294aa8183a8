"""The two pictures of a submission: which images stand where, white between, small ones enlarged."""

from io import BytesIO
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from bench.sources import open_source
from bench.submissions._pictures import neighbours, preview

GAP = 2
WHITE = 255


def flat(count, side):
    """Images of one colour each: image i is i + 1 everywhere."""
    values = np.arange(1, count + 1, dtype=np.uint8)[:, None, None, None]
    return np.broadcast_to(values, (count, 3, side, side)).copy()


def tiles(data, side, columns, factor):
    """The one value of each tile, row by row, after the white between them was looked at."""
    sheet = np.asarray(Image.open(BytesIO(data)))
    assert sheet.shape[2] == 3
    step, length = (side + GAP) * factor, side * factor
    assert sheet.shape[1] == columns * step - GAP * factor
    assert sheet.shape[0] % step == length
    found = []
    for top in range(0, sheet.shape[0], step):
        assert (sheet[top + length : top + step] == WHITE).all()
        for left in range(0, sheet.shape[1], step):
            tile = sheet[top : top + length, left : left + length]
            assert (tile == tile[0, 0]).all()
            assert (sheet[top : top + length, left + length : left + step] == WHITE).all()
            found.append(int(tile[0, 0, 0]))
    return found


@pytest.mark.parametrize(("count", "shown"), [(40, 36), (36, 36), (13, 13)])
def test_a_preview_shows_the_first_36_images_six_in_a_row(count, shown):
    found = tiles(preview(open_source(flat(count, 16))), 16, 6, 4)
    assert found == [*range(1, shown + 1), *[WHITE] * (-shown % 6)]


@pytest.mark.parametrize(("side", "factor"), [(10, 6), (32, 2), (33, 1), (64, 1), (70, 1)])
def test_small_images_are_enlarged_by_a_whole_factor(side, factor):
    assert tiles(preview(open_source(flat(6, side))), side, 6, factor) == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("count", [12, 5])
def test_the_nearest_images_stand_above_the_training_images_that_they_are_nearest_to(count):
    """Image i lies at i from training image count - 1 - i, and far from the others."""
    train = np.zeros((count, 2), np.float32)
    train[:, 0] = 1000 * np.arange(count)
    features = train[::-1] + np.arange(count, dtype=np.float32)[:, None] * [0, 1]
    order = np.random.RandomState(0).permutation(count)
    trained = open_source(flat(count, 64)[::-1].copy())
    opened = SimpleNamespace(closest_among=(train, None), train=trained)
    found = tiles(
        neighbours(opened, open_source(flat(count, 64)[order]), features[order].astype(np.float32)),
        64,
        min(8, count),
        1,
    )
    nearest = list(range(1, min(8, count) + 1))
    assert found == nearest + nearest
