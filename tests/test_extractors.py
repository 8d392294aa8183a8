"""What holds for every extractor, whoever adds one, and the numbers of those that need no published weights."""

import hashlib
import subprocess
import sys

import numpy as np
import pytest
import torch
from _random_weights import random_images, write_torch_fidelity

from bench import registry, weights
from metrics.errors import InputError
from metrics.extractors import vgg16_random
from metrics.extractors.resizing import RESIZES, resize

NAMES = registry.names("extractors")


@pytest.fixture(scope="session")
def random_weights(tmp_path_factory):
    """Random weights, by name, for the extractors whose weights are a download."""
    folder = tmp_path_factory.mktemp("weights")

    def make(name):
        path = folder / f"{name}.pth"
        if name == "inception" and not path.exists():
            write_torch_fidelity(path)
        if name == "inception-torchvision" and not path.exists():
            torch.save(random_torchvision().state_dict(), path)
        return path if path.exists() else None

    return make


def random_torchvision(**options):
    from torchvision.models import inception_v3

    torch.manual_seed(0)
    network = inception_v3(init_weights=False, **options).eval()
    for layer in network.modules():
        if isinstance(layer, torch.nn.Conv2d):
            torch.nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    return network


@pytest.fixture(scope="module")
def built(random_weights, tmp_path_factory):
    """Every extractor with its default resize and all taps, built once."""
    made = {}
    patch = pytest.MonkeyPatch()
    patch.setenv("BENCH_CACHE", str(tmp_path_factory.mktemp("engines")))

    def build(name):
        if name not in made:
            extractor = registry.load("extractors", name)
            path = random_weights(name) if extractor.weights else weights.find(extractor).path
            if extractor.weights and path is None:
                pytest.skip(f"needs {extractor.weights[0].name}")
            made[name] = extractor.build(path, extractor.resize[0], "cpu", tuple(extractor.taps))
        return made[name]

    yield build
    patch.undo()


# ----- the contract


@pytest.mark.parametrize("name", NAMES)
def test_an_extractor_describes_itself(name):
    extractor = registry.load("extractors", name)
    assert extractor.name == name == registry.describe("extractors", name)["name"]
    assert extractor.title and extractor.source and extractor.family
    assert extractor.version >= 1
    assert set(extractor.resize) <= set(RESIZES) and extractor.resize


@pytest.mark.parametrize("name", NAMES)
def test_the_taps_of_the_metrics_exist(name):
    extractor = registry.load("extractors", name)
    assert extractor.pool in extractor.taps
    assert extractor.classes == extractor.taps.get(extractor.logits, 0)
    assert bool(extractor.logits) == bool(extractor.classes)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shape", [(1, 40, 30), (3, 28, 28)])
def test_features_have_the_described_shape(name, built, shape):
    taps = registry.load("extractors", name).taps
    count, height, width = shape
    images = random_images(0, count, height, width)
    before = images.copy()
    features = built(name)(images)
    assert {tap: value.shape for tap, value in features.items()} == {tap: (count, d) for tap, d in taps.items()}
    assert {value.dtype for value in features.values()} == {np.dtype(np.float32)}
    assert all(np.isfinite(value).all() for value in features.values())
    assert np.array_equal(images, before)


@pytest.mark.parametrize("name", NAMES)
def test_features_depend_on_the_image_only(name, built):
    images = random_images(1, 4, 32, 32)
    together, alone = built(name)(images), built(name)(images[1:2])
    for tap, value in together.items():
        # Kernels differ by batch size in the order of float32 sums.
        assert np.abs(alone[tap][0] - value[1]).max() < 1e-5 * np.abs(value).max()


@pytest.mark.parametrize("name", NAMES)
def test_different_images_have_different_features(name, built):
    for value in built(name)(random_images(2, 4, 32, 32)).values():
        assert value.std(axis=0).mean() > 1e-3 * np.abs(value).mean()


@pytest.mark.parametrize("name", [name for name in NAMES if registry.load("extractors", name).weights])
def test_an_extractor_without_its_weights_says_how_to_get_them(name):
    extractor = registry.load("extractors", name)
    with pytest.raises(InputError, match=f"bench weights fetch {name}"):
        extractor.build(None, extractor.resize[0], "cpu", (extractor.pool,))


def test_no_extractor_imports_torch_before_it_is_built():
    program = (
        "import sys; from bench import registry;"
        "[registry.load('extractors', name) for name in registry.names('extractors')];"
        "sys.exit(', '.join(sorted({'torch', 'torchvision', 'onnxruntime', 'onnx'} & set(sys.modules))) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


# ----- pixels


def test_pixels_of_a_32_by_32_image_are_the_image(built):
    images = random_images(0, 2, 32, 32)
    assert built("pixels")(images)["pool"] == pytest.approx(images.reshape(2, -1) / 255, rel=1e-6)  # float32


@pytest.mark.parametrize("name", ["pixels", "vgg16-random"])
def test_an_extractor_without_weights_refuses_a_file(name, tmp_path):
    extractor = registry.load("extractors", name)
    with pytest.raises(InputError, match="leave --weights out"):
        extractor.build(tmp_path / "weights.pth", "clean", "cpu", ("pool",))


# ----- vgg16-random


def test_the_random_vgg_is_the_same_everywhere():
    digest = hashlib.sha256()
    for weight in vgg16_random.random_weights():
        digest.update(weight.astype("<f4").tobytes())
    assert digest.hexdigest() == "51b1a9bb60e8bab010e63b7f36c510667a5696553ccf3eea31c33b801bc0eaeb"


def test_the_random_vgg_gives_these_features(built):
    ramp = np.arange(3 * 64 * 64, dtype=np.int64).reshape(1, 3, 64, 64)
    features = built("vgg16-random")((ramp * ramp % 251).astype(np.uint8))["pool"][0]
    expected = [-1.399114, 1.418445, -6.689344, 4.769707]  # by torch in float64
    assert features[:4] == pytest.approx(expected, abs=1e-4)  # float32 through 15 layers, measured 1e-5


def test_the_random_vgg_keeps_the_scale_of_activations(built):
    features = built("vgg16-random")(random_images(3, 8, 64, 64))["pool"]
    assert 0.1 < features.std(axis=0).mean() < 10


# ----- torchvision's Inception


@pytest.mark.parametrize("mode", ["torch", "clean"])
def test_the_torchvision_network_agrees_with_torchvision(random_weights, mode):
    images = random_images(4, 2, 40, 40)
    path = random_weights("inception-torchvision")
    found = registry.load("extractors", "inception-torchvision").build(path, mode, "cpu", ("logits",))(images)
    network = random_torchvision(transform_input=True)
    pixels = torch.from_numpy(resize(images, mode, 299)) / 255
    mean, deviation = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    with torch.no_grad():
        expected = network((pixels - mean[:, None, None]) / deviation[:, None, None]).numpy()
    assert np.abs(found["logits"] - expected).max() < 1e-5 * np.abs(expected).max()
