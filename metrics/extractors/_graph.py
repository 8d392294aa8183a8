"""A torch network in evaluation mode, reduced to the outputs asked for, with batch norm folded, as an ONNX model.

The graph comes from `torch.fx`. The writer knows the handful of layers of a convolutional network and needs a fraction
of a second for Inception, where `torch.onnx.export` takes 5 s (measured, torch 2.15), more than many a whole
evaluation. Everything else is left to `torch.onnx.export`: slower to start, same result.
"""

import operator
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import torch
from onnx import helper, numpy_helper
from torch import fx, nn
from torch.nn import functional as F

OPSET, IR_VERSION = 17, 8  # read by every ONNX Runtime from 1.14 on
ENDS = ("min_val", "max_val")  # of a layer that cuts values off

# What a network trips over where its images have no numbers yet: it decides by them, or asks for their sizes.
UNTRACEABLE = (fx.proxy.TraceError, TypeError, ValueError, RuntimeError, AttributeError, LookupError, AssertionError)


class Untranslatable(Exception):
    """A layer that the writer below does not know."""


def select(network: nn.Module, outputs: tuple[str, ...]) -> nn.Module:
    """The network (images -> {tap: [b, d]}) as images -> tuple of the named outputs, folded where it can be traced.

    What only the other outputs need is gone from a traced network; a network with control flow stays whole.
    """
    picked = _Pick(network, outputs).eval().requires_grad_(False)
    try:
        traced = fx.symbolic_trace(picked)
    except UNTRACEABLE:
        return picked
    traced.graph.eliminate_dead_code()
    _fold_batch_norm(traced)
    traced.graph.lint()
    traced.recompile()
    traced.delete_all_unused_submodules()
    return traced


def to_onnx(network: nn.Module, input_shape: tuple[int, ...], outputs: tuple[str, ...]) -> bytes:
    """The serialised ONNX model of what `select` returned: input `images` [b, *input_shape], one output per name."""
    try:
        if isinstance(network, fx.GraphModule):
            return _Writer(network).model(input_shape, outputs)
    except Untranslatable:
        pass
    return _export(network, input_shape, outputs)


class _Pick(nn.Module):
    def __init__(self, network: nn.Module, outputs: tuple[str, ...]) -> None:
        super().__init__()
        self.network, self.outputs = network, outputs

    def forward(self, images: Any) -> Any:
        taps = self.network(images)
        return tuple(taps[name] for name in self.outputs)


def _fold_batch_norm(traced: fx.GraphModule) -> None:
    """Convolution and batch norm behind it become one convolution, worked out in float64."""
    modules = dict(traced.named_modules())
    calls = Counter(node.target for node in traced.graph.nodes)
    node: Any
    for node in list(traced.graph.nodes):
        norm = modules.get(node.target) if node.op == "call_module" else None
        if norm is None or not isinstance(norm, nn.BatchNorm2d):
            continue
        before = node.args[0]
        convolution = modules.get(before.target) if before.op == "call_module" else None
        if convolution is None or type(convolution) is not nn.Conv2d:
            continue
        if len(before.users) != 1 or calls[before.target] != 1:
            continue
        fused = nn.utils.fuse_conv_bn_eval(convolution.double(), norm.double()).float()
        traced.set_submodule(before.target, fused)
        node.replace_all_uses_with(before)
        traced.graph.erase_node(node)


class _Writer:
    """One pass over the graph; each layer appends its ONNX nodes and names its result."""

    def __init__(self, traced: fx.GraphModule) -> None:
        self.traced = traced
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = {}

    def model(self, input_shape: tuple[int, ...], outputs: tuple[str, ...]) -> bytes:
        node: Any
        for node in self.traced.graph.nodes:
            if node.op == "output":
                for source, name in zip(node.args[0], outputs, strict=True):
                    self.add("Identity", name, _name(source))
            elif node.op == "get_attr":
                self.constant(_name(node), operator.attrgetter(node.target)(self.traced))
            elif node.op == "call_module":
                self.layer(_name(node), self.traced.get_submodule(node.target), *node.args, **node.kwargs)
            elif node.op == "call_function":
                self.function(node)
            elif node.op == "placeholder":
                self.add("Identity", _name(node), "images")
            else:
                raise Untranslatable(node.op)
        graph = helper.make_graph(
            self.nodes,
            "network",
            [helper.make_tensor_value_info("images", onnx.TensorProto.FLOAT, ["b", *input_shape])],
            [helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["b", None]) for name in outputs],
            list(self.constants.values()),
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
        return model.SerializeToString()

    def add(self, kind: str, name: str, *inputs: str, **attributes: Any) -> None:
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))

    def constant(self, name: str, value: torch.Tensor) -> str:
        self.constants[name] = numpy_helper.from_array(np.ascontiguousarray(value.detach().numpy()), name)
        return name

    def integers(self, name: str, *values: int) -> str:
        return self.constant(name, torch.tensor(values))

    def parameters(self, name: str, layer: nn.Module) -> list[str]:
        found = [(part, getattr(layer, part)) for part in ("weight", "bias")]
        return [self.constant(f"{name}.{part}", value) for part, value in found if value is not None]

    def layer(self, name: str, layer: nn.Module, source: fx.Node) -> None:
        x = _name(source)
        match layer:
            case nn.Conv2d(padding_mode="zeros") if not isinstance(layer.padding, str):
                window = {"strides": layer.stride, "pads": layer.padding * 2, "dilations": layer.dilation}
                self.add("Conv", name, x, *self.parameters(name, layer), group=layer.groups, **window)
            case nn.Linear():
                weight = self.constant(f"{name}.weight", layer.weight.T)
                product = name if layer.bias is None else f"{name}.product"
                self.add("MatMul", product, x, weight)
                if layer.bias is not None:
                    self.add("Add", name, product, self.constant(f"{name}.bias", layer.bias))
            case nn.BatchNorm2d(affine=True, track_running_stats=True):
                running = [self.constant(f"{name}.{s}", getattr(layer, f"running_{s}")) for s in ("mean", "var")]
                self.add("BatchNormalization", name, x, *self.parameters(name, layer), *running, epsilon=layer.eps)
            case nn.MaxPool2d(ceil_mode=False, dilation=1, return_indices=False):
                self.add("MaxPool", name, x, **_window(layer))
            case nn.AvgPool2d(ceil_mode=False, divisor_override=None):
                self.add("AveragePool", name, x, count_include_pad=int(layer.count_include_pad), **_window(layer))
            case nn.AdaptiveAvgPool2d(output_size=1 | (1, 1)):
                self.add("GlobalAveragePool", name, x)
            case nn.Flatten(start_dim=1, end_dim=-1):
                self.add("Flatten", name, x, axis=1)
            case nn.ReLU():
                self.add("Relu", name, x)
            case nn.Hardtanh():  # which ReLU6 is, from 0 to 6
                ends = [self.constant(f"{name}.{end}", torch.tensor(float(getattr(layer, end)))) for end in ENDS]
                self.add("Clip", name, x, *ends)
            case nn.ZeroPad2d():
                left, right, top, bottom = layer.padding
                around = torch.tensor([0, 0, top, left, 0, 0, bottom, right])
                self.add("Pad", name, x, self.constant(f"{name}.pads", around))
            case nn.Identity() | nn.Dropout():
                self.add("Identity", name, x)
            case _:
                raise Untranslatable(repr(layer))

    def function(self, node: Any) -> None:
        name, kind, args = _name(node), node.target, node.args
        if kind in _AS_LAYERS:
            self.layer(name, _AS_LAYERS[kind](*args[1:], **node.kwargs), args[0])
        elif kind is torch.cat:
            axis = node.kwargs.get("dim", args[1] if len(args) > 1 else 0)
            self.add("Concat", name, *[_name(part) for part in args[0]], axis=axis)
        elif kind is operator.add and all(isinstance(part, fx.Node) for part in args):
            self.add("Add", name, *[_name(part) for part in args])
        elif kind is torch.permute:
            self.add("Transpose", name, _name(args[0]), perm=tuple(args[1]))
        elif kind is torch.narrow:
            source, axis, start, length = args
            ends = {"starts": start, "ends": start + length, "axes": axis}
            self.add("Slice", name, _name(source), *(self.integers(f"{name}.{k}", v) for k, v in ends.items()))
        elif kind is F.linear and len(args) == 2 and not node.kwargs:
            self.add("Transpose", f"{name}.weight", _name(args[1]), perm=(1, 0))
            self.add("MatMul", name, _name(args[0]), f"{name}.weight")
        else:
            raise Untranslatable(str(kind))


_AS_LAYERS: dict[Callable[..., Any], Callable[..., nn.Module]] = {
    F.relu: nn.ReLU,
    F.max_pool2d: nn.MaxPool2d,
    F.avg_pool2d: nn.AvgPool2d,
    F.adaptive_avg_pool2d: nn.AdaptiveAvgPool2d,
    torch.relu: nn.ReLU,
    torch.flatten: nn.Flatten,
}


def _name(node: Any) -> str:
    return f"/{node.name}"  # no layer is called like an input or an output


def _window(pool: nn.MaxPool2d | nn.AvgPool2d) -> dict[str, tuple[int, ...]]:
    def pair(value: int | tuple[int, ...]) -> tuple[int, ...]:
        return tuple(value) if isinstance(value, tuple) else (value, value)

    return {"kernel_shape": pair(pool.kernel_size), "strides": pair(pool.stride), "pads": pair(pool.padding) * 2}


def _export(network: nn.Module, input_shape: tuple[int, ...], outputs: tuple[str, ...]) -> bytes:
    program: Any = torch.onnx.export(
        network,
        (torch.zeros(2, *input_shape),),
        dynamo=True,
        verbose=False,
        dynamic_shapes=({0: torch.export.Dim("b")},),
        input_names=["images"],
        output_names=list(outputs),
    )
    return program.model_proto.SerializeToString()
