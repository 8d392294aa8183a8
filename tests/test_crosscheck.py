"""Our FID beside torch-fidelity's on the same images with the same weights, from the files to the distance."""

import numpy as np
import pytest
from _random_weights import random_images, write_torch_fidelity
from PIL import Image

import bench
from bench.measuring.crosscheck import _network_stages
from metrics.errors import InputError


@pytest.fixture(autouse=True)
def _one_cache(shared_cache, monkeypatch):
    monkeypatch.setenv("BENCH_CACHE", str(shared_cache))


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "inception.pth"
    write_torch_fidelity(path)
    return path


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    made = []
    for seed in (0, 1):
        folder = tmp_path_factory.mktemp(f"set{seed}")
        for index, image in enumerate(random_images(seed, 4, 40, 32)):
            Image.fromarray(image.transpose(1, 2, 0)).save(folder / f"{index}.png")
        made.append(folder)
    return made


def test_every_stage_agrees_with_torch_fidelity(folders, weights):
    """A folder, and an array, which is handed over as it is."""
    array = np.asarray(random_images(2, 4, 32, 32))
    result = bench.fid(folders[0], array, weights=weights, crosscheck=True, workers=0)
    stages = {stage["stage"]: stage for stage in result["crosscheck"]}
    assert all(stage["ok"] for stage in stages.values()), stages
    assert stages["decoded pixels, A"]["max_difference"] == 0
    assert stages["FID, end to end"]["ours"] == pytest.approx(result.fid, rel=1e-9)


def test_another_extractor_or_resize_cannot_be_crosschecked(folders, weights):
    with pytest.raises(InputError, match="extractor inception with resize tf1"):
        bench.fid(*folders, extractor="digits-cnn", crosscheck=True)
    with pytest.raises(InputError, match="not inception with clean"):
        bench.fid(*folders, weights=weights, resize="clean", crosscheck=True)


def test_files_are_decoded_by_torch_fidelitys_own_rule_wherever_they_lie(tmp_path):
    """It drops the alpha channel, we composite on white: the first stage must show it."""
    for index, image in enumerate(random_images(5, 4, 32, 32)):
        half = np.full((32, 32, 1), 128, np.uint8)
        Image.fromarray(np.concatenate([image.transpose(1, 2, 0), half], 2)).save(tmp_path / f"{index}.png")
    equal = np.zeros((4, 1))  # features, which are not looked at
    _, (decoded, *_) = _network_stages("A", bench.open_source(tmp_path), equal, lambda image: equal[0])
    assert decoded.stage == "decoded pixels, A"
    assert not decoded.ok
    assert decoded.max_difference > 0
