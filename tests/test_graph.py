"""What the writer of ONNX leaves to torch's exporter, layer by layer; and what shared layers come to."""

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from metrics.extractors import _graph

SHAPE = (4, 9, 8)


class Net(nn.Module):
    """Layers by name, and what is done with them and the images."""

    def __init__(self, forward, **layers):
        super().__init__()
        self.of = forward
        for name, layer in layers.items():
            setattr(self, name, layer)

    def forward(self, x):
        return {"out": torch.flatten(self.of(self, x), 1)}


def seeded(make):
    torch.manual_seed(0)
    network = make().eval()
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            for values in (layer.weight, layer.running_var):
                nn.init.uniform_(values, 0.5, 2) if values is not None else None
            for values in (layer.bias, layer.running_mean):
                nn.init.normal_(values) if values is not None else None
    return network


def one(layer):
    return lambda: Net(lambda net, x: net.layer(x), layer=layer())


def norm():
    return nn.BatchNorm2d(4)


KNOWN = {  # written here, and computed as torch does
    "a convolution without bias": one(lambda: nn.Conv2d(4, 3, 3, bias=False)),
    "strides, padding and dilation of each side": one(lambda: nn.Conv2d(4, 4, (3, 2), (2, 1), (1, 2), (2, 1), 2)),
    "norm behind one convolution": lambda: Net(lambda net, x: net.n(net.c(x)), c=nn.Conv2d(4, 4, 1), n=norm()),
    "norm behind a convolution that somebody else reads": lambda: Net(
        lambda net, x: net.n(y := net.c(x)) + y, c=nn.Conv2d(4, 4, 1), n=norm()
    ),
    "norm behind a convolution that is used twice": lambda: Net(
        lambda net, x: net.c(net.n(net.c(x))), c=nn.Conv2d(4, 4, 1), n=norm()
    ),
    "norm behind a pool": lambda: Net(lambda net, x: net.n(net.p(x)), p=nn.MaxPool2d(2), n=norm()),
    "norm of the images": lambda: Net(lambda net, x: net.n(x), n=norm()),
    "a pool with a step of its own": one(lambda: nn.MaxPool2d((3, 2), (1, 2), (1, 0))),
    "an average that counts its border": one(lambda: nn.AvgPool2d(3, 2, 1)),
    "an average that does not": one(lambda: nn.AvgPool2d((3, 2), 2, (1, 0), count_include_pad=False)),
    "values cut off": one(lambda: nn.Hardtanh(-0.5, 0.25)),
    "cat by name": lambda: Net(lambda net, x: torch.cat([x, x], dim=2)),
    "cat by place": lambda: Net(lambda net, x: torch.cat([x, x], 3)),
    "cat of one": lambda: Net(lambda net, x: torch.cat((x,))),
    "a sum": lambda: Net(lambda net, x: x + x),
}
LEFT_TO_TORCH = {
    "padding with the border": one(lambda: nn.Conv2d(4, 4, 3, padding=1, padding_mode="reflect")),
    "padding by a word": one(lambda: nn.Conv2d(4, 4, 3, padding="same")),
    "a norm without weights": one(lambda: nn.BatchNorm2d(4, affine=False)),
    "a norm of the batch itself": one(lambda: nn.BatchNorm2d(4, track_running_stats=False)),
    "a pool rounded upwards": one(lambda: nn.MaxPool2d(2, ceil_mode=True)),
    "a pool with gaps": one(lambda: nn.MaxPool2d(2, dilation=2)),
    "an average rounded upwards": one(lambda: nn.AvgPool2d(2, ceil_mode=True)),
    "an average by another number": one(lambda: nn.AvgPool2d(2, divisor_override=3)),
    "an average to several": one(lambda: nn.AdaptiveAvgPool2d(2)),
    "flat from elsewhere": one(lambda: nn.Flatten(2)),
    "a sum with a number": lambda: Net(lambda net, x: x + 1),
    "a number and a sum": lambda: Net(lambda net, x: 1 + x),
    "a product": lambda: Net(lambda net, x: x * x),
    "a method": lambda: Net(lambda net, x: x.mean(1)),
    "an unknown layer": one(lambda: nn.GELU()),
}


@pytest.mark.parametrize("name", KNOWN)
def test_what_the_writer_knows_is_computed_as_torch_computes_it(name, monkeypatch):
    monkeypatch.setattr(_graph, "_export", lambda *_: pytest.fail("it was left to torch"))
    network, images = seeded(KNOWN[name]), torch.randn(2, *SHAPE)
    with torch.no_grad():
        expected = network(images)["out"].numpy()
    model = _graph.to_onnx(_graph.select(network, ("out",)), SHAPE, ("out",))
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    (found,) = session.run(["out"], {"images": images.numpy()})
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)  # float32 sums in another order


@pytest.mark.parametrize("name", LEFT_TO_TORCH)
def test_what_the_writer_does_not_know_is_left_to_torch(name, monkeypatch):
    monkeypatch.setattr(_graph, "_export", lambda network, *asked: repr(asked).encode())
    network = _graph.select(seeded(LEFT_TO_TORCH[name]), ("out",))
    assert _graph.to_onnx(network, SHAPE, ("out",)) == repr((SHAPE, ("out",))).encode()


@pytest.mark.parametrize(
    ("name", "left"),
    [
        ("norm behind one convolution", 0),
        ("norm behind a convolution that somebody else reads", 1),
        ("norm behind a convolution that is used twice", 1),
        ("norm behind a pool", 1),
    ],
)
def test_a_norm_is_folded_into_a_convolution_of_its_own_only(name, left):
    kinds = [type(layer) for layer in _graph.select(seeded(KNOWN[name]), ("out",)).modules()]
    assert kinds.count(nn.BatchNorm2d) == left


def test_the_model_says_which_onnx_it_is_and_takes_any_batch():
    network = _graph.select(seeded(KNOWN["a sum"]), ("out",))
    model = onnx.load_from_string(_graph.to_onnx(network, SHAPE, ("out",)))
    onnx.checker.check_model(model)
    assert (model.ir_version, model.opset_import[0].version) == (8, 17)
    assert [value.name for value in (*model.graph.input, *model.graph.output)] == ["images", "out"]
    assert model.graph.input[0].type.tensor_type.shape.dim[0].dim_param == "b"


def test_a_network_that_cannot_be_traced_stays_whole_and_learns_nothing():
    class Branching(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(8, 2)

        def forward(self, x):
            return {"out": self.layer(x) if x.sum() > 0 else F.relu(self.layer(x)), "other": x}

    network = _graph.select(Branching().train(), ("out", "other"))
    assert not network.training
    assert not any(weight.requires_grad for weight in network.parameters())
    assert [tuple(one.shape) for one in network(torch.ones(3, 8))] == [(3, 2), (3, 8)]
