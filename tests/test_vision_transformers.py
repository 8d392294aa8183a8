"""DINOv2 and CLIP: layers and inputs are those of the published code, whichever library wrote the weights.

The networks are small and their weights random; the published weights are too large for a test.
"""

import re
from dataclasses import replace

import numpy as np
import pytest
import torch
from _random_weights import random_images
from PIL import Image
from safetensors.torch import save_file
from torchvision.transforms import v2

from bench import registry
from metrics.errors import InputError
from metrics.extractors import _clip, _dinov2, clip_vit_b32, clip_vit_l14_336, dinov2_vitb14, dinov2_vitl14
from metrics.extractors._vit import Dimensions
from metrics.extractors.resizing import CLIP_MEAN, CLIP_SD, IMAGENET_MEAN, IMAGENET_SD

SMALL = Dimensions(width=64, layers=3, heads=2, patch=14, side=56)
SMALL_CLIP = replace(SMALL, patch=16, side=64, projection=32)
NAMES = ("clip-vit-b32", "clip-vit-l14-336", "dinov2-vitb14", "dinov2-vitl14")


def noise(side, seed=0):
    return torch.randn(2, 3, side, side, generator=torch.Generator().manual_seed(seed))


def scrambled(network):
    """The network with every tensor random, those that are zeros or ones before training too."""
    generator = torch.Generator().manual_seed(1)
    for tensor in network.state_dict().values():
        if tensor.is_floating_point():
            tensor.copy_(torch.randn(tensor.shape, generator=generator) / 8)
    return network.eval()


def near(found, expected):
    return (found - expected).abs().max() <= 1e-5 * expected.abs().max()


# ----- DINOv2


@pytest.fixture(scope="module")
def timm_network():
    from timm.models.vision_transformer import VisionTransformer

    made = VisionTransformer(
        img_size=SMALL.side,
        patch_size=SMALL.patch,
        embed_dim=SMALL.width,
        depth=SMALL.layers,
        num_heads=SMALL.heads,
        init_values=1e-5,
        num_classes=0,
    )
    return scrambled(made)


@pytest.fixture(scope="module")
def of_torch_hub(timm_network, tmp_path_factory):
    """timm has taken over the names of torch.hub's file, which holds one tensor more."""
    path = tmp_path_factory.mktemp("weights") / "dinov2_small_pretrain.pth"
    torch.save({**timm_network.state_dict(), "mask_token": torch.zeros(1, SMALL.width)}, path)
    return path


@pytest.fixture(scope="module")
def ours(of_torch_hub):
    return _dinov2.load(of_torch_hub, SMALL)


def test_every_layer_of_dinov2_is_that_of_timm(ours, timm_network):
    images = noise(SMALL.side)
    with torch.inference_mode():
        states = ours.network(pixel_values=images, output_hidden_states=True).hidden_states[1:]
        expected = timm_network.forward_intermediates(
            images, output_fmt="NLC", return_prefix_tokens=True, intermediates_only=True
        )
        assert len(states) == len(expected) == SMALL.layers
        for found, (patches, whole) in zip(states, expected, strict=True):
            assert near(found, torch.cat((whole, patches), 1))


def test_its_features_are_the_class_token_after_the_last_norm(ours, timm_network):
    images = noise(SMALL.side)
    with torch.inference_mode():
        assert near(ours(images)["pool"], timm_network.forward_features(images)[:, 0])


def test_the_file_of_the_hub_gives_the_same_features(ours, tmp_path):
    renamed = {}
    for name, value in ours.network.state_dict().items():
        for letter, word in (("q", "query"), ("k", "key"), ("v", "value")):
            name = name.replace(f".attention.{letter}_proj.", f".attention.attention.{word}.")
        renamed[name.replace(".attention.o_proj.", ".attention.output.dense.")] = value.contiguous()
    save_file(renamed, tmp_path / "model.safetensors")
    images = noise(SMALL.side)
    with torch.inference_mode():
        again = _dinov2.load(tmp_path / "model.safetensors", SMALL)(images)["pool"]
        assert torch.equal(again, ours(images)["pool"])


def test_places_of_another_size_are_read_off_as_torch_hub_does():
    places = torch.randn(1, 1 + 37 * 37, 8, generator=torch.Generator().manual_seed(0))
    found = _dinov2.resampled(places, 16)
    grid = places[:, 1:].reshape(1, 37, 37, 8).permute(0, 3, 1, 2)
    scale = float((16 + 0.1) / 37)
    expected = torch.nn.functional.interpolate(grid, scale_factor=(scale, scale), mode="bicubic")
    assert torch.equal(found[:, :1], places[:, :1])
    assert torch.equal(found[:, 1:], expected.permute(0, 2, 3, 1).reshape(1, 256, 8))


def test_places_that_are_no_square_stay_as_they_are():
    places = torch.randn(1, 1 + 10, 8)
    assert _dinov2.resampled(places, 16) is places


def test_pixels_are_scaled_as_the_published_networks_expect():
    from transformers import image_utils

    assert tuple(image_utils.OPENAI_CLIP_MEAN) == CLIP_MEAN
    assert tuple(image_utils.OPENAI_CLIP_STD) == CLIP_SD
    assert tuple(image_utils.IMAGENET_DEFAULT_MEAN) == IMAGENET_MEAN
    assert tuple(image_utils.IMAGENET_DEFAULT_STD) == IMAGENET_SD


def test_weights_of_larger_images_are_taken(of_torch_hub, tmp_path):
    state = torch.load(of_torch_hub, weights_only=True)
    state["pos_embed"] = torch.randn(1, 1 + 7 * 7, SMALL.width)
    torch.save(state, tmp_path / "larger.pth")
    found = _dinov2.load(tmp_path / "larger.pth", SMALL).network.state_dict()[_dinov2.POSITIONS]
    assert found.shape == (1, SMALL.positions, SMALL.width)


@pytest.mark.parametrize("shape", [(32, 32), (300, 200), (224, 224)])
def test_the_input_of_dinov2_is_that_of_dgm_eval(shape):
    images = random_images(0, 1, *shape)
    transform = v2.Compose(
        [
            v2.Resize((224, 224), v2.InterpolationMode.BICUBIC),
            v2.PILToTensor(),
            v2.ToDtype(torch.float32, scale=True),
            v2.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
        ]
    )
    expected = transform(Image.fromarray(images[0].transpose(1, 2, 0))).numpy()
    assert np.abs(_dinov2.prepared(images, "pillow", 224)[0] - expected).max() < 1e-6


# ----- CLIP


def open_clip_of(dimensions):
    from open_clip.transformer import QuickGELU, VisionTransformer

    return VisionTransformer(
        image_size=dimensions.side,
        patch_size=dimensions.patch,
        width=dimensions.width,
        layers=dimensions.layers,
        heads=dimensions.heads,
        mlp_ratio=4,
        output_dim=dimensions.projection,
        act_layer=QuickGELU,
    )


@pytest.fixture(scope="module")
def open_clip_network():
    return scrambled(open_clip_of(SMALL_CLIP))


RENAMED = (  # open_clip has OpenAI's names
    ("class_embedding", "vision_model.embeddings.class_embedding"),
    ("positional_embedding", "vision_model.embeddings.position_embedding.weight"),
    ("conv1.", "vision_model.embeddings.patch_embedding."),
    ("ln_pre.", "vision_model.pre_layrnorm."),
    ("ln_post.", "vision_model.post_layernorm."),
    ("transformer.resblocks.", "vision_model.encoder.layers."),
    (".ln_1.", ".layer_norm1."),
    (".ln_2.", ".layer_norm2."),
    (".mlp.c_fc.", ".mlp.fc1."),
    (".mlp.c_proj.", ".mlp.fc2."),
    (".attn.out_proj.", ".self_attn.out_proj."),
)


def names_of_the_hub(of_open_clip):
    state = {}
    for name, value in of_open_clip.items():
        if name == "proj":
            state["visual_projection.weight"] = value.T
            continue
        for old, new in RENAMED:
            name = name.replace(old, new)
        if ".attn.in_proj_" in name:
            for letter, part in zip("qkv", value.chunk(3), strict=True):
                state[name.replace(".attn.in_proj_", f".self_attn.{letter}_proj.")] = part
        else:
            state[name] = value
    return state


@pytest.fixture(scope="module")
def of_the_hub(open_clip_network, tmp_path_factory):
    """The weights as the Hub keeps them, with some of what belongs to the texts."""
    state = names_of_the_hub(open_clip_network.state_dict())
    state |= {"logit_scale": torch.tensor(4.6), "text_projection.weight": torch.zeros(32, 64)}
    state["vision_model.embeddings.position_ids"] = torch.arange(SMALL_CLIP.positions)[None]
    path = tmp_path_factory.mktemp("weights") / "pytorch_model.bin"
    torch.save(state, path)
    return path


def test_every_layer_of_clip_is_that_of_open_clip(of_the_hub, open_clip_network):
    seen = []
    for block in open_clip_network.transformer.resblocks:
        block.register_forward_hook(lambda module, inputs, output: seen.append(output))
    images, network = noise(SMALL_CLIP.side), _clip.load(of_the_hub, SMALL_CLIP)
    with torch.inference_mode():
        embedded = open_clip_network(images)
        states = network.network(pixel_values=images, output_hidden_states=True).hidden_states[1:]
        assert len(states) == len(seen) == SMALL_CLIP.layers
        assert all(near(found, expected) for found, expected in zip(states, seen, strict=True))
        assert near(network(images)["pool"], embedded)


@pytest.mark.parametrize("shape", [(32, 32), (300, 201), (224, 224), (65, 190)])
def test_the_input_of_clip_is_that_of_clean_fid(shape):
    images = random_images(0, 1, *shape)
    transform = v2.Compose(
        [
            v2.Resize(224, v2.InterpolationMode.BICUBIC),
            v2.CenterCrop(224),
            v2.PILToTensor(),
            v2.ToDtype(torch.float32, scale=True),
            v2.Normalize(CLIP_MEAN, CLIP_SD),
        ]
    )
    expected = transform(Image.fromarray(images[0].transpose(1, 2, 0))).numpy()
    assert np.abs(_clip.shorter_side_then_centre(images, 224)[0] - expected).max() < 1e-6


@pytest.mark.parametrize("shape", [(32, 32), (300, 201), (65, 190)])
def test_the_input_of_cmmd_is_a_square_of_the_centre(shape):
    images = random_images(0, 1, *shape)
    picture = Image.fromarray(images[0].transpose(1, 2, 0))
    (width, height), shorter = picture.size, min(picture.size)
    left, top = (width - shorter) // 2, (height - shorter) // 2
    square = picture.crop((left, top, left + shorter, top + shorter)).resize((336, 336), Image.Resampling.BICUBIC)
    pixels = torch.from_numpy(np.array(square, np.float32).transpose(2, 0, 1)) / 255
    expected = v2.functional.normalize(pixels, CLIP_MEAN, CLIP_SD).numpy()
    assert np.abs(_clip.centre_then_resize(images, 336)[0] - expected).max() < 1e-6


# ----- all four


def shapes(state):
    return {name: tuple(value.shape) for name, value in state.items()}


@pytest.mark.parametrize(
    ("name", "dimensions", "parameters"),
    [
        ("vit_base_patch14_dinov2", dinov2_vitb14.DIMENSIONS, 86_580_480),
        ("vit_large_patch14_dinov2", dinov2_vitl14.DIMENSIONS, 304_368_640),
    ],
)
def test_the_full_dinov2_takes_every_tensor_of_the_published_one(name, dimensions, parameters):
    import timm

    with torch.device("meta"):
        state = {**timm.create_model(name).state_dict(), "mask_token": torch.zeros(1, dimensions.width)}
        expected = _dinov2.network(dimensions).state_dict()
    assert sum(value.numel() for value in state.values()) == parameters
    assert shapes(_dinov2.translated(state, dimensions)) == shapes(expected)


@pytest.mark.parametrize(
    ("dimensions", "parameters"),
    [(clip_vit_b32.DIMENSIONS, 87_849_216), (clip_vit_l14_336.DIMENSIONS, 304_293_888)],
)
def test_the_full_clip_takes_every_tensor_of_the_published_one(dimensions, parameters):
    with torch.device("meta"):
        state = names_of_the_hub(open_clip_of(dimensions).state_dict())
        expected = _clip.network(dimensions).state_dict()
    assert sum(value.numel() for value in state.values()) == parameters
    assert shapes(state) == shapes(expected)


@pytest.mark.parametrize("name", NAMES)
def test_a_package_that_is_not_installed_is_told_with_the_command_that_helps(name, monkeypatch):
    from importlib import metadata

    def missing(distribution):
        raise metadata.PackageNotFoundError(distribution)

    monkeypatch.setattr(metadata, "version", missing)
    with pytest.raises(InputError, match=re.escape('pip install "genbench[vit]"')):
        registry.load("extractors", name).build(None, "pillow", "cpu", ("pool",))


def test_an_older_package_is_told(monkeypatch):
    monkeypatch.setattr("importlib.metadata.version", lambda distribution: "4.57.1")
    with pytest.raises(InputError, match=re.escape("transformers 5.24 or newer, found 4.57.1")):
        registry.load("extractors", "dinov2-vitb14").build(None, "pillow", "cpu", ("pool",))


def test_a_small_network_runs_as_an_extractor(of_torch_hub, monkeypatch):
    monkeypatch.setattr(dinov2_vitb14, "DIMENSIONS", SMALL)
    images = random_images(0, 3, 40, 30)
    extract = dinov2_vitb14.EXTRACTOR.build(of_torch_hub, "clean", "cpu", ("pool",))
    together, alone = extract(images)["pool"], extract(images[1:2])["pool"]
    assert together.shape == (3, SMALL.width) and together.dtype == np.float32
    assert np.abs(alone[0] - together[1]).max() < 1e-5 * np.abs(together).max()


@pytest.mark.parametrize("name", ["dinov2-vitb14", "clip-vit-b32"])
def test_weights_of_another_network_are_told(name, of_torch_hub, of_the_hub):
    path = of_the_hub if name.startswith("dinov2") else of_torch_hub
    with pytest.raises(InputError, match="it belongs to another network"):
        registry.load("extractors", name).build(path, "pillow", "cpu", ("pool",))


def test_weights_of_another_size_are_told(of_torch_hub):
    with pytest.raises(InputError, match="has shape"):
        registry.load("extractors", "dinov2-vitb14").build(of_torch_hub, "pillow", "cpu", ("pool",))
