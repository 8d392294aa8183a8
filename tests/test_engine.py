"""The CPU engine against eager torch on small networks, and the file it keeps."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from genbench.places import cache_folder
from metrics.errors import InputError
from metrics.extractors import _graph
from metrics.extractors._engine import compile_network

SHAPE = (3, 12, 10)


class Layers(nn.Module):
    """Every layer that the ONNX writer knows, as a module or as a function."""

    def __init__(self):
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU())
        self.grouped = nn.Conv2d(8, 8, (1, 3), stride=2, padding=(0, 2), dilation=(1, 2), groups=4)
        self.lone_norm = nn.BatchNorm2d(16)
        self.average = nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False)
        self.maximum = nn.MaxPool2d(2)
        self.head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(), nn.Linear(16, 5))
        self.tail = nn.Linear(5, 4, bias=False)
        self.bias = nn.Parameter(torch.randn(4))

    def forward(self, x):
        x = self.grouped(self.first(x))
        x = self.lone_norm(torch.cat([self.average(x), F.avg_pool2d(x, 3, 1, 1)], 1))
        x = F.relu(x, inplace=True)
        head = self.head(self.maximum(F.max_pool2d(x, kernel_size=2, stride=1)))
        return {
            "head": head,
            "tail": torch.relu(self.tail(head)),
            "biased": F.linear(head, self.tail.weight) + self.bias,
            "mean": torch.flatten(F.adaptive_avg_pool2d(x, (1, 1)), 1),
        }


class Attention(nn.Module):
    """Layers that the ONNX writer does not know."""

    def __init__(self):
        super().__init__()
        self.norm, self.linear = nn.LayerNorm(10), nn.Linear(10, 4)

    def forward(self, x):
        tokens = F.gelu(self.linear(self.norm(x.flatten(1, 2))))
        return {"pool": tokens.mean(1)}


class Branching(nn.Module):
    """Control flow, which cannot be traced symbolically."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(10, 4)

    def forward(self, x):
        if x.shape[1] != 3:
            x = x.repeat(1, 3, 1, 1)
        return {"pool": self.linear(x).mean((1, 2))}


def seeded(kind):
    torch.manual_seed(0)
    network = kind().eval()
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            for values in (layer.weight, layer.running_var):
                nn.init.uniform_(values, 0.5, 2)
            for values in (layer.bias, layer.running_mean):
                nn.init.normal_(values)
    return network


def batch(count=3):
    return np.random.default_rng(0).standard_normal((count, *SHAPE)).astype(np.float32)


def never():
    raise AssertionError("the network was made again")


@pytest.mark.parametrize("kind", [Layers, Attention, Branching])
def test_the_engine_computes_what_torch_computes(kind):
    with torch.no_grad():
        expected = seeded(kind)(torch.from_numpy(batch()))
    found = compile_network(lambda: seeded(kind), kind.__name__, SHAPE, tuple(expected), "cpu")(batch())
    for name, value in expected.items():
        assert found[name].dtype == np.float32
        assert found[name] == pytest.approx(value.numpy(), rel=1e-5, abs=1e-5)  # float32 sums in another order


def test_any_batch_size_runs():
    run = compile_network(lambda: seeded(Layers), "any", SHAPE, ("head",), "cpu")
    assert [run(batch(count))["head"].shape for count in (1, 7)] == [(1, 5), (7, 5)]


def test_batch_norm_is_folded_where_it_follows_a_convolution():
    kinds = [type(layer) for layer in _graph.select(seeded(Layers), ("head",)).modules()]
    assert kinds.count(nn.BatchNorm2d) == 1  # the one behind a concatenation


def test_layers_behind_the_last_output_are_left_out():
    assert not [layer for layer in _graph.select(seeded(Layers), ("mean",)).modules() if isinstance(layer, nn.Linear)]


def test_the_known_layers_need_no_torch_exporter(monkeypatch):
    monkeypatch.setattr(torch.onnx, "export", never)
    compile_network(lambda: seeded(Layers), "known", SHAPE, ("head", "tail", "biased", "mean"), "cpu")


def test_the_engine_runs_on_the_cpu_quietly_and_without_threads_that_wait_for_work(monkeypatch):
    import onnxruntime

    made = []
    monkeypatch.setattr(onnxruntime, "InferenceSession", lambda *given, **options: made.append((given, options)))
    compile_network(lambda: seeded(Layers), "options", SHAPE, ("head",), "cpu")
    ((_, options), where), *_ = made
    assert where == {"providers": ["CPUExecutionProvider"]}
    assert options.log_severity_level == 3
    assert options.get_session_config_entry("session.intra_op.allow_spinning") == "0"


# ----- what is kept


def test_the_kept_network_is_used_again():
    first = compile_network(lambda: seeded(Layers), "key", SHAPE, ("head",), "cpu")(batch())
    again = compile_network(never, "key", SHAPE, ("head",), "cpu")(batch())
    assert np.array_equal(first["head"], again["head"])


def test_another_key_or_other_outputs_are_another_network():
    compile_network(lambda: seeded(Layers), "key", SHAPE, ("head",), "cpu")
    compile_network(lambda: seeded(Layers), "other", SHAPE, ("head",), "cpu")
    compile_network(lambda: seeded(Layers), "key", SHAPE, ("mean",), "cpu")
    assert len(list((cache_folder() / "engines").iterdir())) == 3


@pytest.mark.parametrize(
    "damage",
    [
        lambda kept: kept[:-100],
        lambda kept: b"",
        lambda kept: b"no network",
        lambda kept: kept[:500] + b"x" + kept[501:],
    ],
    ids=["truncated", "empty", "foreign", "one byte"],
)
def test_a_damaged_file_is_a_miss(damage):
    first = compile_network(lambda: seeded(Layers), "key", SHAPE, ("head",), "cpu")(batch())
    [path] = (cache_folder() / "engines").iterdir()
    kept = path.read_bytes()
    path.write_bytes(damage(kept))
    again = compile_network(lambda: seeded(Layers), "key", SHAPE, ("head",), "cpu")(batch())
    assert np.array_equal(first["head"], again["head"])
    assert path.read_bytes() == kept


def test_a_cache_that_cannot_be_written_costs_a_warning_and_not_the_result(monkeypatch, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("BENCH_CACHE", str(tmp_path / "file"))
    with pytest.warns(UserWarning, match="cannot be kept"):
        run = compile_network(lambda: seeded(Layers), "key", SHAPE, ("head",), "cpu")
    assert run(batch())["head"].shape == (3, 5)


def test_a_write_that_breaks_off_leaves_nothing(monkeypatch):
    def full(self, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.warns(UserWarning, match="No space left on device"):
        compile_network(lambda: seeded(Layers), "key", SHAPE, ("head",), "cpu")
    assert list((cache_folder() / "engines").iterdir()) == []


def test_a_kept_network_runs_without_torch():
    compile_network(lambda: seeded(Layers), "key", SHAPE, ("head",), "cpu")
    program = (
        "import sys; from metrics.extractors._engine import compile_network;"
        f"compile_network(None, 'key', {SHAPE}, ('head',), 'cpu'); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


# ----- devices


@pytest.mark.parametrize("device", ["gpu", "cuda:x", "mps", ""])
def test_an_unknown_device_is_an_error(device):
    with pytest.raises(InputError, match="expected cpu, cuda or cuda:N"):
        compile_network(never, "key", SHAPE, ("head",), device)


@pytest.mark.skipif(torch.cuda.is_available(), reason="has a GPU")
def test_a_gpu_that_is_not_there_is_an_error():
    with pytest.raises(InputError, match="torch sees no CUDA GPU"):
        compile_network(never, "key", SHAPE, ("head",), "cuda")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
def test_the_gpu_computes_what_the_cpu_computes():
    on_cpu = compile_network(lambda: seeded(Layers), "key", SHAPE, ("head",), "cpu")(batch())["head"]
    on_gpu = compile_network(lambda: seeded(Layers), "key", SHAPE, ("head",), "cuda")(batch())["head"]
    assert on_gpu == pytest.approx(on_cpu, rel=1e-5, abs=1e-5)  # float32, no TF32


def test_threads_that_need_one_network_at_once_make_it_once():
    made = []

    def make():
        made.append(1)
        return seeded(Layers)

    def compiled(_):
        return compile_network(make, "at once", SHAPE, ("head",))(batch())["head"]

    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(compiled, range(3)))
    assert len(made) == 1
    assert all((one == found[0]).all() for one in found)
