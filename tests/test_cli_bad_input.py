"""What cannot be used is told in one line on stderr with exit code 2: no traceback, and nothing lost."""

import errno
import json
import os
import pickle
import re
import signal
import subprocess
import sys
import time
import warnings
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image
from usual_signals import usual_signals

import bench.api.sets
import bench.storage.cache
from bench.cli import main
from bench.measuring.measure import measure
from metrics.errors import InputError

ROOT = Path(__file__).resolve().parent.parent
PIXELS = ("--extractor", "pixels")
DIGITS = ("--extractor", "digits-cnn")  # of few features: statistics of many take seconds
FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "somewhere/features.npy")


def run(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def refusal(*arguments, code=2):
    """The one line that a command ends with."""
    result = run(*arguments)
    assert result.exit_code == code, result.output
    assert result.stdout == ""
    assert result.stderr.startswith("bench: ")
    assert result.stderr.count("\n") == 1
    return result.stderr


def png(image=None, **options):
    data = BytesIO()
    Image.fromarray(np.full((8, 8, 3), 7, np.uint8) if image is None else image).save(data, "PNG", **options)
    return data.getvalue()


def an_image(seed):
    return np.random.RandomState(seed).randint(0, 256, (8, 8, 3)).astype(np.uint8)


@pytest.fixture
def good(tmp_path):
    folder = tmp_path / "good"
    folder.mkdir()
    for seed in range(5):
        (folder / f"{seed}.png").write_bytes(png(an_image(seed)))
    return folder


@pytest.fixture
def bad(tmp_path):
    """Writes one thing that cannot be used and returns its path."""

    def write(name, data):
        path = tmp_path / "bad" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    return write


# ---- sets of images


@pytest.mark.parametrize("command", [("fid", "absent"), ("score", "absent"), ("stats", "absent"), ("doctor", "absent")])
def test_a_missing_folder_is_named_before_weights_are_asked_for(command, good):
    rest = {"fid": (good,), "score": (good,), "stats": ("-o", good / "x.npz"), "doctor": ()}[command[0]]
    assert "absent does not exist" in refusal(*command, *rest)


def test_an_empty_folder(good, tmp_path):
    (tmp_path / "empty").mkdir()
    assert "empty holds no images" in refusal("fid", tmp_path / "empty", good, *PIXELS)


def test_one_image(good, bad):
    single = bad("0.png", png()).parent
    for command in (("fid", single, good), ("fid", good, single), ("score", single, good, "--metrics", "kid")):
        assert "bad holds 1 image; " in refusal(*command, *PIXELS)
    assert "1 image" in refusal("stats", single, "-o", good / "x.npz", *PIXELS)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--metrics", "fid", "--limit", 3), "digits:test holds 3 images; fid needs at least 4; give more images"),
        (
            ("--metrics", "is", "--is-splits", 10, "--limit", 9),
            "inception-score needs at least 10; give more images or fewer splits",
        ),
        (("--metrics", "prdc", "--limit", 5), "prdc needs at least 6; give more images or a smaller k"),
    ],
)
def test_too_few_images_are_told_before_features_are_computed(monkeypatch, options, told):
    monkeypatch.setattr("bench.measuring.measure.extract", lambda *_, **__: pytest.fail("features were computed"))
    assert told in refusal("score", "digits:test", "digits:train", "--extractor", "digits-cnn", *options)


def test_an_empty_name_is_not_the_current_folder(good, monkeypatch):
    monkeypatch.chdir(good)
    for command in (("fid", "", good), ("fid", good, ""), ("score", ""), ("doctor", ""), ("stats", "", "-o", "x.npz")):
        assert "name of a set of images is empty" in refusal(*command)
    assert "no metric ''" in refusal("score", good, good, "--metrics", "", *PIXELS)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "empty (0 bytes)"),
        (b"<html>404</html>", "not a readable"),
        (png(an_image(0))[:-30], "truncated"),
        (png(an_image(0))[:60] + b"\0\0\0\0" + png(an_image(0))[64:], "corrupt"),
    ],
)
def test_a_corrupt_image_is_named(good, data, problem):
    (good / "3.png").write_bytes(data)
    line = refusal("fid", good, "digits:test", *PIXELS)
    assert "good/3.png" in line
    assert problem in line
    assert "--skip-corrupt" in line


def test_skip_corrupt_counts_what_it_left_out(good):
    (good / "3.png").write_bytes(b"")
    result = run("fid", good, good, *PIXELS, "--skip-corrupt", "--json")
    scores = json.loads(result.stdout)
    assert scores["n_a"] == 4
    assert any("skipped: 1 corrupt of 5 files (3.png)" in line for line in scores["warnings"])


def test_skip_corrupt_of_corrupt_files_only(bad, good):
    assert "all 1 images" in refusal("fid", bad("0.png", b"").parent, good, *PIXELS, "--skip-corrupt")


def test_a_decompression_bomb_is_not_decoded(bad, good):
    bomb = BytesIO()
    Image.new("1", (20_000, 20_000)).save(bomb, "PNG")
    assert "larger than 64 megapixels" in refusal("fid", bad("0.png", bomb.getvalue()).parent, good, *PIXELS)


def a_zip(member, data=b"", mode=0o100644):
    archive = BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        info = zipfile.ZipInfo(member)
        info.external_attr = mode << 16
        info.compress_type = zipfile.ZIP_DEFLATED
        file.writestr(info, data)
    return archive.getvalue()


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (a_zip("/etc/0.png", png()), "absolute path"),
        (a_zip("../0.png", png()), "'..'"),
        (a_zip("0.png", b"/etc/passwd", 0o120777), "is a link"),
        (a_zip("0.png", bytes(2**24)), "zip bomb"),
        (a_zip("notes.txt", b"none"), "no images"),
        (b"PK\x03\x04 cut", "not a readable zip"),
    ],
)
def test_an_unsafe_or_broken_zip(bad, good, data, problem):
    assert problem in refusal("fid", bad("set.zip", data), good, *PIXELS)


def saved(**arrays):
    data = BytesIO()
    np.savez(data, **arrays)
    return data.getvalue()


IMAGES = np.random.RandomState(0).rand(4, 3, 8, 8)


@pytest.mark.parametrize(
    ("array", "problem"),
    [
        (np.array([{"run": "me"}], object), "Python objects, which are never loaded"),
        (IMAGES * 255, "expected [0, 1] or [-1, 1]"),
        (IMAGES * 4 - 2, "expected [0, 1] or [-1, 1]"),
        (IMAGES / 300, "was scaled twice"),
        (np.where(IMAGES > 0.5, np.nan, IMAGES), "NaN"),
        (IMAGES[0], "shape"),
        ((IMAGES * 255).astype(np.int32), "int32"),
        (np.zeros((0, 3, 8, 8), np.uint8), "holds no images"),
        (np.zeros((4, 8, 8, 4), np.uint8), "1 or 3 channels"),
    ],
)
def test_an_array_that_is_no_set_of_images(bad, good, array, problem):
    assert problem in refusal("fid", bad("set.npz", saved(arr_0=array)), good, *PIXELS)


def test_an_npz_that_is_neither_images_nor_statistics(bad, good):
    assert "expected images as arr_0" in refusal("fid", bad("set.npz", saved(a=IMAGES, b=IMAGES)), good, *PIXELS)
    assert "not a readable .npz file" in refusal("fid", bad("cut.npz", saved(arr_0=IMAGES)[:100]), good, *PIXELS)


def test_a_file_that_is_no_set(bad, good):
    assert "is not a set of images" in refusal("fid", bad("notes.txt", b"hello"), good, *PIXELS)
    assert "is one image" in refusal("fid", bad("0.png", png()), good, *PIXELS)


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        ("digts:test", "no data set 'digts'. Did you mean 'digits'"),
        ("digits:tset", "no split 'tset'. Did you mean 'test'?"),
        ("digits", "write digits:SPLIT"),
        ("edges2shapes:test", "edges2shapes:test/"),
        ("mnist:test", "bench datasets fetch mnist"),
    ],
)
def test_a_split_that_is_not_there(spec, problem, good):
    assert problem in refusal("fid", spec, good, *PIXELS)


def test_a_limit_that_cannot_be_met(good):
    assert "it has 5 images" in refusal("fid", good, good, *PIXELS, "--limit", 6)


def test_pairs_of_different_counts(good):
    assert "5 of good and 500 of digits:test; expected equal" in refusal(
        "score", good, "digits:test", "--metrics", "mse"
    )


# ---- statistics


@pytest.mark.parametrize(
    ("arrays", "problem"),
    [
        ({"mu": np.zeros(64), "sigma": np.eye(64)}, "the statistics file has 64 features, and pixels has 3072"),
        ({"mu": np.zeros(64), "sigma": np.eye(63)}, "expected (d,) and (d, d)"),
        ({"mu": np.full(2, np.nan), "sigma": np.eye(2)}, "not finite"),
        ({"mu": np.zeros(2), "sigma": np.array([[1, 2], [0, 1.0]])}, "not a covariance"),
        ({"mu": np.zeros(2, object), "sigma": np.eye(2)}, "never loaded"),
    ],
)
def test_statistics_that_do_not_fit(bad, good, arrays, problem):
    assert problem in refusal("fid", bad("ref.npz", saved(**arrays)), good, *PIXELS)


def test_statistics_of_different_widths(bad):
    files = [bad(f"{d}.npz", saved(mu=np.zeros(d), sigma=np.eye(d))) for d in (3, 4)]
    assert "statistics of 3 and of 4 features" in refusal("fid", *files)


def test_statistics_made_with_another_extractor_or_resize(good, tmp_path):
    for name, options in {"shapes": ("--extractor", "shapes-cnn"), "tf1": (*DIGITS, "--resize", "tf1")}.items():
        assert run("stats", good, "-o", tmp_path / f"{name}.npz", *options).exit_code == 0
    assert "'tf1', asked for 'clean'" in refusal("fid", tmp_path / "tf1.npz", good, *DIGITS)
    assert "cannot be compared" in refusal("fid", tmp_path / "tf1.npz", tmp_path / "shapes.npz")
    assert "'shapes-cnn', asked for 'digits-cnn'" in refusal("fid", tmp_path / "shapes.npz", good, *DIGITS)
    # Before anybody is told that the weights of the default are not here.
    for sets in ((tmp_path / "shapes.npz", good), (good, tmp_path / "shapes.npz")):
        assert "asked for 'inception'. Give --extractor shapes-cnn, or" in refusal("fid", *sets, "--offline")
    assert "'shapes-cnn', asked for 'pixels'" in refusal("fid", tmp_path / "shapes.npz", good, *PIXELS)


def test_statistics_are_no_images(good, tmp_path):
    run("stats", good, "-o", tmp_path / "ref.npz", *DIGITS)
    assert "holds none; give the images" in refusal("score", tmp_path / "ref.npz", good, "--metrics", "kid", *DIGITS)
    for option in (("--influence", 3), ("--all-estimates",), ("--crosscheck",)):
        assert f"{option[0]} needs the " in refusal("fid", tmp_path / "ref.npz", good, *DIGITS, *option)
    assert "--limit needs the images" in refusal("fid", tmp_path / "ref.npz", tmp_path / "ref.npz", "--limit", 3)


def test_statistics_that_cannot_be_written_are_told_before_the_images_are_read(good, tmp_path):
    assert "rename it" in refusal("stats", good, "-o", tmp_path / "ref.txt", *PIXELS)
    assert "make it first" in refusal("stats", good, "-o", tmp_path / "absent" / "ref.npz", *PIXELS)
    assert bench.storage.cache.open_cache().entries() == []


# ---- weights


class Trap:
    def __reduce__(self):
        return print, ("code of the weights file ran",)


def test_a_weights_file_with_code_in_it_runs_nothing(bad, good, capfd):
    for data in (pickle.dumps({"weight": Trap()}), b"not weights at all"):
        refusal("fid", good, good, "--weights", bad("weights.pth", data), "--batch-size", 1)
    assert "ran" not in capfd.readouterr().out


def test_missing_weights_name_what_needs_no_download(good, monkeypatch, tmp_path):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    told = "Use --extractor efficientnet-lite0, which needs no download, or name a copy of weights-inception-"
    for options, forbids in (((), "BENCH_OFFLINE"), (("--offline",), "--offline")):
        line = refusal("fid", good, good, *options)
        assert told in line and f"{forbids} forbids the download" in line
        assert len(line) < 300


def test_a_weights_file_that_is_not_there_or_not_wanted(good):
    assert "no weights at 'absent.pth'" in refusal("fid", good, good, "--weights", "absent.pth")
    assert "has no weights file" in refusal("fid", good, good, *PIXELS, "--weights", "absent.pth")


# ---- names


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        (("fdi", "a", "b"), "no command 'fdi'. Did you mean 'fid'?"),
        (("fid", "a", "b", "--skip-corupt"), "Did you mean '--skip-corrupt'?"),
        (
            ("fid", "digits:test", "digits:test", "--extractor", "pixles"),
            "no extractor 'pixles'. Did you mean 'pixels'?",
        ),
        (("score", "digits:test", "--metrics", "prdk"), "no metric 'prdk'. Did you mean 'prdc'?"),
        (("score", "digits:test", "--metrics", "fid"), "fid compares two sets and one was given"),
        (("score", "digits:test", *PIXELS, "--metrics", "is"), "needs class predictions"),
        (("fid", "digits:test", "digits:test", *PIXELS, "--resize", "tf2"), "no resize 'tf2'"),
        (("weights", "fetch", "incepton"), "Did you mean 'inception'"),
        (("weights", "fitch"), "'fetch'"),
        (("list", "model"), "'models'"),
        (("fid", "digits:test"), "Missing argument 'B'"),
        (("fid", "a", "b", "--limit", "many"), "'many' is not a valid integer"),
        (("fid", "a", "b", "--device", "tpu"), "'cpu', 'cuda'"),
        (("stats", "digits:test"), "Missing option '-o'"),
    ],
)
def test_what_is_unknown_is_answered_with_what_is_close(arguments, meant):
    assert meant in refusal(*arguments)


def test_a_crosscheck_of_what_torch_fidelity_has_not_is_refused_before_anything_is_computed(good):
    assert "choose those" in refusal("fid", good, good, *PIXELS, "--crosscheck")
    assert bench.storage.cache.open_cache().entries() == []


def test_taps_are_chosen_by_name(tmp_path):
    (tmp_path / "weights.pth").write_bytes(b"not read yet")
    chosen = measure("inception", weights_file=tmp_path / "weights.pth", tap="64", logits="logits")
    assert (chosen.extractor.pool, chosen.extractor.logits) == ("64", "logits")
    assert any("features of tap '64'" in line for line in chosen.warnings)


def test_a_tap_that_is_not_there(good):
    assert "no tap '64'; there are: pool" in refusal("fid", good, good, *PIXELS, "--tap", 64)
    assert "no logits 'pool'; there are: logits" in refusal(
        "score", good, "--extractor", "digits-cnn", "--logits", "pool"
    )
    assert "no logits 'logits'; there are: none" in refusal("score", good, *PIXELS, "--logits", "logits")


def test_cuda_where_there_is_none(good, monkeypatch):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert "no CUDA device" in refusal("fid", good, good, *PIXELS, "--device", "cuda")


# ---- what the machine does


def test_a_full_disk_costs_the_cache_and_not_the_result(good, monkeypatch):
    plain = json.loads(run("fid", good, good, *PIXELS, "--no-cache", "--json").stdout)

    def full(file, data):
        raise FULL

    monkeypatch.setattr("bench.storage.cache.write_all", full)
    result = run("fid", good, good, *PIXELS, "--json")
    assert result.exit_code == 0
    scores = json.loads(result.stdout)
    assert scores["fid"] == plain["fid"]
    assert any("not kept in the cache (No space left on device)" in line for line in scores["warnings"])
    assert not [entry for entry in bench.storage.cache.open_cache().entries() if "features" in entry.what]


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (FULL, 1, "No space left on device: somewhere/features.npy"),
        (PermissionError(errno.EACCES, "Permission denied", "here"), 1, "Permission denied: here"),
        (MemoryError("8 GB"), 1, "not enough memory (8 GB)"),
        (RuntimeError("[x] DefaultCPUAllocator: can't allocate memory"), 1, "can't allocate memory); use a smaller"),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
)
def test_what_gives_out_in_the_middle_is_one_line(monkeypatch, error, code, told):
    def fail(*args, **settings):
        raise error

    monkeypatch.setattr(bench.api.sets, "fid", fail)
    result = run("fid", "a", "b")
    assert result.exit_code == code
    assert told in result.stderr
    assert result.stderr.strip().count("\n") == 0
    assert "Traceback" not in result.stderr


def test_a_warning_of_python_is_one_line_without_the_place_in_the_code(monkeypatch):
    def warn(*args, **settings):
        with warnings.catch_warnings():
            warnings.simplefilter("default")
            warnings.warn("cannot be\nkept", stacklevel=1)
        raise InputError("the end")

    monkeypatch.setattr(bench.api.sets, "fid", warn)
    assert run("fid", "a", "b").stderr == "bench: warning: cannot be kept\nbench: the end\n"


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_a_cache_that_cannot_be_looked_into_costs_a_warning_and_not_the_result(good, monkeypatch):
    def denied(path, *args, **options):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    root = bench.storage.cache.open_cache().root
    for name in ("stat", "exists", "mkdir"):
        plain = getattr(Path, name)
        monkeypatch.setattr(
            Path,
            name,
            lambda path, *a, _plain=plain, **k: (denied if root in (path, *path.parents) else _plain)(path, *a, **k),
        )
    result = run("fid", good, good, *PIXELS, "--json")
    assert result.exit_code == 0
    assert any("not kept in the cache (Permission denied)" in line for line in json.loads(result.stdout)["warnings"])


def test_a_file_that_may_not_be_read_is_named_with_its_remedy(bad, good, monkeypatch):
    files = [bad(name, b"") for name in ("locked.npy", "locked.npz", "locked.zip")]
    plain = os.open

    def locked(path, *args, **options):
        if Path(path) in files:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return plain(path, *args, **options)

    monkeypatch.setattr(os, "open", locked)
    for file in files:
        assert f"{file} cannot be read (Permission denied); check its" in refusal("fid", file, good, *PIXELS)


def test_a_model_s_own_error_is_the_user_s_to_mend(monkeypatch):
    from reference_models.errors import ModelError

    def fail(*args, **settings):
        raise ModelError("no recipe for 'mars'")

    monkeypatch.setattr(bench.api.sets, "fid", fail)
    assert refusal("fid", "a", "b") == "bench: no recipe for 'mars'\n"


def test_a_bug_keeps_its_traceback(monkeypatch):
    def fail(*args, **settings):
        raise ZeroDivisionError("of ours")

    monkeypatch.setattr(bench.api.sets, "fid", fail)
    result = run("fid", "a", "b")
    assert result.exit_code == 1
    assert isinstance(result.exception, ZeroDivisionError)


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_ctrl_c_ends_with_130_and_leaves_the_cache_intact(tmp_path):
    np.save(tmp_path / "many.npy", np.random.RandomState(0).randint(0, 256, (20_000, 3, 16, 16)).astype(np.uint8))
    command = [sys.executable, "-m", "bench", "fid", "many.npy", "many.npy", *PIXELS]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    running = subprocess.Popen(
        command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True, preexec_fn=usual_signals
    )
    cache = bench.storage.cache.open_cache()
    while running.poll() is None and not list(cache.root.glob(".writing-*/features.npy")):
        time.sleep(0.005)
    running.send_signal(signal.SIGINT)
    stderr = running.communicate()[1]
    assert running.returncode == 130, stderr
    assert re.search(r"^bench: interrupted", stderr, re.MULTILINE)
    assert "Traceback" not in stderr
    assert cache.verify() == []
    assert list(cache.root.iterdir()) == []
