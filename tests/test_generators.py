"""Somebody's generator, run in a process of its own within limits."""

import os
import warnings

import numpy as np
import onnx
import pytest
import torch
from onnx import StringStringEntryProto, TensorProto, external_data_helper, helper, numpy_helper

from bench.leaderboard.entries import Origin
from bench.measuring.evaluation import SAMPLING_SEED
from bench.submissions import _generator_process, _isolation
from bench.submissions import generators as _generators
from bench.submissions.generators import GeneratorSpec, Limits, parse_shape, sample_generator
from metrics.errors import InputError
from reference_models.loop import Noise

SHAPE = (1, 4, 6)
WEIGHTS = np.random.RandomState(0).randn(3, 24).astype(np.float32) / 3
SPEC = GeneratorSpec((3,))


def onnx_generator(path, *, inputs=("z",), batch="n", scale=1.0, output=(-1, 1, 4, 6), weights=WEIGHTS):
    """tanh(z W) * scale as an ONNX file."""
    nodes = [
        helper.make_node("MatMul", ["z", "w"], ["a"]),
        helper.make_node("Tanh", ["a"], ["b"]),
        helper.make_node("Mul", ["b", "scale"], ["c"]),
        helper.make_node("Reshape", ["c", "shape"], ["images"]),
    ]
    values = {"w": weights, "scale": np.float32(scale), "shape": np.array(output, np.int64)}
    graph = helper.make_graph(
        nodes,
        "generator",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, [batch, len(weights)]) for name in inputs],
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in values.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, path)
    return path


class Generator(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.weights = torch.nn.Parameter(torch.from_numpy(WEIGHTS))

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        return torch.tanh(z.flatten(1) @ self.weights).reshape(-1, 1, 4, 6)


def torchscript_generator(path, module=None):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch says that TorchScript is old
        torch.jit.script(module or Generator()).save(path)
    return path


def by_hand(count, scale=1.0):
    """The images of `onnx_generator`, from the same noise."""
    noise = Noise(SAMPLING_SEED, 0, count).normal(3).numpy()
    values = (np.tanh(noise @ WEIGHTS) * scale).reshape(count, *SHAPE).astype(np.float64)
    return np.floor((values * 127.5 + 128).clip(0, 255)).astype(np.uint8)


def sampled(kind, path, spec=SPEC, count=70, limits=None):
    return sample_generator(kind, path, spec, count, SHAPE, limits or Limits())


@pytest.mark.parametrize("batch", ["n", 16])
def test_an_onnx_generator_makes_the_images_of_the_same_noise(tmp_path, batch):
    shape = (-1, 1, 4, 6) if batch == "n" else (16, 1, 4, 6)
    images, remarks, _ = sampled("onnx", onnx_generator(tmp_path / "g.onnx", batch=batch, output=shape))
    assert images.shape == (70, *SHAPE)
    assert np.abs(images.astype(int) - by_hand(70)).max() <= 1  # tanh in float32
    assert remarks == ()


def test_a_torchscript_generator_makes_them_too_and_takes_noise_of_any_shape(tmp_path):
    path = torchscript_generator(tmp_path / "g.pt")
    images, _, _ = sampled("torchscript", path, GeneratorSpec(parse_shape("3x1x1")))
    assert np.abs(images.astype(int) - by_hand(70)).max() <= 1


def test_an_image_depends_on_its_row_only(tmp_path):
    path = onnx_generator(tmp_path / "g.onnx")
    assert np.array_equal(sampled("onnx", path, count=10)[0], sampled("onnx", path, count=70)[0][:10])


@pytest.mark.parametrize(("output", "scale"), [("0..1", 1 / 255), ("0..255", 1.0)])
def test_values_become_bytes_by_the_rule_of_their_range(tmp_path, output, scale):
    values = 255 * scale
    path = onnx_generator(tmp_path / "g.onnx", scale=values)
    images, remarks, _ = sampled("onnx", path, GeneratorSpec((3,), "normal", output))
    noise = Noise(SAMPLING_SEED, 0, 70).normal(3).numpy()
    expected = np.rint((np.tanh(noise @ WEIGHTS).clip(0, 1) * 255).reshape(70, *SHAPE))
    assert np.abs(images - expected).max() <= 1
    assert "were clipped" in remarks[0]


def test_channels_may_come_last(tmp_path):
    images, _, _ = sampled("onnx", onnx_generator(tmp_path / "g.onnx", output=(-1, 4, 6, 1)))
    assert images.shape == (70, *SHAPE)


@pytest.mark.parametrize(("noise", "low"), [("uniform-1..1", -1), ("uniform0..1", 0)])
def test_uniform_noise_fills_its_range(tmp_path, noise, low):
    from bench.submissions.generators import _noise

    values = _noise(GeneratorSpec((5,), noise), 400)
    assert low < values.min() < low + 0.05
    assert 0.95 < values.max() < 1


def test_what_a_spec_says_in_an_entry_makes_the_same_spec():
    spec = GeneratorSpec((100, 1, 1), "uniform-1..1", "0..1")
    settings = Origin("onnx", settings=spec.as_settings()).settings
    assert GeneratorSpec.of_settings(settings) == spec
    with pytest.raises(InputError, match="no noise and output range"):
        GeneratorSpec.of_settings({})


@pytest.mark.parametrize("text", ["", "0", "-3", "3x", "axb", "3.5", "9999999", "1x9999999999999999999"])
def test_a_noise_length_that_is_none_is_refused(text):
    with pytest.raises(InputError, match="--noise-dim"):
        parse_shape(text)


@pytest.mark.parametrize(
    ("make", "spec", "said"),
    [
        (lambda path: path.write_bytes(b"no onnx"), SPEC, "is not an ONNX model"),
        (lambda path: onnx_generator(path), GeneratorSpec((7,)), "Got: 7 Expected: 3"),
        (lambda path: onnx_generator(path, scale=float("nan")), SPEC, "not finite, first for noise row 0"),
        (lambda path: onnx_generator(path, output=(-1, 24)), SPEC, r"gives \[70, 24\] for 70 rows"),
        (lambda path: onnx_generator(path, inputs=("z", "labels")), SPEC, "takes 2 inputs"),
    ],
)
def test_what_is_no_generator_of_images_is_told_in_a_line(tmp_path, make, spec, said):
    make(tmp_path / "g.onnx")
    with pytest.raises(InputError, match=said) as refused:
        sampled("onnx", tmp_path / "g.onnx", spec)
    assert "\n" not in str(refused.value)


ELSEWHERE = TensorProto(
    name="hidden",
    data_type=TensorProto.FLOAT,
    dims=[3, 24],
    data_location=TensorProto.EXTERNAL,
    external_data=[StringStringEntryProto(key="location", value="noise.npy")],
)
HALF = helper.make_node("Constant", [], ["v"], value=ELSEWHERE)


def in_an_initializer(model):
    model.graph.initializer[0].CopyFrom(ELSEWHERE)


def in_a_sparse_initializer(model):
    model.graph.sparse_initializer.add().values.CopyFrom(ELSEWHERE)


def in_a_node(model):
    model.graph.node.add().CopyFrom(HALF)


def in_a_graph_of_a_node(model):
    inner = helper.make_graph([HALF], "inner", [], [])
    node = helper.make_node("If", ["z"], ["y"], then_branch=helper.make_graph([], "empty", [], []), else_branch=inner)
    model.graph.node.add().CopyFrom(node)


def in_a_function(model):
    model.functions.add().node.add().CopyFrom(HALF)


def in_what_trains(model):
    model.training_info.add().algorithm.initializer.add().CopyFrom(ELSEWHERE)


def without_saying_external(model):
    model.graph.initializer[0].CopyFrom(ELSEWHERE)
    model.graph.initializer[0].data_location = TensorProto.DEFAULT


PLACES = [
    in_an_initializer,
    in_a_sparse_initializer,
    in_a_node,
    in_a_graph_of_a_node,
    in_a_function,
    in_what_trains,
    without_saying_external,
]


@pytest.mark.parametrize("place", PLACES)
def test_tensors_outside_of_the_onnx_file_are_refused_wherever_they_stand(tmp_path, place):
    model = onnx.load(onnx_generator(tmp_path / "g.onnx"))
    place(model)
    onnx.save(model, tmp_path / "g.onnx")
    with pytest.raises(_generator_process._Told, match="keeps its tensor 'hidden' in another file"):
        _generator_process._onnx(tmp_path / "g.onnx")


def test_weights_outside_of_the_onnx_file_are_out_of_reach(tmp_path):
    model = onnx.load(onnx_generator(tmp_path / "g.onnx"))
    for one in model.graph.initializer:
        external_data_helper.set_external_data(one, "noise.npy")  # which lies in the folder that it runs in
    (tmp_path / "g.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(InputError, match="tensor 'w' in another file; save the model with all weights inside"):
        sampled("onnx", tmp_path / "g.onnx")


def test_a_file_without_a_graph_is_no_model(tmp_path):
    (tmp_path / "g.onnx").write_bytes(b"")
    with pytest.raises(_generator_process._Told, match="it has no graph"):
        _generator_process._onnx(tmp_path / "g.onnx")


def test_a_pickle_is_no_torchscript(tmp_path):
    torch.save({"weights": torch.zeros(3)}, tmp_path / "g.pt")
    with pytest.raises(InputError, match="cannot be run"):
        sampled("torchscript", tmp_path / "g.pt")


class Endless(torch.nn.Module):
    def forward(self, z: torch.Tensor) -> torch.Tensor:
        while bool(z.sum() == z.sum()):
            z = z + 1
        return z


class Greedy(torch.nn.Module):
    def forward(self, z: torch.Tensor) -> torch.Tensor:
        return torch.ones(2_000_000_000, 4)[: len(z)]


def test_a_generator_that_does_not_end_is_stopped(tmp_path):
    path = torchscript_generator(tmp_path / "g.pt", Endless())
    with pytest.raises(InputError, match=r"took longer than 0\.05 minutes; raise --generator-minutes"):
        sampled("torchscript", path, limits=Limits(minutes=0.05))


@pytest.mark.skipif(os.name != "posix", reason="only POSIX limits memory")
def test_a_generator_that_takes_too_much_memory_is_stopped(tmp_path):
    path = torchscript_generator(tmp_path / "g.pt", Greedy())
    with pytest.raises(InputError, match="needs more memory than it is given, see --generator-memory"):
        sampled("torchscript", path, limits=Limits(gib=12))


def test_the_process_sees_no_variables_but_the_few_that_it_needs(tmp_path, monkeypatch):
    monkeypatch.setenv("SOME_SECRET", "told")
    seen = {}
    monkeypatch.setattr(_generators, "isolation", lambda: _isolation.NOTHING)
    monkeypatch.setattr("subprocess.Popen", lambda command, **how: seen.update(how) or pytest.skip("seen"))
    with pytest.raises(pytest.skip.Exception):
        sampled("onnx", onnx_generator(tmp_path / "g.onnx"))
    assert "SOME_SECRET" not in seen["env"]
