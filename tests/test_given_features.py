"""Features that somebody else has made are a set like any other, for what can be computed of features."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

import bench
from bench.cli import main
from metrics.errors import InputError
from metrics.fid import compute as fid_of
from metrics.kid import compute as kid_of

UNKNOWN = "features given, extractor unknown: compare only with numbers of the same features"
BATCH = np.random.RandomState(5).randint(0, 256, (9, 3, 16, 16)).astype(np.uint8)


def rows(seed, count=30, dims=5):
    return np.random.RandomState(seed).randn(count, dims)


def test_the_numbers_of_features_are_those_of_the_metrics():
    a, b = rows(1), rows(2)
    found = bench.score(a, b, metrics=["fid", "kid"], features=True, subset_size=10)
    assert {**fid_of(a, b), **kid_of(a, b, subset_size=10)}.items() <= found.items()
    assert (found.n_a, found.extractor, found.extractor_sha256, found.resize) == (30, None, None, None)
    assert any(UNKNOWN in line for line in found.warnings)
    assert dict(bench.fid(a, b, features=True)) == dict(bench.score(a, b, metrics="fid", features=True))


def test_what_made_the_features_may_be_named():
    found = bench.fid(rows(1), rows(2), features=True, made_by="my network")
    assert found.extractor == "my network"
    assert any("features given, made by my network" in line for line in found.warnings)


def test_tensors_and_files_hold_the_same_features(tmp_path):
    import torch

    a, b = rows(1).astype(np.float32), rows(2)
    np.save(tmp_path / "a.npy", a)
    np.savez(tmp_path / "marked.npz", features=a)
    np.savez(tmp_path / "alone.npz", x=a)
    wanted = bench.fid(a, b, features=True)
    for given in (torch.from_numpy(a), *map(str, tmp_path.iterdir())):
        found = bench.fid(given, b, features=True)
        assert (found.fid, found.fid_corrected, found.digest_a) == (wanted.fid, wanted.fid_corrected, wanted.digest_a)


def test_an_array_named_features_is_a_mark_of_its_own(tmp_path):
    for name, seed in (("a", 1), ("b", 2)):
        np.savez(tmp_path / f"{name}.npz", features=rows(seed))
    paths = [str(tmp_path / name) for name in ("a.npz", "b.npz")]
    done = CliRunner().invoke(main, ["fid", *paths, "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["fid"] == bench.fid(rows(1), rows(2), features=True).fid
    assert "an extractor that the files do not name" in CliRunner().invoke(main, ["fid", *paths]).output


def test_the_flag_of_the_command_line_says_what_a_npy_holds(tmp_path):
    np.save(tmp_path / "a.npy", rows(1))
    command = ["fid", str(tmp_path / "a.npy"), str(tmp_path / "a.npy")]
    assert CliRunner().invoke(main, command).exit_code == 2
    assert CliRunner().invoke(main, [*command, "--features", "--made-by", "mine", "--influence", "1"]).exit_code == 0


def test_saved_statistics_of_features_are_a_side(tmp_path):
    saved = bench.save_statistics(rows(1), tmp_path / "a.npz", features=True, made_by="mine")
    assert (saved.extractor, saved.count, saved.dims) == ("mine", 30, 5)
    found = bench.fid(tmp_path / "a.npz", rows(2), features=True, made_by="mine")
    assert found.fid == pytest.approx(fid_of(rows(1), rows(2))["fid"], rel=1e-9)
    assert (found.extractor, found.fid_corrected) == ("mine", None)
    with pytest.raises(InputError, match="extractor 'mine' and 'other'"):
        bench.fid(tmp_path / "a.npz", rows(2), features=True, made_by="other")
    with pytest.raises(InputError, match="holds saved statistics"):
        bench.save_statistics(tmp_path / "a.npz", tmp_path / "b.npz")


def test_features_beside_images_are_taken_for_those_of_the_extractor(tmp_path):
    from bench.measuring.measure import measure

    measuring = measure("digits-cnn", device="cpu", cache=False)
    np.savez(tmp_path / "b.npz", features=measuring.features(bench.open_source(BATCH), ("pool",)).arrays["pool"])
    settings = {"extractor": "digits-cnn", "cache": False}
    found = bench.fid(BATCH[:, :, ::-1], tmp_path / "b.npz", **settings)
    assert found.fid == bench.fid(BATCH[:, :, ::-1], BATCH, **settings).fid
    assert any("the array of features does not say how it was made; digits-cnn pool" in one for one in found.warnings)
    with pytest.raises(InputError, match="the array of features has 5 features, and digits-cnn has 96"):
        bench.fid(BATCH, save(tmp_path / "c.npz", rows(1)), **settings)


def save(path, values):
    np.savez(path, features=values)
    return path


def test_equal_rows_in_both_are_noticed():
    a = rows(1)
    found = bench.fid(a, np.concatenate([a[:20], rows(3)]), features=True)
    assert found.fid_corrected is None
    assert any("20 of 50 images of features are also in features" in line for line in found.warnings)


@pytest.mark.parametrize(
    ("given", "options", "told"),
    [
        (rows(1), {"metrics": "mse"}, "mse needs images, and the array of features features holds none"),
        (rows(1), {"metrics": "is"}, "inception-score needs class predictions, and the array of features"),
        (rows(1), {"limit": 3}, "--limit needs the images of all sets"),
        (rows(1)[0], {}, r"the features have shape \(5,\)"),
        (rows(1).astype(int), {}, "the features are of type int64; expected floats"),
        (np.full((9, 2), np.nan), {}, "NaN or infinity"),
        (rows(1, 1), {}, "1 row"),
        (rows(1, dims=4), {}, "dimensions"),
    ],
)
def test_what_features_cannot_give_is_one_line(given, options, told):
    with pytest.raises(InputError, match=told) as caught:
        bench.score(given, rows(2), features=True, **{"metrics": "fid", **options})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("said", [{"features": True}, {"made_by": "mine"}])
def test_features_that_are_nowhere_are_told(said, tmp_path):
    with pytest.raises(InputError, match=f"{next(iter(said))} was given, and none of the sets holds features"):
        bench.fid("digits:real-1", "digits:real-2", extractor="pixels", **said)
    with pytest.raises(InputError, match="none of the sets holds features"):
        bench.save_statistics("digits:real-1", tmp_path / "x.npz", extractor="pixels", **said)
