"""What the caller has set in torch and numpy moves no feature, no sample and no score, and is left as it was."""

from contextlib import ExitStack, contextmanager

import numpy as np
import pytest
import torch
from tiny_training import DATA, TINY, run, states_differ
from torch import nn
from torch.nn import functional as F

from genbench.surroundings import numpy_defaults, torch_defaults
from metrics.extractors import _engine
from reference_models import dcgan
from reference_models.loop import load, sample, untrained

SHAPE = (3, 12, 10)


class Network(nn.Module):
    """One convolution."""

    def __init__(self):
        super().__init__()
        self.convolution, self.linear = nn.Conv2d(3, 8, 3), nn.Linear(8, 4)

    def forward(self, x):
        return {"pool": self.linear(torch.flatten(F.adaptive_avg_pool2d(self.convolution(x), 1), 1))}


class MakesTensors(Network):
    """With a tensor made inside, as a network of somebody else may make it."""

    def forward(self, x):
        return {"pool": super().forward(x)["pool"] + torch.ones(4) / 3}


def seeded(kind=MakesTensors):
    torch.manual_seed(0)
    return kind().eval()


def batch():
    return np.random.default_rng(0).standard_normal((5, *SHAPE)).astype(np.float32)


@contextmanager
def default_dtype():
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(torch.float32)


@contextmanager
def reduced_precision():
    torch.set_float32_matmul_precision("medium")
    torch.backends.mkldnn.conv.fp32_precision = "bf16"
    try:
        yield
    finally:
        torch.set_float32_matmul_precision("highest")
        torch.backends.mkldnn.conv.fp32_precision = "none"


@contextmanager
def new_names():
    torch.backends.cudnn.conv.fp32_precision, torch.backends.fp32_precision = "ieee", "tf32"
    try:
        yield
    finally:
        torch.backends.cudnn.conv.fp32_precision, torch.backends.fp32_precision = "tf32", "none"


@contextmanager
def deterministic():
    torch.use_deterministic_algorithms(True)
    torch.backends.cudnn.deterministic = True
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(False)
        torch.backends.cudnn.deterministic = False


STATES = {
    "autocast": lambda: torch.autocast("cpu", dtype=torch.bfloat16),
    "float64 by default": default_dtype,
    "another default device": lambda: torch.device("meta"),
    "reduced precision": reduced_precision,
    "TF32 by the new names": new_names,
    "deterministic": deterministic,
    "inference mode": torch.inference_mode,
    "no gradients": torch.no_grad,
    "numpy raises": lambda: np.errstate(all="raise"),
}


@contextmanager
def everything():
    with ExitStack() as stack:
        for state in STATES.values():
            stack.enter_context(state())
        yield


STATES_AND_ALL = {**STATES, "all of them": everything}


@pytest.fixture(params=STATES_AND_ALL)
def state(request):
    return STATES_AND_ALL[request.param]


def settings():
    return (
        torch.get_default_dtype(),
        torch.get_default_device(),
        torch.is_autocast_enabled("cpu"),
        torch.is_grad_enabled(),
        torch.is_inference_mode_enabled(),
        torch.are_deterministic_algorithms_enabled(),
        torch.backends.cudnn.deterministic,
        torch.get_float32_matmul_precision(),
        torch.backends.mkldnn.matmul.fp32_precision,
        torch.backends.mkldnn.conv.fp32_precision,
        torch.backends.cudnn.conv.fp32_precision,
        torch.backends.cudnn.rnn.fp32_precision,
        np.geterr(),
    )


def random_states():
    drawn = np.random.get_state()[1].tolist()  # noqa: NPY002 - the global generator is what is looked at
    return torch.get_rng_state().tolist(), drawn  # beartype draws from Python's own


def test_torch_computes_the_same_features_under_any_state(state):
    expected = _engine.torch_network(seeded, ("pool",), "cpu")(batch())["pool"]
    with state():
        found = _engine.torch_network(seeded, ("pool",), "cpu")(batch())["pool"]
    assert found.dtype == np.float32
    assert np.array_equal(found, expected)


def test_a_network_made_before_is_run_the_same_under_any_state(state):
    run = _engine.torch_network(seeded, ("pool",), "cpu")
    expected = run(batch())["pool"]
    with state():
        assert np.array_equal(run(batch())["pool"], expected)


def test_the_compiled_network_is_the_same_under_any_state(state):
    expected = _engine.compile_network(lambda: seeded(Network), "plain", SHAPE, ("pool",))(batch())["pool"]
    with state():
        found = _engine.compile_network(lambda: seeded(Network), "in a state", SHAPE, ("pool",))(batch())["pool"]
    assert np.array_equal(found, expected)


def test_the_state_of_the_caller_is_left_as_it_was(state):
    with state():
        before, drawn = settings(), random_states()
        _engine.torch_network(seeded, ("pool",), "cpu")(batch())
        assert (settings(), random_states()) == (before, drawn)


def test_the_state_comes_back_after_an_error(state):
    with state():
        before = settings()
        with pytest.raises(KeyError), torch_defaults("cpu"), numpy_defaults():
            raise KeyError
        assert settings() == before


def test_the_compiler_of_torch_is_not_imported_for_what_is_so_already(monkeypatch):
    def importing(*given, **how):
        raise AssertionError("to set this torch imports its compiler, which takes 2 s")

    monkeypatch.setattr(torch, "use_deterministic_algorithms", importing)
    with torch_defaults("cpu"):
        assert not torch.are_deterministic_algorithms_enabled()


def test_inside_there_are_gradients_for_a_training_only():
    with torch_defaults("cpu"):
        assert not torch.is_grad_enabled()
    with torch.no_grad(), torch_defaults("cpu", training=True):
        assert torch.is_grad_enabled()


def test_an_underflow_is_no_error_inside():
    with np.errstate(all="raise"), numpy_defaults():
        assert np.float64(1e-300) * np.float64(1e-300) == 0


# ----- reference models


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    run(folder, 2)
    return folder


def test_a_training_is_the_same_under_any_state(trained, tmp_path):
    with everything():
        before, drawn = settings(), random_states()
        run(tmp_path, 2)
        assert (settings(), random_states()) == (before, drawn)
    assert states_differ(trained, tmp_path) == set()


def test_samples_are_the_same_under_any_state(trained, state):
    expected = sample(load(trained).model, 0, 0, 8)
    with state():
        before, drawn = settings(), random_states()
        found = sample(load(trained).model, 0, 0, 8)
        assert (settings(), random_states()) == (before, drawn)
    assert np.array_equal(found, expected)


def test_an_untrained_model_is_the_same_under_any_state(state):
    expected = untrained(dcgan.MODEL, TINY, DATA, 0).state_dict()
    with state():
        before, drawn = settings(), random_states()
        found = untrained(dcgan.MODEL, TINY, DATA, 0).state_dict()
        assert (settings(), random_states()) == (before, drawn)
    assert all(torch.equal(found[name], value) for name, value in expected.items())


@pytest.mark.parametrize("training", [False, True])
def test_inside_torch_answers_what_its_own_exporter_asks(training, state):
    with state(), torch_defaults("cpu", training=training):
        assert torch.backends.cudnn.allow_tf32 == training
        assert not torch.backends.cuda.matmul.allow_tf32
