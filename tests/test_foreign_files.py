"""Files of other kinds where a checkpoint or a generator is expected: named for what they are, in one line."""

import pickle
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from test_generators import onnx_generator, torchscript_generator

from bench.leaderboard.tracks import find_track
from bench.measuring.statistics import read_statistics
from bench.measuring.subject import open_subject
from bench.runs.checkpoint_files import checkpoint_file
from bench.runs.generators import open_generator
from bench.runs.stored import open_checkpoint, subject_of_checkpoint
from bench.sources import open_source
from bench.submissions.generators import GeneratorSpec
from bench.submissions.material import How, open_material
from metrics.errors import InputError
from metrics.extractors import foreign as _foreign
from metrics.extractors.state import read_state
from reference_models.errors import ModelError

HOW = How(GeneratorSpec((3,)), trust_code=True)


def arrays(path, **content):
    with path.open("wb") as file:
        np.savez(file, **content)


MAKE = {
    "empty": ("is empty", lambda path: path.touch()),
    "page": ("is a web page, probably from a failed download", lambda path: path.write_text("\n <html>404</html>")),
    "pointer": ("is a git-lfs pointer", lambda path: path.write_text("version https://git-lfs.github.com/spec/v1\n")),
    "denied": ("is an XML text", lambda path: path.write_text("<?xml version='1.0'?><Error/>")),
    "array": ("is an array of numpy", lambda path: path.write_bytes(b"\x93NUMPY\x01\x00")),
    "arrays": (r"is an \.npz of arrays", lambda path: arrays(path, a=np.zeros(3))),
    "weights": (r"is a file of torch\.save", lambda path: torch.save({"a": torch.zeros(3)}, path)),
    "old": (
        r"is a file of torch\.save",
        lambda path: torch.save({"a": torch.zeros(3)}, path, _use_new_zipfile_serialization=False),
    ),
}


@pytest.fixture(params=sorted(MAKE))
def foreign(request, tmp_path):
    """A file of another kind, and what is said of it."""
    said, make = MAKE[request.param]
    make(tmp_path / "given")
    return tmp_path / "given", said


@pytest.mark.parametrize(
    "use",
    [
        open_generator,
        lambda path: open_checkpoint(path, open_subject("digits")),
        lambda path: subject_of_checkpoint(path, None, None),
    ],
)
def test_what_is_no_checkpoint_is_named(foreign, use):
    path, said = foreign
    with pytest.raises(InputError, match=rf"{said}.*; expected the folder of a run or of an exported model, or the"):
        use(path)


@pytest.mark.parametrize("suffix", [".onnx", ".pt", ".ts"])
def test_what_is_no_generator_is_named_before_it_runs(foreign, suffix):
    path, said = foreign
    path = path.rename(path.with_suffix(suffix))
    expected = "an ONNX file" if suffix == ".onnx" else "TorchScript"
    with pytest.raises(InputError, match=f"{said}.*; expected {expected}"):
        open_material(path, find_track("digits"), open_subject("digits"), HOW)


def test_a_folder_of_another_library_is_named(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    save_file({"a": torch.zeros(2)}, tmp_path / "model.safetensors")
    with pytest.raises(InputError, match=r"is a folder of another library \(it has a config\.json\); expected"):
        checkpoint_file(tmp_path)


def test_a_torchscript_file_is_no_onnx_and_no_checkpoint(tmp_path):
    path = torchscript_generator(tmp_path / "g.onnx")
    with pytest.raises(InputError, match="is TorchScript, a program with its weights inside; expected an ONNX file"):
        open_material(path, find_track("digits"), open_subject("digits"), HOW)
    with pytest.raises(InputError, match="is TorchScript"):
        checkpoint_file(path)


def test_weights_that_no_training_here_wrote_are_named(tmp_path):
    save_file({"a": torch.zeros(2)}, tmp_path / "checkpoint.safetensors")
    with pytest.raises(ModelError, match="holds weights that no training of this project wrote"):
        open_generator(tmp_path)


def test_what_may_be_the_right_thing_is_left_to_who_reads_it(tmp_path):
    save_file({"a": torch.zeros(2)}, tmp_path / "checkpoint.safetensors")
    assert checkpoint_file(tmp_path).path == tmp_path / "checkpoint.safetensors"
    assert checkpoint_file(tmp_path / "missing").path == tmp_path / "missing"
    assert checkpoint_file(onnx_generator(tmp_path / "g.onnx"))  # any bytes: told when it is read


# ----- statistics that others have written


MU, SIGMA = np.zeros(3), np.eye(3)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"mean": MU, "cov": SIGMA}, r"numpy\.savez\(OUT, mu=file\['mean'\], sigma=file\['cov'\]\)"),
        ({"m": MU, "s": SIGMA}, r"mu=file\['m'\], sigma=file\['s'\]"),
        ({"Sigma": SIGMA, "count": np.int64(5), "Mu": MU}, r"mu=file\['Mu'\], sigma=file\['Sigma'\]"),
        ({"fid/mu": MU, "fid/sigma": SIGMA}, r"mu=file\['fid/mu'\]"),
        (
            {"pool_3": np.zeros((9, 3)), "logits": np.zeros((9, 2))},
            r"numpy\.savez\(OUT, features=file\['pool_3'\]\)",
        ),
        ({"images": np.zeros((2, 4, 4, 3)), "others": MU}, "expected images as arr_0 or as its only array"),
    ],
)
def test_statistics_under_other_names_are_answered_with_the_names(tmp_path, content, said):
    arrays(tmp_path / "stats.npz", **content)
    with pytest.raises(InputError, match=said):
        open_source(tmp_path / "stats.npz")


def test_what_the_remedy_writes_is_read(tmp_path):
    arrays(tmp_path / "stats.npz", mean=MU, cov=SIGMA)
    with np.load(tmp_path / "stats.npz") as file:
        np.savez(tmp_path / "out.npz", mu=file["mean"], sigma=file["cov"])
    assert np.array_equal(read_statistics(tmp_path / "out.npz").cov, SIGMA)


def test_a_dict_in_an_array_and_a_pickle_are_answered_with_how_to_save_it(tmp_path):
    np.save(tmp_path / "stats.npy", {"mu": MU, "sigma": SIGMA})
    (tmp_path / "stats.pkl").write_bytes(pickle.dumps({"mu": MU}))
    torch.save({"mu": torch.zeros(3)}, tmp_path / "stats.pt")
    for name in ("stats.npy", "stats.pkl", "stats.pt"):
        with pytest.raises(InputError, match=r"numpy\.savez\(OUT, mu=\.\.\., sigma=\.\.\.\)"):
            open_source(tmp_path / name)


@pytest.mark.parametrize("name", ["page.html", "page"])
def test_what_is_no_set_of_images_is_named(tmp_path, name):
    (tmp_path / name).write_text("<html>")
    with pytest.raises(InputError, match="is a web page, probably from a failed download, not a set of images"):
        open_source(tmp_path / name)


# ----- files of weights


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"), (b"PK\3\4 data.pkl", _foreign.TORCH), (b"PK\3\4 a.npy", "an .npz of arrays"),
        (b"PK\3\4 readme", "a zip without torch's tensors"), (b"PK\3\4 data.pkl constants.pkl", _foreign.TORCHSCRIPT),
        (b"PK" + b"x" * 600 + b"data.pkl", _foreign.TORCH),
        (b"PK" + b"x" * 600 + b".npy", "a zip without torch's tensors"),
        *((bytes([0x80, version]), _foreign.TORCH if 2 <= version <= 5 else "") for version in range(1, 7)),
        (b"\x81\2", ""), (b" \n<!DOCTYPE HTML>", "a web page, probably from a failed download"),
        (b"\x89HDF\r\n", "an HDF5 file, as Keras writes them"), (b'{"a"', "a JSON text"), (b"\x89PNG", "an image"),
        (b"\xff\xd8\xff\xe0", "an image"), (b"GGUF", "a GGUF file of a language model"),
        (b"\x1f\x8b", "a gzip archive; unpack it"), (b"\xfd7zXZ", "an xz archive; unpack it"), (b"anything", ""),
    ],
)  # fmt: skip
def test_a_file_is_named_by_its_first_and_last_bytes(content, words, tmp_path):
    (tmp_path / "given").write_bytes(content)
    assert _foreign.file_kind(tmp_path / "given") == words


def test_the_suffix_says_how_weights_are_read(tmp_path):
    given = {"a": torch.arange(3.0)}
    save_file(given, tmp_path / "a.safetensors")
    torch.save(given, tmp_path / "a.pth")
    for name in ("a.safetensors", "a.pth"):
        assert read_state(tmp_path / name)["a"].tolist() == [0, 1, 2]
        (tmp_path / name).rename(tmp_path / f"{name}.moved")
    (tmp_path / "a.pth.moved").rename(tmp_path / "a.safetensors")
    with pytest.raises(InputError, match="damaged, or no weights file"):
        read_state(tmp_path / "a.safetensors")


def test_what_was_read_instead_of_tensors_is_named():
    assert _foreign.content_kind([1]) == _foreign.content_kind({"state": {}}) == _foreign.content_kind({"net": 1}) == ""
    assert _foreign.content_kind({"state": {}, "param_groups": []}) == "the state of an optimiser, not of a network"
    for part in _foreign.PARTS:
        assert f"keeps the weights under {part!r}" in _foreign.content_kind({"epoch": 3, part: {}})


def test_a_wrapper_is_named_where_all_names_begin_with_it():
    assert "save the state_dict() of its .module" in _foreign.wrapper_of(["module.a", "module.b"])
    assert "torch.compile: every name begins with '_orig_mod.'" in _foreign.wrapper_of(["_orig_mod.a"])
    assert _foreign.wrapper_of(["module.a", "b"]) == _foreign.wrapper_of([]) == _foreign.wrapper_of(["a"]) == ""
    for name, words in _foreign.LAYOUTS:
        assert _foreign.layout_of(["other", name]) == words
    assert _foreign.layout_of(["other"]) == ""


def test_a_torchscript_file_is_taken_for_what_it_is_and_asks_for_trust(tmp_path):
    path = torchscript_generator(tmp_path / "g.pt")
    with pytest.raises(InputError, match="is TorchScript, which is code; run it with --trust-code"):
        open_material(path, find_track("digits"), open_subject("digits"), replace(HOW, trust_code=False))
