"""The image half of OpenAI's CLIP (Radford et al. 2021, arXiv 2103.00020): the network, its weights, and its input.

`pool` is the embedding of an image in the space that it shares with texts, before it is scaled to length 1. The
published files hold the half of the texts as well, which is left out.
"""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from genbench.shapes import Float32
from metrics.extractors._vit import Dimensions
from metrics.extractors.resizing import CLIP_MEAN, CLIP_SD, by_pillow, standardise
from metrics.extractors.state import State, load_network
from metrics.extractors.types import Images

OF_TEXTS = ("text_model.", "text_projection.", "logit_scale")
NUMBERS = ".position_ids"  # 0, 1, 2, ...; older versions of the package transformers kept them


class CLIPImages(nn.Module):
    """Scaled float32 [b, 3, side, side] -> {"pool": [b, projection]}."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Any) -> Any:
        return {"pool": self.network(pixel_values=images).image_embeds}


def network(dimensions: Dimensions) -> nn.Module:
    """The untrained network of the package transformers."""
    from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

    made = CLIPVisionModelWithProjection(
        CLIPVisionConfig(
            hidden_size=dimensions.width,
            intermediate_size=4 * dimensions.width,
            num_hidden_layers=dimensions.layers,
            num_attention_heads=dimensions.heads,
            image_size=dimensions.side,
            patch_size=dimensions.patch,
            projection_dim=dimensions.projection,
            hidden_act="quick_gelu",
            layer_norm_eps=1e-5,
        )
    )
    # No weight, so no file brings them; they are real even where the network is only planned.
    made.vision_model.embeddings.position_ids = torch.arange(dimensions.positions, device="cpu")[None]
    return made


def load(path: Path, dimensions: Dimensions) -> nn.Module:
    """The network with the weights of a file of the Hugging Face Hub."""
    return CLIPImages(load_network(lambda: network(dimensions), path, image_half))


def image_half(state: State) -> State:
    """The tensors without those of the texts."""
    return {
        name: value for name, value in state.items() if not name.startswith(OF_TEXTS) and not name.endswith(NUMBERS)
    }


def shorter_side_then_centre(images: Images, side: int) -> Float32[np.ndarray, "b 3 _ _"]:
    """OpenAI's input: the shorter side brought to `side` by Pillow's bicubic, the centre cut out, then scaled."""
    height, width = images.shape[2:]
    shorter = min(height, width)
    rows, columns = (side if n == shorter else side * n // shorter for n in (height, width))
    pixels = by_pillow(images, rows, columns)
    top, left = (round((n - side) / 2) for n in (rows, columns))
    return standardise(np.ascontiguousarray(pixels[:, :, top : top + side, left : left + side]), CLIP_MEAN, CLIP_SD)


def centre_then_resize(images: Images, side: int) -> Float32[np.ndarray, "b 3 _ _"]:
    """CMMD's input: the largest square in the centre, brought to `side` by Pillow's bicubic, then scaled."""
    height, width = images.shape[2:]
    shorter = min(height, width)
    top, left = ((n - shorter) // 2 for n in (height, width))
    square = images[:, :, top : top + shorter, left : left + shorter]
    return standardise(by_pillow(square, side, side), CLIP_MEAN, CLIP_SD)
