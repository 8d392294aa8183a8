"""BigGAN-deep out of the files of the package pytorch-pretrained-biggan: settings in JSON, weights as a state dict."""

import re
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import torch
from torch import Tensor

from reference_models.errors import ModelError
from reference_models.pretrained._biggan_deep import RGB, SIDE, BigganDeep, DeepConfig
from reference_models.pretrained._released import Layers

RENAMED = (  # a name in the package's state dict, the name here
    (r"^generator\.", ""),
    (r"\.bn_(\d)\.", r".norms.\1."),
    (r"\.conv_(\d)\.", r".convs.\1."),
    (r"\.scale\.", ".gain."),
    (r"\.offset\.", ".bias."),
    (r"\.running_means$", ".means"),
    (r"\.running_vars$", ".variances"),
    (r"\.snconv1x1_(theta|phi|g)\.", r".\1."),
    (r"\.snconv1x1_o_conv\.", ".o."),
    (r"^bn\.running", "bn"),
    (r"^bn\.weight$", "bn.gain"),
    (r"\.weight_orig$", ".weight"),
)


def build(state: Mapping[str, Tensor], settings: Mapping[str, Any] | None, side: int, layers: Layers) -> BigganDeep:
    """The generator of this side with the weights of a state dict; `settings`: the package's JSON, where there is one.

    ModelError for settings of another side, and naming the first tensor that is missing, unknown or of another shape.
    """
    config = read_config(settings) if settings is not None else DeepConfig(side, layers)
    if config.output_dim != side:
        raise ModelError(
            f"the settings are of a {config.output_dim}x{config.output_dim} generator, asked for is {side}x{side}"
        )
    with torch.device("meta"):  # nothing is initialised only to be replaced
        model = BigganDeep(config)
    weights = converted(state)
    expected = model.state_dict()
    another = f"they are of another network than BigGAN-deep at {side}x{side}"
    for name, value in expected.items():
        if name not in weights:
            raise ModelError(f"the weights lack {name}; {another}")
        if weights[name].shape != value.shape:
            found, wanted = list(weights[name].shape), list(value.shape)
            raise ModelError(f"the weights have {name} as {found}, expected {wanted}; {another}")
    for name in weights:
        if name not in expected:
            raise ModelError(f"the weights have the unknown {name}; {another}")
    model.load_state_dict(weights, assign=True)
    return model.requires_grad_(False).eval()


def read_config(values: Mapping[str, Any]) -> DeepConfig:
    """The configuration in the JSON of the package; ModelError for other fields or types."""
    known = {field.name: field.type for field in fields(DeepConfig)}
    if set(values) != set(known):
        odd = ", ".join(sorted(set(values) ^ set(known)))
        raise ModelError(f"the settings have other fields than those of BigGAN-deep ({odd}); give its config.json")
    try:
        layers = tuple((bool(up), int(before), int(after)) for up, before, after in values["layers"])
        numbers = {name: (float if name == "eps" else int)(values[name]) for name in known if name != "layers"}
    except (TypeError, ValueError) as error:
        raise ModelError(
            f"the settings hold a value of another type ({error}); give the published config.json"
        ) from error
    return DeepConfig(layers=layers, **numbers)  # type: ignore[arg-type]


def converted(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The package's tensors by the names here, float32, each weight under spectral norm divided by its norm.

    Also folded: the order of the first map, the embedding's layout, the outputs of the last convolution without use.
    """
    weights = {}
    for key, value in state.items():
        if key.endswith((".weight_u", ".weight_v")):
            continue
        weight = _normalised(state, key) if key.endswith(".weight_orig") else value.float()
        name = key
        for pattern, here in RENAMED:
            name = re.sub(pattern, here, name)
        weights[name] = _laid_out(name, weight).contiguous()
    return weights


def _normalised(state: Mapping[str, Tensor], key: str) -> Tensor:
    """W / u' W v with the stored vectors u, v: what torch.nn.utils.spectral_norm does in evaluation mode."""
    stem, weight = key.removesuffix("_orig"), state[key].float()
    matrix = weight.flatten(1)
    sides = [state.get(f"{stem}_{side}") for side in "uv"]
    if any(vector is None or vector.shape != (size,) for vector, size in zip(sides, matrix.shape, strict=True)):
        raise ModelError(f"the weights have {key} without its vectors {stem}_u and {stem}_v; give the published file")
    u, v = (vector.float() for vector in sides if vector is not None)
    return weight / (u @ (matrix @ v))


def _laid_out(name: str, weight: Tensor) -> Tensor:
    if name == "embeddings.weight":
        return weight.T
    if name.startswith("conv_to_rgb."):
        return weight[:RGB]
    if name.startswith("gen_z.") and len(weight) % SIDE**2 == 0:
        return weight.unflatten(0, (SIDE**2, -1)).transpose(0, 1).flatten(0, 1)  # places, channels: channels, places
    return weight.reshape(()) if name.endswith(".gamma") and weight.numel() == 1 else weight
