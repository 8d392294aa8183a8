"""The shipped networks: what the files are, how well they tell classes apart, and that their features measure."""

from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from bench import registry
from metrics.errors import InputError
from metrics.extractors import (
    _small_cnn,
    digits_cnn,
    digits_layout,
    fashion_cnn,
    fashion_layout,
    mnist_layout,
    shapes_cnn,
)
from metrics.extractors._engine import file_sha256

MODULES = (digits_cnn, digits_layout, fashion_cnn, fashion_layout, mnist_layout, shapes_cnn)
SEES = {"digits-cnn": "digits", "digits-layout": "digits", "shapes-cnn": "shapes"}  # whose images are embedded
READ_OF_THE_TEST_SPLIT = {"digits": 500, "shapes": 300}

every_one = pytest.mark.parametrize("module", MODULES, ids=lambda module: module.EXTRACTOR.name)
each_name = pytest.mark.parametrize("name", SEES)


@pytest.fixture(scope="module")
def extract(tmp_path_factory):
    """Name of the extractor -> its function to both taps; each network is compiled once for all tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BENCH_CACHE", str(tmp_path_factory.mktemp("engines")))
        yield {m.EXTRACTOR.name: m.EXTRACTOR.build(None, "clean", "cpu", ("pool", "logits")) for m in MODULES}


@pytest.fixture(scope="module")
def images():
    """Name of the extractor -> test images of its data set as RGB, and their labels."""
    read = {name: _test_images(name, count) for name, count in READ_OF_THE_TEST_SPLIT.items()}
    return {name: read[data_set] for name, data_set in SEES.items()}


def _test_images(name: str, count: int) -> tuple[np.ndarray, np.ndarray]:
    split = registry.load("datasets", name).load("test", Path(), "")
    pixels = split.read(0, count)
    return np.ascontiguousarray(np.broadcast_to(pixels, (count, 3, *pixels.shape[2:]))), split.labels[:count]


@every_one
def test_the_weights_that_ship_are_the_published_ones(module):
    path = _small_cnn.WEIGHTS / module.EXTRACTOR.shipped
    assert file_sha256(path) == module.SHA256
    assert path.stat().st_size <= 500_000


@every_one
def test_taps_have_the_stated_width_for_images_of_any_size(module, extract):
    images = np.random.default_rng(0).integers(0, 256, (3, 3, 40, 51), dtype=np.uint8)
    features = extract[module.EXTRACTOR.name](images)
    assert {tap: rows.shape for tap, rows in features.items()} == {
        tap: (3, width) for tap, width in module.EXTRACTOR.taps.items()
    }
    assert all(np.isfinite(rows).all() for rows in features.values())


@each_name
def test_held_out_images_are_put_into_the_right_class(name, extract, images):
    pixels, labels = images[name]
    assert (extract[name](pixels)["logits"].argmax(1) == labels).mean() >= 0.97


@each_name
def test_features_do_not_depend_on_the_batch(name, extract, images):
    pixels = images[name][0][:24]
    whole = extract[name](pixels)
    again = extract[name](pixels)
    parts = [extract[name](pixels[start : start + 5]) for start in range(0, 24, 5)]
    for tap in ("pool", "logits"):
        np.testing.assert_array_equal(whole[tap], again[tap])
        # float32 sums in another order, over logits of about 10
        np.testing.assert_allclose(np.concatenate([p[tap] for p in parts]), whole[tap], rtol=1e-5, atol=1e-5)


@each_name
def test_no_feature_is_dead(name, extract, images):
    spread = extract[name](images[name][0])["pool"].std(axis=0)
    assert (spread < 0.01 * np.median(spread)).mean() <= 0.03


def test_grey_networks_read_colours_by_their_luma(extract):
    # 0.299 * 200 + 0.587 * 100 + 0.114 * 50 = 124.2, which a grey of 124 misses by 0.2.
    coloured, grey = np.zeros((2, 1, 3, 32, 32), np.uint8)
    coloured[0, :, 8:24, 8:24] = np.array([200, 100, 50])[:, None, None]
    grey[0, :, 8:24, 8:24] = 124
    a, b = (extract["digits-cnn"](each)["pool"] for each in (coloured, grey))
    np.testing.assert_allclose(a, b, atol=0.02)


@each_name
@pytest.mark.parametrize("degrade", ["blur", "noise", "missing classes"])
def test_the_frechet_distance_grows_with_the_degradation(name, degrade, extract, images):
    pixels, labels = images[name]
    half = len(pixels) // 2
    reference = extract[name](pixels[:half])["pool"]
    distances = [
        _frechet_distance(reference, extract[name](worse)["pool"])
        for worse in _degraded(pixels[half:], labels[half:], degrade)
    ]
    assert distances == sorted(distances)
    assert distances[-1] > 3 * distances[0]


@each_name
def test_few_images_repeated_are_farther_than_new_ones(name, extract, images):
    pixels, labels = images[name]
    half = len(pixels) // 2
    few = np.concatenate([np.flatnonzero(labels[half:] == kind)[:5] for kind in range(10)])
    reference, new = (extract[name](part)["pool"] for part in (pixels[:half], pixels[half:]))
    repeated = new[np.resize(few, half)]
    assert _frechet_distance(reference, repeated) > 1.3 * _frechet_distance(reference, new)


def _degraded(pixels: np.ndarray, labels: np.ndarray, how: str) -> list[np.ndarray]:
    rng = np.random.default_rng(1)
    if how == "missing classes":
        return [pixels[labels >= least] for least in (0, 2, 4, 7)]
    if how == "blur":
        worse = [gaussian_filter(pixels.astype(float), (0, 0, sigma, sigma)) for sigma in (0, 1.5, 2.5, 4)]
    else:
        worse = [pixels + rng.normal(0, sigma, pixels[:, :1].shape) for sigma in (0, 25, 50, 100)]
    return [np.clip(np.round(each), 0, 255).astype(np.uint8) for each in worse]


def _frechet_distance(a: np.ndarray, b: np.ndarray) -> float:
    a, b = a.astype(np.float64), b.astype(np.float64)
    cov_a, cov_b = np.cov(a.T), np.cov(b.T)
    root = np.sqrt(np.maximum(np.linalg.eigvals(cov_a @ cov_b).real, 0)).sum()
    return float(((a.mean(0) - b.mean(0)) ** 2).sum() + cov_a.trace() + cov_b.trace() - 2 * root)


def test_weights_of_another_network_are_refused(tmp_path):
    from safetensors.numpy import save_file

    save_file({"weight": np.zeros(3, np.float32)}, tmp_path / "other.safetensors")
    with pytest.raises(InputError, match=r"other\.safetensors lacks the key"):
        digits_cnn.EXTRACTOR.build(tmp_path / "other.safetensors", "clean", "cpu", ("pool",))


def test_a_damaged_weights_file_is_refused(tmp_path):
    whole = (_small_cnn.WEIGHTS / digits_cnn.EXTRACTOR.shipped).read_bytes()
    (tmp_path / "half.safetensors").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=r"half\.safetensors is damaged"):
        digits_cnn.EXTRACTOR.build(tmp_path / "half.safetensors", "clean", "cpu", ("pool",))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_one_weight_that_is_not_finite_is_refused_and_named(tmp_path, value):
    from safetensors.numpy import load_file, save_file

    state = load_file(_small_cnn.WEIGHTS / digits_cnn.EXTRACTOR.shipped)
    name = sorted(key for key in state if key.startswith("third") and key.endswith("weight"))[-1]
    state[name] = state[name].copy()
    state[name].reshape(-1)[-1] = value
    save_file(state, tmp_path / "broken.safetensors")
    with pytest.raises(InputError, match=rf"broken\.safetensors: '{name}' holds NaN or infinity"):
        digits_cnn.EXTRACTOR.build(tmp_path / "broken.safetensors", "clean", "cpu", ("pool",))


def test_a_missing_weights_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"no weights file .*none\.safetensors"):
        digits_cnn.EXTRACTOR.build(tmp_path / "none.safetensors", "clean", "cpu", ("pool",))
