"""Anybody's network as an extractor, by name: of torchvision, of timm, in an ONNX file, in TorchScript."""

import hashlib
import warnings
from importlib import metadata

import numpy as np
import onnx
import pytest
import torch
from _random_weights import random_images
from click.testing import CliRunner
from onnx import TensorProto, helper, numpy_helper
from PIL import Image
from torch import nn

from bench import registry, weights
from bench.cli import main
from bench.measuring.measure import measure
from metrics.errors import InputError
from metrics.extractors import _own_libraries, own_networks

SIDE = 8


@pytest.fixture
def pictures(tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number, image in enumerate(random_images(0, 6, 12, 10)):
        Image.fromarray(image.transpose(1, 2, 0)).save(folder / f"{number}.png")
    return str(folder)


def refusal(*arguments):
    """The one line that `bench fid` ends with."""
    result = CliRunner().invoke(main, ["fid", *map(str, arguments)])
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1), result.output
    return result.stderr


# ----- ONNX

WEIGHT = np.random.RandomState(0).randn(3 * SIDE * SIDE, 5).astype(np.float32)


def model(path, *, weight=WEIGHT, batch="b", flat=True, outputs=1, input_type=TensorProto.FLOAT):
    """An ONNX file: flattened images times a matrix."""
    nodes = [helper.make_node("Flatten", ["images"], ["rows"]), helper.make_node("MatMul", ["rows", "w"], ["out0"])]
    nodes += [helper.make_node("Neg", ["out0"], [f"out{number}"]) for number in range(1, outputs)]
    if not flat:
        nodes = [helper.make_node("Relu", ["images"], ["out0"])]
    graph = helper.make_graph(
        nodes,
        "network",
        [helper.make_tensor_value_info("images", input_type, [batch, 3, SIDE, SIDE])],
        [helper.make_tensor_value_info(f"out{number}", input_type, None) for number in range(outputs)],
        [numpy_helper.from_array(weight, "w")],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    path.write_bytes(made.SerializeToString())
    return path


def features_of(name, images, resize="clean", **settings):
    made = measure(name, resize=resize, device="cpu", cache=False, **settings)
    return made.extractor.build(made.weights.path, resize, "cpu", tuple(made.extractor.taps))(images)


@pytest.mark.parametrize("batch", ["b", 1, 4])
def test_a_model_gives_the_features_that_it_computes(tmp_path, batch):
    images = random_images(1, 6, SIDE, SIDE)
    found = features_of(f"onnx:{model(tmp_path / 'net.onnx', batch=batch)}", images, "clean/0..1")["pool"]
    assert found == pytest.approx(images.reshape(6, -1).astype(np.float32) / 255 @ WEIGHT, rel=1e-5, abs=1e-5)


def test_its_sha256_is_a_part_of_the_question_and_its_place_is_not(tmp_path):
    path = model(tmp_path / "net.onnx")
    question = measure(f"onnx:{path}", device="cpu", cache=False).question
    assert question == {
        "extractor": "onnx:net.onnx",
        "extractor_version": 1,
        "extractor_sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "resize": "clean",
    }


@pytest.mark.parametrize(
    ("preprocessing", "white"),
    [
        ("clean", (1 - 0.485) / 0.229),
        ("pillow/clip", (1 - 0.48145466) / 0.26862954),
        ("torch/-1..1", 1),
        ("tf1/0..1", 1),
        ("clean/0..255", 255),
    ],
)
def test_a_named_preprocessing_does_what_its_name_says(preprocessing, white):
    found = own_networks.prepared(np.full((1, 3, 5, 7), 255, np.uint8), preprocessing, SIDE)
    assert found.shape == (1, 3, SIDE, SIDE)
    assert found[0, 0] == pytest.approx(white, rel=1e-4)


def test_one_of_several_outputs_is_named(tmp_path):
    path = model(tmp_path / "net.onnx", outputs=2)
    images = random_images(1, 2, SIDE, SIDE)
    first, second = (features_of(f"onnx:{path}#out{number}", images)["pool"] for number in (0, 1))
    assert np.array_equal(first, -second)


def test_a_network_runs_from_the_command_line_and_is_never_mixed(tmp_path, pictures):
    path = model(tmp_path / "net.onnx")
    result = CliRunner().invoke(main, ["fid", pictures, pictures, "--extractor", f"onnx:{path}", "--no-cache"])
    assert result.exit_code == 0, result.output
    assert "onnx:net.onnx" in result.output and "never compare it with an Inception FID" in result.output


def not_a_model(path):
    path.write_bytes(b"\xff\xfe nothing of the kind")
    return path


def nan_features(path):
    return model(path, weight=np.full_like(WEIGHT, np.nan))


@pytest.mark.parametrize(
    ("write", "said"),
    [
        (not_a_model, "is no ONNX model"),
        (lambda path: path, "no file"),
        (lambda path: model(path, flat=False), "expected [1, d], one row of features per image"),
        (lambda path: model(path, outputs=2), "name one, as in onnx:FILE#out0"),
        (
            lambda path: model(path, weight=WEIGHT.astype(np.float64), input_type=TensorProto.DOUBLE),
            "expected one, float32 images [b, 3, h, w]",
        ),
        (lambda path: model(path, weight=WEIGHT[:7]), "cannot be "),
        (nan_features, "is not finite"),
    ],
)
def test_what_is_no_such_network_is_told_in_one_line(tmp_path, pictures, write, said):
    assert said in refusal(pictures, pictures, "--extractor", f"onnx:{write(tmp_path / 'net.onnx')}", "--no-cache")


def test_weights_outside_of_the_file_are_refused(tmp_path):
    path = model(tmp_path / "net.onnx")
    onnx.save_model(
        onnx.load(path), path, save_as_external_data=True, location="weights", size_threshold=0, convert_attribute=True
    )
    with pytest.raises(InputError, match="keeps weights in another file"):
        measure(f"onnx:{path}", device="cpu")


# ----- TorchScript


@pytest.fixture
def script(tmp_path):
    path = tmp_path / "net.pt"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # newer versions of torch discourage it
        torch.jit.script(nn.Sequential(nn.AdaptiveAvgPool2d(2), nn.Flatten())).save(str(path))
    return path


def test_torchscript_runs_for_those_who_trust_it_only(script, pictures):
    told = refusal(pictures, pictures, "--extractor", f"torchscript:{script}")
    assert "which is code" in told and "--trust-code" in told


def test_torchscript_gives_the_features_that_it_computes(script):
    images = random_images(1, 2, 224, 224)
    found = features_of(f"torchscript:{script}", images, "clean/0..255", trust_code=True)["pool"]
    expected = images.reshape(2, 3, 2, 112, 2, 112).mean((3, 5)).reshape(2, 12)
    assert found == pytest.approx(expected, rel=1e-4)


def test_other_bytes_are_no_torchscript(tmp_path, pictures):
    path = not_a_model(tmp_path / "net.pt")
    assert "is no TorchScript" in refusal(pictures, pictures, "--extractor", f"torchscript:{path}", "--trust-code")


# ----- torchvision and timm


def random_torchvision(path, name):
    from torchvision import models

    torch.manual_seed(0)
    network = models.get_model(name, weights=None).eval()
    torch.save(network.state_dict(), path)
    return network


# What each has that the others lack: none of it; a hard swish; numbers that it is made by; whole numbers in its file.
@pytest.mark.parametrize(
    ("name", "width"), [("resnet18", 512), ("mobilenet_v3_small", 1024), ("regnet_x_400mf", 400), ("swin_t", 768)]
)
def test_a_network_of_torchvision_is_cut_open_at_its_last_linear_layer(tmp_path, name, width):
    network = random_torchvision(tmp_path / "net.pth", name)
    images = random_images(0, 2, 224, 224)
    found = features_of(f"torchvision:{name}", images, "clean/-1..1", weights_file=tmp_path / "net.pth")
    last = [one for one in network.modules() if isinstance(one, nn.Linear)][-1]
    seen = []
    last.register_forward_hook(lambda module, inputs, output: seen.extend((inputs[0], output)))
    with torch.inference_mode():
        network(torch.from_numpy(images) / 127.5 - 1)
    assert found["pool"].shape == (2, width)
    for tap, expected in zip(("pool", "logits"), seen, strict=True):
        assert np.abs(found[tap] - expected.numpy()).max() < 1e-4 * expected.abs().max()


# The second has numbers that no file holds.
@pytest.mark.parametrize("name", ["resnet18", "swin_tiny_patch4_window7_224"])
def test_a_network_of_timm_is_cut_open_where_timm_says(tmp_path, name):
    import timm

    torch.manual_seed(0)
    network = timm.create_model(name).eval()
    torch.save(network.state_dict(), tmp_path / "net.pth")
    images = random_images(0, 2, 224, 224)
    found = features_of(f"timm:{name}", images, "clean/0..1", weights_file=tmp_path / "net.pth")
    with torch.inference_mode():
        pixels = torch.from_numpy(images) / 255
        pool = network.forward_head(network.forward_features(pixels), pre_logits=True)
        for tap, expected in (("pool", pool), ("logits", network(pixels))):
            assert np.abs(found[tap] - expected.numpy()).max() < 1e-4 * expected.abs().max()


def test_a_network_without_a_classifier_has_no_logits():
    extractor = registry.load("extractors", "timm:vit_small_patch14_dinov2").opened()
    assert (extractor.taps, extractor.logits, extractor.classes) == ({"pool": 384}, "", 0)


def test_every_published_file_of_a_network_will_do_the_usual_one_first():
    extractor = registry.load("extractors", "torchvision:resnet50").opened()
    assert (extractor.taps, extractor.classes) == ({"pool": 2048, "logits": 1000}, 1000)
    assert (extractor.name, extractor.title, extractor.family) == ("torchvision:resnet50",) * 3
    assert (extractor.source, extractor.logits, extractor.pool) == ("the library torchvision", "logits", "pool")
    assert (extractor.class_names()[:2], extractor.version) == (("tench", "goldfish"), _own_libraries.VERSION)
    assert [file.name for file in extractor.weights] == ["resnet50-11ad3fa6.pth", "resnet50-0676ba61.pth"]
    assert [file.sha256 for file in extractor.weights] == ["11ad3fa6", "0676ba61"]


def test_weights_of_timm_are_those_of_the_hub():
    extractor = registry.load("extractors", "timm:resnet18.a1_in1k").opened()
    (file,) = extractor.weights
    assert extractor.needed == _own_libraries.TIMM
    assert (file.hub, file.name_in_hub, file.sha256) == ("timm/resnet18.a1_in1k", "model.safetensors", "")


def test_the_scaling_that_a_network_of_timm_was_trained_with_is_its_default():
    usual = registry.load("extractors", "timm:resnet18").opened().resize[0]
    other = registry.load("extractors", "timm:vit_base_patch16_224.augreg_in21k").opened().resize[0]
    assert (usual, other) == ("clean", "clean/-1..1")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("torchvision:resnet5O", "'resnet50'"),
        ("torchvision:squeezenet1_0", "has no linear layer"),
        ("torchvision:densenet121", "has no classifier"),
        ("timm:resnet_18", "Did you mean"),
        ("timm:resnet18.no_such", "timm has no weights"),
        ("timm:deit_tiny_distilled_patch16_224", "cannot be cut open at its classifier"),
        ("torchvison:resnet50", "no extractor"),
    ],
)
def test_a_name_that_is_not_there_is_told(pictures, name, said):
    assert said in refusal(pictures, pictures, "--extractor", name)


def test_timm_that_is_not_installed_is_told(pictures, monkeypatch):
    def missing(distribution):
        raise metadata.PackageNotFoundError(distribution)

    monkeypatch.setattr(metadata, "version", missing)
    assert 'pip install "genbench[timm]"' in refusal(pictures, pictures, "--extractor", "timm:resnet18")


def test_weights_of_another_network_are_told(tmp_path, pictures):
    random_torchvision(tmp_path / "net.pth", "mobilenet_v3_small")
    told = refusal(pictures, pictures, "--extractor", "torchvision:resnet18", "--weights", tmp_path / "net.pth")
    assert "lacks the key" in told and "it belongs to another network" in told


def test_weights_that_are_missing_are_told_and_can_be_fetched_by_name(pictures):
    assert "resnet18-f37072fd.pth" in refusal(pictures, pictures, "--extractor", "torchvision:resnet18")
    assert weights.fetchable("torchvision:resnet18")[0].url.endswith("resnet18-f37072fd.pth")


# ----- before anything is looked at


@pytest.mark.parametrize("name", ["torchvision:resnet50", "timm:resnet50", "onnx:gone.onnx", "torchscript:gone.pt"])
def test_tables_of_a_record_need_neither_the_library_nor_the_file(name):
    extractor = registry.load("extractors", name)
    assert (extractor.name, extractor.is_inception, extractor.taps) == (name, False, {"pool": 0})
    assert registry.package_of("extractors", name) == ""
