"""The embedded sets: real digits brought back to their size, shapes that are the shapes they are labelled as."""

import hashlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import binary_dilation

from bench.datasets import ORDER_SEED, digits, digits2styles, edges2shapes, edges2shapes_128, eval_set, shapes
from bench.datasets._draw import CLASSES, coverage, distance, grid
from bench.datasets.order import permutation
from metrics.errors import InputError

ROOT = Path()


def test_digits_average_back_to_the_published_blocks():
    from sklearn.datasets import load_digits

    blocks = load_digits().images
    part = digits.load("train", ROOT)
    rows = part.read(0, 200)[:, 0].reshape(-1, 8, 4, 8, 4).mean(axis=(2, 4)) * 16 / 255
    originals = blocks[[int(name) for name in part.names[:200]]]
    # interpolation between neighbours rounds peaks off; the digit that was published stays the digit that is read
    correlation = [np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in zip(rows, originals, strict=True)]
    assert min(correlation) > 0.97


def test_the_digits_are_those_of_scikit_learn():
    from sklearn.datasets import load_digits

    blocks, labels = load_digits(return_X_y=True)
    assert np.array_equal(digits._published(), np.column_stack([blocks, labels]))


def test_digits_are_read_without_importing_scikit_learn():
    code = (
        "import sys, bench.sources as s; s.open_source('digits:test'); sys.exit(3 if 'sklearn' in sys.modules else 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parent.parent)


def test_a_scikit_learn_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setattr(digits, "find_spec", lambda name: None)
    with pytest.raises(InputError, match="pip install scikit-learn"):
        digits._published()


def test_digits_use_the_full_range():
    rows = digits.load("train", ROOT).read(0, 1_297)
    assert (rows.min(), rows.max()) == (0, 255)


def test_interpolation_repeats_a_constant():
    assert np.array_equal(digits._keys_matrix(8, 4).sum(axis=1), np.ones(32))


def test_the_test_digits_are_fifty_of_each():
    assert np.bincount(digits.load("test", ROOT).labels).tolist() == [50] * 10


def test_all_digits_are_in_one_of_the_two_splits():
    names = [name for split in ("train", "test") for name in digits.load(split, ROOT).names]
    assert sorted(names) == [f"{row:04d}" for row in range(1_797)]


def test_shapes_come_in_turn():
    assert shapes.load("train", ROOT).labels[:20].tolist() == [*range(10), *range(10)]


def test_shapes_are_the_same_wherever_they_are_read_from():
    part = shapes.load("train", ROOT)
    assert np.array_equal(part.take([99_999, 5])[1], part.read(0, 10)[5])


@pytest.mark.parametrize(
    "module, domain, expected",
    [
        (digits, "", "e094ce9dbed28ba0"),
        (shapes, "", "e8f2ef40ab78fcf2"),
        (edges2shapes, "edges", "f69b3d0d08de05e4"),
        (edges2shapes_128, "shapes", "3f550f622ffe55cc"),
        (digits2styles, "coloured", "a8b00ee22a7f38d6"),
        (digits2styles, "plain", "44b1cfd940ffcd70"),
    ],
)
def test_embedded_bytes_are_published_and_may_not_change(module, domain, expected):
    rows = module.load("test", ROOT, domain).read(0, 20)
    assert hashlib.sha256(rows.tobytes()).hexdigest()[:16] == expected


@pytest.mark.parametrize("kind", range(len(CLASSES)), ids=CLASSES)
def test_distances_change_by_at_most_the_way_walked(kind):
    x, y = grid(200)
    away = distance(kind, *np.broadcast_arrays(x * 1.3, y * 1.3))[0].astype(float)
    step = 2 * 1.3 / 200
    # a distance is 1-Lipschitz; the flower's is a first-order one, so a tenth more is let pass near its zero set
    near = np.abs(away[:-1]) < 0.1
    assert np.abs(np.diff(away, axis=0))[near].max() <= step * 1.35
    assert away.min() < 0 < away.max()


@pytest.mark.parametrize(
    "kind, area",
    [
        ("circle", np.pi * 0.86**2),
        ("ring", np.pi * (0.90**2 - 0.46**2)),
        ("square", 1.48**2),
        ("cross", 2 * 1.72 * 0.58 - 0.58**2),
    ],
)
def test_covered_pixels_add_up_to_the_area(kind, area):
    x, y = grid(64)
    away = distance(CLASSES.index(kind), *np.broadcast_arrays(x, y))
    covered = coverage(away, 2 / 64).sum() * (2 / 64) ** 2
    # analytic coverage is exact on straight edges along the grid, and second order in the pixel on curves
    assert covered == pytest.approx(area, rel=2e-3)


def test_shapes_stay_inside_the_picture():
    rows = edges2shapes.load("train", ROOT, "shapes").read(0, 200)
    border = np.concatenate([rows[..., 0, :].ravel(), rows[..., -1, :].ravel(), rows[..., 0].ravel()])
    assert border.min() == 255


def test_edges_lie_where_the_shape_ends():
    edges, filled = (edges2shapes.load("train", ROOT, domain).read(1, 2)[0] for domain in edges2shapes.DOMAINS)
    ink, colour = edges[0] < 128, filled.min(axis=0) < 150
    around = np.ones((3, 3), bool)
    border = binary_dilation(colour, around) & binary_dilation(~colour, around)
    # a ring has no mark on it, so within a pixel of all ink there is both colour and paper
    assert ink.sum() > 50
    assert (ink & ~border).sum() == 0


def test_edges_are_black_on_white():
    rows = edges2shapes.load("train", ROOT, "edges").read(0, 20)
    assert rows.max() == 255 and rows.min() < 30
    assert np.array_equal(rows[:, 0], rows[:, 2])


def test_the_two_sizes_are_the_same_drawings():
    small = edges2shapes.load("test", ROOT, "shapes").read(0, 20).astype(float)
    large = edges2shapes_128.load("test", ROOT, "shapes").read(0, 20).reshape(20, 3, 64, 2, 64, 2).mean(axis=(3, 5))
    # the large drawing halved differs from the small one along the edges only
    assert np.abs(small - large).mean() < 3


def test_a_plain_digit_is_a_partner_once_in_every_round():
    plain = digits2styles.load("train", ROOT, "plain")
    known = digits.load("train", ROOT).read(0, 1_297)
    for start in (0, 1_297, 9 * 1_297):
        rows = plain.read(start, start + 1_297)
        assert np.array_equal(rows[:, 0], rows[:, 2])
        assert {row.tobytes() for row in rows[:, 0]} == {row.tobytes() for row in known[:, 0]}


def test_no_handwriting_is_in_both_evaluation_sets_of_the_styles():
    """Else a translation that keeps the handwriting is compared with its own digit."""
    inks = digits.load("test", ROOT)
    order = permutation(ORDER_SEED, inks.count)
    for rows, name in ((order[:250], "real 1"), (order[250:], "real 2")):
        plain = eval_set(digits2styles.DATASET, name, ROOT, "plain").read(0, 250)[:, 0]
        assert {row.tobytes() for row in plain} == {row.tobytes() for row in inks.take(rows)[:, 0]}


@pytest.mark.parametrize("split", digits2styles.SPLITS)
def test_the_two_of_a_pair_are_one_numeral_and_never_one_handwriting(split):
    part = digits.load(split, ROOT)
    partners = digits2styles._partners(
        part.labels, digits2styles._set_of_row(split, part.count), digits2styles.SPLITS[split] // part.count
    )
    rows = np.arange(digits2styles.SPLITS[split]) % part.count
    assert np.array_equal(part.labels[partners], part.labels[rows])
    assert (partners != rows).all()
    assert np.array_equal(digits2styles.load(split, ROOT, "plain").labels, part.labels[rows])


def test_coloured_digits_show_the_strokes_of_the_digit():
    """Ink and ground differ in colour: inside a stroke the picture is further from its corner than outside."""
    ink = digits.load("train", ROOT).read(0, 200)[:, 0] > 200
    rows = digits2styles.load("train", ROOT, "coloured").read(0, 200).astype(float)
    away = np.abs(rows - rows[:, :, :1, :1]).mean(axis=1)
    contrast = [a[inside].mean() - a[~inside].mean() for a, inside in zip(away, ink, strict=True)]
    assert np.mean(np.array(contrast) > 0) > 0.9


def test_as_many_digits_are_light_on_dark_as_dark_on_light():
    ink = digits.load("train", ROOT).read(0, 1_297)[:, 0] > 200
    rows = digits2styles.load("train", ROOT, "coloured").read(0, 1_297).max(axis=1).astype(float)
    lighter = [row[inside].mean() > row[~inside].mean() for row, inside in zip(rows, ink, strict=True)]
    assert np.mean(lighter) == pytest.approx(0.5, abs=0.05)  # 3.6 standard deviations of 1,297 coins
