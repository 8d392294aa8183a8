"""DINOv2 (Oquab et al. 2023, arXiv 2304.07193): the network, its two published layouts of weights, and its input.

`pool` is the class token after the last layer norm, which is what torch.hub's `dinov2_vitl14` returns and dgm-eval
(Stein et al. 2023, arXiv 2306.04675) compares. The images are those of dgm-eval: the whole image brought to 224 x 224,
without cropping, by Pillow's bicubic on bytes (`pillow`, its default) or on floats (`clean`, its --clean_resize), and
ImageNet's mean and standard deviation.

The weights were trained with 37 x 37 patches and know the place of each; 224 pixels have 16 x 16. Places between are
read off as torch.hub's network does, which dgm-eval runs: bicubic at a scale of 16.1 / 37. The package transformers
takes 16 / 37, and its features differ from those of published FD-DINOv2 for that reason.
"""

import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from genbench.shapes import Float
from metrics.extractors._vit import Dimensions
from metrics.extractors.resizing import IMAGENET_MEAN, IMAGENET_SD, resize, standardise
from metrics.extractors.state import State, load_network
from metrics.extractors.types import Images

POSITIONS = "embeddings.position_embeddings"
OFFSET = 0.1  # added to the number of patches along a side before it is divided
FROM_HUB = (  # the Hugging Face Hub keeps the names of older versions of transformers
    (r"\.attention\.attention\.(query|key|value)\.", lambda match: f".attention.{match[1][0]}_proj."),
    (r"\.attention\.output\.dense\.", ".attention.o_proj."),
)
FROM_TORCH_HUB = (
    (r"^pos_embed$", POSITIONS),
    (r"^(cls_token|mask_token)$", r"embeddings.\1"),
    (r"^patch_embed\.proj\.", "embeddings.patch_embeddings.projection."),
    (r"^norm\.", "layernorm."),
    (r"^blocks\.", "encoder.layer."),
    (r"\.attn\.proj\.", ".attention.o_proj."),
    (r"\.ls([12])\.gamma$", r".layer_scale\1.lambda1"),
)


class DINOv2(nn.Module):
    """Scaled float32 [b, 3, side, side] -> {"pool": [b, width]}."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Any) -> Any:
        return {"pool": self.network(pixel_values=images).last_hidden_state[:, 0]}


def network(dimensions: Dimensions) -> nn.Module:
    """The untrained network of the package transformers; its images have the size that they will have here."""
    from transformers import Dinov2Config, Dinov2Model

    return Dinov2Model(
        Dinov2Config(
            hidden_size=dimensions.width,
            num_hidden_layers=dimensions.layers,
            num_attention_heads=dimensions.heads,
            mlp_ratio=4,
            image_size=dimensions.side,
            patch_size=dimensions.patch,
            layer_norm_eps=1e-6,
        )
    )


def load(path: Path, dimensions: Dimensions) -> nn.Module:
    """The network with the weights of a file, torch.hub's or the Hugging Face Hub's."""
    return DINOv2(load_network(lambda: network(dimensions), path, lambda state: translated(state, dimensions)))


def translated(state: State, dimensions: Dimensions) -> State:
    """The tensors under the names of the network, in either published layout, with a place for each of its patches."""
    if "pos_embed" in state:
        state = _queries_keys_values_apart(_renamed(state, FROM_TORCH_HUB))
    state = _renamed(state, FROM_HUB)
    places = state.get(POSITIONS)
    if places is not None and places.ndim == 3 and places.shape[1] != dimensions.positions:
        state[POSITIONS] = resampled(places, dimensions.side // dimensions.patch)
    return state


def resampled(places: Float[torch.Tensor, "1 _ d"], side: int) -> Float[torch.Tensor, "1 _ d"]:
    """What the network knows of places, at side x side patches; as it is where it is no square of them."""
    known = math.isqrt(places.shape[1] - 1)
    if known**2 != places.shape[1] - 1:
        return places
    grid = places[:, 1:].float().reshape(1, known, known, -1).permute(0, 3, 1, 2)
    scale = (side + OFFSET) / known
    grid = nn.functional.interpolate(grid, scale_factor=(scale, scale), mode="bicubic")
    return torch.cat((places[:, :1].float(), grid.flatten(2).transpose(1, 2)), 1)


def prepared(images: Images, mode: str, side: int) -> np.ndarray:
    """The input of the network: float32 [b, 3, side, side]."""
    return standardise(resize(images, mode, side), IMAGENET_MEAN, IMAGENET_SD)


def _renamed(state: State, rules: tuple[tuple[str, Any], ...]) -> State:
    renamed = {}
    for name, value in state.items():
        for pattern, replacement in rules:
            name = re.sub(pattern, replacement, name)
        renamed[name] = value
    return renamed


def _queries_keys_values_apart(state: State) -> State:
    apart = {}
    for name, value in state.items():
        if ".attn.qkv." in name:
            for letter, part in zip("qkv", value.chunk(3), strict=True):
                apart[name.replace(".attn.qkv.", f".attention.{letter}_proj.")] = part
        else:
            apart[name] = value
    return apart
