"""What a file is that is no weights file, or holds the weights of something else: for messages that name the remedy.

Looks at the first and last bytes and at names of tensors; nothing is unpickled or run.
"""

from collections.abc import Iterable
from pathlib import Path

from genbench.errors import told
from metrics.errors import InputError

HEAD_BYTES, TAIL_BYTES = 512, 2**20
PICKLES = (b"\2", b"\3", b"\4", b"\5")  # versions of the format, after a byte 0x80
STARTS = (  # of what lies in the place of weights when something went wrong, and of other formats
    (b"version https://git-lfs", "a git-lfs pointer, not the file itself (`git lfs pull` downloads it)"),
    (b"<!doctype html", "a web page, probably from a failed download"),
    (b"<html", "a web page, probably from a failed download"),
    (b"<?xml", "an XML text, probably from a refused download"),
    (b"\x89hdf", "an HDF5 file, as Keras writes them"),
    (b"gguf", "a GGUF file of a language model"),
    (b"\x1f\x8b", "a gzip archive; unpack it"),
    (b"\xfd7zxz", "an xz archive; unpack it"),
    (b"\x89png", "an image"),
    (b"\xff\xd8\xff", "an image"),
    (b"\x93numpy", "an array of numpy"),
    (b"{", "a JSON text"),
)
TORCH = "a file of torch.save, or another pickle"
TORCHSCRIPT = "TorchScript, a program with its weights inside"
PARTS = ("state_dict", "model_state_dict", "model", "params_ema", "ema", "generator", "g_ema", "net", "params")
PREFIXES = {"module.": "torch.nn.DataParallel", "_orig_mod.": "torch.compile"}
LAYOUTS = (  # a tensor that only such a network has, and what it is
    ("AuxLogits.conv0.conv.weight", "torchvision's Inception-v3; use --extractor inception-torchvision"),
    ("Mixed_7c.branch_pool.conv.weight", "an Inception-v3; see `bench list extractors`"),
    ("layer1.0.conv1.weight", "a ResNet as torchvision writes them"),
    ("features.0.weight", "a VGG or AlexNet as torchvision writes them"),
    ("features.conv0.weight", "a DenseNet as torchvision writes them"),
    ("visual.conv1.weight", "a CLIP"),
    ("vision_model.embeddings.class_embedding", "a CLIP as the Hugging Face Hub keeps it"),
    ("embeddings.patch_embeddings.projection.weight", "a vision transformer as the Hugging Face Hub keeps it"),
    ("blocks.0.ls1.gamma", "a DINOv2 as torch.hub keeps it"),
    ("blocks.0.norm1.weight", "a vision transformer"),
    ("lin0.model.1.weight", "an LPIPS"),
)


def file_kind(path: Path) -> str:
    """What a file is in words: TORCH where torch may have written it, "" where nothing is known, as of safetensors.

    InputError where it cannot be read.
    """
    with told("read", path, InputError), path.open("rb") as file:
        head = file.read(HEAD_BYTES)
        file.seek(max(0, path.stat().st_size - TAIL_BYTES))
        tail = file.read()
    if not head:
        return "empty"
    if head.startswith(b"PK"):
        return _zip_kind(head, tail)
    if head[0] == 0x80 and head[1:2] in PICKLES:
        return TORCH
    text = head.lstrip().lower()
    return next((words for start, words in STARTS if text.startswith(start)), "")


def _zip_kind(head: bytes, tail: bytes) -> str:
    """What a zip holds, by the name of its first member and by its table of contents, which comes last."""
    if b"constants.pkl" in tail:
        return TORCHSCRIPT
    if b"data.pkl" in head or b"data.pkl" in tail:
        return TORCH
    return "an .npz of arrays" if b".npy" in head else "a zip without torch's tensors"


def content_kind(content: object) -> str:
    """What was read instead of named tensors, in words; "" where nothing is known about it."""
    if not isinstance(content, dict):
        return ""
    if {"state", "param_groups"} <= set(content):
        return "the state of an optimiser, not of a network"
    part = next((name for name in PARTS if isinstance(content.get(name), dict)), "")
    return (
        f"a training state that keeps the weights under {part!r}; save that part alone with torch.save" if part else ""
    )


def wrapper_of(names: Iterable[str]) -> str:
    """What the network was wrapped in when it was saved, and the remedy; "" where these are its own names."""
    known = list(names)
    for prefix, writer in PREFIXES.items():
        if known and all(name.startswith(prefix) for name in known):
            return f"{writer}: every name begins with {prefix!r}; save the state_dict() of its .{prefix[:-1]}"
    return ""


def layout_of(names: Iterable[str]) -> str:
    """Which network has tensors of these names; "" where nothing is known about them."""
    known = set(names)
    return next((words for name, words in LAYOUTS if name in known), "")
