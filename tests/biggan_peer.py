"""Generators of the package pytorch-pretrained-biggan with few channels and random weights, to compare with."""

import importlib
import json

import pytest
import torch

WIDTH, CLASSES = 8, 7


def layers_of(side):
    return importlib.import_module(f"reference_models.pretrained.biggan_deep_{side}").LAYERS


def settings(side=128):
    """The package's JSON for a generator with few channels and classes."""
    return {
        "output_dim": side,
        "z_dim": 16,
        "class_embed_dim": 16,
        "channel_width": WIDTH,
        "num_classes": CLASSES,
        "layers": [list(layer) for layer in layers_of(side)],
        "attention_layer_position": 8,
        "eps": 1e-4,
        "n_stats": 51,
    }


def the_package():
    return pytest.importorskip("pytorch_pretrained_biggan", reason="pytorch-pretrained-biggan, the peer, is missing")


def random_peer(side=128):
    """The package's generator with random weights, statistics and singular vectors; all of them take part."""
    biggan = the_package()
    torch.manual_seed(0)
    network = biggan.BigGAN(biggan.BigGANConfig.from_dict(settings(side))).eval()
    with torch.no_grad():
        for name, value in network.state_dict().items():
            if name.endswith("running_vars"):
                value.uniform_(0.5, 2.0)
            elif name.endswith(("running_means", "bias")):
                value.normal_(0.0, 0.3)
            elif name.endswith(".gamma"):
                value.fill_(0.8)
            elif name == "generator.bn.weight":
                value.uniform_(0.5, 1.5)
        for module in network.modules():  # singular vectors that belong to their weights, as in the published files
            if hasattr(module, "weight_orig"):
                u, _, v = torch.linalg.svd(module.weight_orig.flatten(1), full_matrices=False)
                module.weight_u.copy_(u[:, 0])
                module.weight_v.copy_(v[0])
    return network


def save(network, folder, side=128):
    """As the package saves one."""
    folder.mkdir(exist_ok=True)
    torch.save(network.state_dict(), folder / "pytorch_model.bin")
    (folder / "config.json").write_text(json.dumps(settings(side)))
