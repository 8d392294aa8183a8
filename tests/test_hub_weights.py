"""Weights of the Hugging Face Hub: where they are found, and what is said of those without a hash on record."""

import hashlib
import re
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from bench import registry, weights
from bench.cli import main
from bench.measuring.measure import Measure
from metrics.errors import InputError
from metrics.extractors.types import Needed, WeightFile

CONTENT = b"weights of a network"
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture(autouse=True)
def _no_other_place(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hugging face"))
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)


def keep(folder, content=CONTENT, name="model.safetensors"):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)
    return folder / name


@pytest.fixture
def of_the_hub():
    """An extractor whose weights the Hugging Face Hub keeps; no sha256 of them is on record."""
    file = WeightFile("acme-net.safetensors", "http://127.0.0.1:9/model.safetensors", "", 0, "MIT", hub="acme/net")
    return replace(registry.load("extractors", "inception"), weights=(file,))


def in_hub(folder, content=CONTENT, revision="0a1b", name="model.safetensors"):
    """A file as the Hub's own package keeps it: a link in a snapshot, to a blob that is named by its content."""
    kept = folder / "models--acme--net"
    blob = keep(kept / "blobs", content, hashlib.sha256(content).hexdigest())
    (kept / "snapshots" / revision).mkdir(parents=True)
    (kept / "snapshots" / revision / name).symlink_to(blob)
    return kept / "snapshots" / revision / name


@pytest.mark.parametrize(("variable", "below"), [("HF_HUB_CACHE", ""), ("HF_HOME", "hub"), ("XDG_CACHE_HOME", "hub")])
def test_what_the_hub_keeps_is_found(of_the_hub, tmp_path, monkeypatch, variable, below):
    monkeypatch.delenv("HF_HOME")
    monkeypatch.setenv(variable, str(tmp_path / "hf"))
    folder = tmp_path / "hf" / ("huggingface" if variable == "XDG_CACHE_HOME" else "") / below
    path = in_hub(folder)
    assert weights.find(of_the_hub).path == path


def test_of_several_snapshots_the_newest_is_taken(of_the_hub, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    in_hub(tmp_path, b"old", "0000")
    path = in_hub(tmp_path, b"new", "1111")
    in_hub(tmp_path, b"older", "2222")
    keep(tmp_path / "models--acme--net" / "refs", b"1111", "main")
    assert weights.find(of_the_hub).path == path


def test_a_named_folder_of_the_hub_is_taken_and_one_of_all_weights_is_not_mixed_up(of_the_hub, tmp_path, monkeypatch):
    path = keep(tmp_path / "snapshot")
    assert weights.find(of_the_hub, path.parent).path == path
    monkeypatch.setenv("BENCH_WEIGHTS", str(path.parent))
    with pytest.raises(weights.MissingWeights):
        weights.find(of_the_hub)


def test_weights_without_a_hash_on_record_are_never_called_official(of_the_hub, tmp_path):
    found = weights.find(of_the_hub, keep(tmp_path, name="acme-net.safetensors"))
    assert (found.official, found.sha256) == (False, SHA256)
    (note, *_) = Measure(of_the_hub, found, "tf1").warnings
    assert note.startswith("it is not known whether the weights") and SHA256[:12] in note


def test_a_package_that_is_missing_is_told_before_weights_are_fetched(of_the_hub):
    with pytest.raises(InputError, match=re.escape('pip install "genbench[none]"')):
        weights.ready(replace(of_the_hub, needed=Needed("no-such-package", "1.0", "none")))


@pytest.fixture
def pictures(tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for seed in range(4):
        pixels = np.random.RandomState(seed).randint(0, 256, (8, 8, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{seed}.png")
    return str(folder)


def refusal(*arguments):
    """The one line that `bench fid` ends with."""
    result = CliRunner().invoke(main, ["fid", *arguments])
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1), result.output
    return result.stderr


def test_the_command_line_names_the_package_that_is_missing(pictures, monkeypatch):
    from metrics.extractors import dinov2_vitb14

    needed = Needed("no-such-package", "5.24", "vit")
    monkeypatch.setattr(dinov2_vitb14, "EXTRACTOR", replace(dinov2_vitb14.EXTRACTOR, needed=needed))
    told = refusal(pictures, pictures, "--extractor", "dinov2-vitb14")
    assert "no-such-package" in told and 'pip install "genbench[vit]"' in told


def test_the_command_line_names_the_extractor_without_a_download_where_weights_are_missing(pictures):
    told = refusal(pictures, pictures, "--extractor", "clip-vit-b32")
    assert "BENCH_OFFLINE forbids the download" in told and "efficientnet-lite0" in told


def test_a_file_of_something_else_under_the_name_of_the_weights_is_told(pictures, tmp_path):
    path = keep(tmp_path, b"<!doctype html>", "dinov2_vitb14_pretrain.pth")
    assert "a web page" in refusal(pictures, pictures, "--extractor", "dinov2-vitb14", "--weights", str(path))
