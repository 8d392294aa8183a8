"""The hand-written FID Inception against torch-fidelity and pytorch-fid, with the same random weights."""

import warnings
import zipfile

import numpy as np
import pytest
import torch
from _random_weights import random_images, random_state, write_pytorch_fid, write_torch_fidelity
from safetensors.torch import save_file

from metrics.errors import InputError
from metrics.extractors.inception import EXTRACTOR

TAPS = tuple(EXTRACTOR.taps)
PEER_HAS = tuple(tap for tap in TAPS if tap != "spatial")
PEER_TAPS = ["64", "192", "768", "2048", "logits", "logits_unbiased"]


@pytest.fixture(scope="module")
def state():
    return random_state()


@pytest.fixture(scope="module")
def weights(state, tmp_path_factory):
    return write_torch_fidelity(tmp_path_factory.mktemp("weights") / "inception.pth", state)


@pytest.fixture
def extract(weights, built):
    """The extractor with resize tf1 and every tap, built once."""
    if not built:
        built.append(EXTRACTOR.build(weights, "tf1", "cpu", TAPS))
    return built[0]


@pytest.fixture(scope="module")
def built():
    return []


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("engines")


@pytest.fixture(autouse=True)
def _one_cache_for_the_module(cache, monkeypatch):
    monkeypatch.setenv("BENCH_CACHE", str(cache))


@pytest.fixture(scope="module")
def peer(weights):
    from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

    return FeatureExtractorInceptionV3("peer", PEER_TAPS, feature_extractor_weights_path=str(weights))


def relative(found, expected):
    return np.abs(found - expected).max() / np.abs(expected).max()


@pytest.mark.parametrize("shape", [(24, 24), (32, 32), (64, 64), (299, 299), (512, 512), (40, 100)])
def test_every_tap_agrees_with_torch_fidelity(extract, peer, shape):
    images = random_images(1, 2, *shape)
    found = extract(images)
    inner = []
    hook = peer.Mixed_6d.branch1x1.register_forward_hook(lambda module, given, made: inner.append(made))
    expected = dict(zip(PEER_HAS, peer(torch.from_numpy(images)), strict=True))
    hook.remove()
    expected["spatial"] = inner[0][:, :7].permute(0, 2, 3, 1).reshape(2, -1)  # as TensorFlow lays it out
    assert {tap: relative(found[tap], expected[tap].numpy()) < 1e-5 for tap in TAPS} == dict.fromkeys(TAPS, True)


def test_features_of_different_images_differ(extract):
    pool = extract(random_images(1, 2, 64, 64))["pool"]
    assert relative(pool[0], pool[1]) > 0.01


def test_the_antialiased_convention_agrees_with_torchmetrics(weights):
    peer = pytest.importorskip("torchmetrics.image.fid")
    network = peer.NoTrainInceptionV3("inception-v3-compat", ["2048"], str(weights))
    images = random_images(2, 2, 400, 340)
    expected = network(torch.from_numpy(images)).numpy()
    found = EXTRACTOR.build(weights, "antialias", "cpu", ("pool",))(images)["pool"]
    assert relative(found, expected) < 1e-4  # the weights of torch's resize are float32


@pytest.mark.parametrize("mode", ["torch", "clean"])
def test_the_other_conventions_agree_with_pytorch_fid_and_clean_fid(weights, state, mode, monkeypatch):
    peer = pytest.importorskip({"torch": "pytorch_fid.inception", "clean": "cleanfid.resize"}[mode])
    images = random_images(2, 2, 64, 64)
    if mode == "torch":
        monkeypatch.setattr(peer, "load_state_dict_from_url", lambda url, progress: state)
        network = peer.InceptionV3([3]).eval()
        with torch.no_grad():
            expected = network(torch.from_numpy(images).float() / 255)[0].flatten(1).numpy()
    else:
        from metrics.extractors._inception import FIDInception
        from metrics.extractors.state import load_network

        pixels = np.stack([clean_pixels(peer, image) for image in images])
        with torch.no_grad():
            expected = load_network(FIDInception, weights)(torch.from_numpy((pixels - 128) / 128))["pool"].numpy()
    found = EXTRACTOR.build(weights, mode, "cpu", ("pool",))(images)["pool"]
    assert relative(found, expected) < 1e-5  # as the taps above


def clean_pixels(peer, image):
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # clean-fid names Pillow's mode in a deprecated way
        return peer.build_resizer("clean")(image.transpose(1, 2, 0)).transpose(2, 0, 1)


def test_rows_do_not_depend_on_the_batch(extract):
    images = random_images(3, 3, 32, 32)
    assert relative(extract(images)["pool"][2:], extract(images[2:])["pool"]) < 1e-6


def test_only_the_taps_asked_for_are_computed(weights):
    assert list(EXTRACTOR.build(weights, "tf1", "cpu", ("64",))(random_images(1, 1, 32, 32))) == ["64"]


def test_all_public_layouts_give_the_same_features(weights, state, tmp_path):
    images = random_images(1, 1, 32, 32)
    save_file(state, tmp_path / "inception.safetensors")
    layouts = [weights, write_pytorch_fid(tmp_path / "pt_inception.pth", state), tmp_path / "inception.safetensors"]
    first, *others = [EXTRACTOR.build(path, "tf1", "cpu", ("64",))(images)["64"] for path in layouts]
    assert all(np.array_equal(other, first) for other in others)


def test_other_weights_under_the_same_name_are_another_network(state, tmp_path):
    images = random_images(1, 1, 32, 32)
    features = []
    for scale in (1, 2):
        key = "Conv2d_2b_3x3.bn.weight"
        path = write_torch_fidelity(tmp_path / "inception.pth", {**state, key: scale * state[key]})
        features.append(EXTRACTOR.build(path, "tf1", "cpu", ("64",))(images)["64"])
    assert relative(*features) > 0.01


# ----- files that are no weights


class Code:
    def __reduce__(self):
        return (print, ("this ran",))


def zipped(path, name):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, "text")


def scripted(path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch says that TorchScript is old
        torch.jit.script(torch.nn.Linear(2, 2)).save(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (lambda path, state: torch.save(Code(), path), r"bad\.pth is a pickle with code in it"),
        (lambda path, state: path.write_bytes(b"not weights at all"), r"bad\.pth is .*damaged"),
        (lambda path, state: path.write_bytes(b""), r"bad\.pth is empty"),
        (lambda path, state: torch.save([1, 2], path), r"bad\.pth holds something else"),
        (
            lambda path, state: path.write_bytes(b"<!DOCTYPE html><title>404</title>"),
            "is a web page, probably from a failed",
        ),
        (lambda path, state: path.write_bytes(b"version https://git-lfs.github.com/spec/v1\n"), "is a git-lfs pointer"),
        (lambda path, state: path.write_bytes(b'{"model": 1}'), "is a JSON text"),
        (lambda path, state: path.write_bytes(b"\x89HDF\r\n"), "is an HDF5 file"),
        (lambda path, state: zipped(path, "a.npy"), r"is an \.npz of arrays"),
        (lambda path, state: zipped(path, "a.txt"), "is a zip without torch's tensors"),
        (lambda path, state: scripted(path), "is TorchScript, a program with its weights inside"),
        (lambda path, state: torch.save({"epoch": 3, "state_dict": {}}, path), "keeps the weights under 'state_dict'"),
        (lambda path, state: torch.save({"state": {}, "param_groups": []}, path), "the state of an optimiser"),
        (
            lambda path, state: torch.save({"module.fc.bias": torch.zeros(3)}, path),
            r"was saved from torch\.nn\.DataParallel: every name begins with 'module\.'",
        ),
        (
            lambda path, state: torch.save({"layer1.0.conv1.weight": torch.zeros(3)}, path),
            "another network, a ResNet as torchvision writes them",
        ),
        (
            lambda path, state: torch.save({"AuxLogits.conv0.conv.weight": torch.zeros(3)}, path),
            "use --extractor inception-torchvision",
        ),
        (lambda path, state: torch.save({**state, "extra": state["fc.bias"]}, path), "unknown key 'extra'"),
        (lambda path, state: torch.save({"fc.bias": state["fc.bias"]}, path), "lacks the key 'Conv2d_1a_3x3"),
        (
            lambda path, state: torch.save({**state, "fc.bias": torch.zeros(1000)}, path),
            r"'fc\.bias' has shape \(1000,\), expected \(1008,\)",
        ),
    ],
)
def test_a_file_that_is_no_weights_is_one_clear_error(state, tmp_path, capfd, content, message):
    path = tmp_path / "bad.pth"
    content(path, state)
    with pytest.raises(InputError, match=message) as caught:
        EXTRACTOR.build(path, "tf1", "cpu", ("pool",))
    assert "\n" not in str(caught.value)
    assert capfd.readouterr().out == ""


def test_a_truncated_weights_file_is_an_error(weights, tmp_path):
    path = tmp_path / "half.pth"
    path.write_bytes(weights.read_bytes()[:40_000_000])
    with pytest.raises(InputError, match=r"half\.pth is .*damaged"):
        EXTRACTOR.build(path, "tf1", "cpu", ("pool",))


def test_a_truncated_safetensors_file_is_an_error(tmp_path):
    save_file({"fc.bias": torch.zeros(1008)}, tmp_path / "w.safetensors")
    path = tmp_path / "half.safetensors"
    path.write_bytes((tmp_path / "w.safetensors").read_bytes()[:1000])
    with pytest.raises(InputError, match=r"half\.safetensors is damaged"):
        EXTRACTOR.build(path, "tf1", "cpu", ("pool",))


def test_missing_weights_name_the_command_that_gets_them():
    with pytest.raises(InputError, match="bench weights fetch inception"):
        EXTRACTOR.build(None, "tf1", "cpu", ("pool",))
