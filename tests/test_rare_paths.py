"""What happens seldom: a file that grows while it is read, a folder that may not be read, git that fails, a checkpoint
without its run, a folder that is a link."""

import os
import shutil
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from PIL import Image
from safetensors.torch import save_file
from tiny_runs import tiny_run

from bench.cli import main
from bench.leaderboard.moments import moments_of, read_moments
from bench.runs.samples import save_pngs
from bench.sources import decoding, open_source
from bench.sources.decoding import CorruptImage, read_header
from bench.storage import provenance
from bench.storage.array_files import ArrayFile
from bench.storage.files import npz_bytes
from bench.storage.reading import Unreadable, read_bytes
from bench.storage.records import read_records
from bench.submissions.material import _count_files
from metrics.errors import InputError
from metrics.extractors import _own_libraries
from metrics.extractors._small_cnn import ITU_R_601
from metrics.extractors.state import read_state


@pytest.mark.parametrize("change", [1, -1])
def test_a_file_that_changes_while_it_is_read_is_not_taken(tmp_path, monkeypatch, change):
    path = tmp_path / "a.json"
    path.write_bytes(b"12345")
    told = os.fstat

    class Before:
        def __init__(self, found):
            self.st_size, self.st_mode = found.st_size + change, found.st_mode

    monkeypatch.setattr("bench.storage.reading.os.fstat", lambda file: Before(told(file)))
    with pytest.raises(Unreadable, match="changed while it was read"):
        read_bytes(path, most=100)


def test_a_folder_that_may_not_be_read_is_named(tmp_path, monkeypatch):
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")

    def denied(folder):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("bench.sources.files.os.scandir", denied)
    with pytest.raises(InputError, match="cannot read the folder"):
        open_source(tmp_path)


def test_a_commit_is_told_only_where_git_answers(monkeypatch):
    class Done:
        def __init__(self, code, text):
            self.returncode, self.stdout = code, text

    answers = {"rev-parse": Done(0, "abc\n"), "status": Done(0, "")}
    kept = []

    def run(command, **options):
        kept.append(options)
        return answers[command[3]]

    monkeypatch.setattr(provenance.subprocess, "run", run)
    monkeypatch.setattr(provenance.shutil, "which", lambda name: "git")
    monkeypatch.setattr(provenance.Path, "exists", lambda path: True)
    assert provenance.commit() == "abc"
    answers["status"] = Done(0, " M bench/api.py\n")
    assert provenance.commit() == "abc+changes"
    answers["rev-parse"] = Done(128, "fatal: not a repository\n")
    assert provenance.commit() == ""
    assert all(options == {"capture_output": True, "text": True, "check": False} for options in kept)


def test_a_checkpoint_without_its_run_says_what_its_training_was(tmp_path, monkeypatch):
    folder = tiny_run(tmp_path / "made", "dcgan", steps=3)
    monkeypatch.chdir(tmp_path)
    shutil.copy(folder / "checkpoint.safetensors", tmp_path / "bare.safetensors")
    result = CliRunner().invoke(main, ["evaluate", "bare.safetensors", "--extractor", "digits-cnn", "--workers", "0"])
    assert result.exit_code == 0, result.output
    (record,) = read_records(Path("my-results"))
    done = record.training
    assert (done.asked, done.steps, done.images, done.batch_size) == ({}, 3, 12, 4)
    assert (done.device, done.precision, done.compiled, done.losses) == ("", "float32", False, {})
    assert done.epochs == 12 / 1297
    assert done.full_epochs == 60
    assert done.seconds > 0


@pytest.mark.parametrize(
    ("name", "value"),
    [("count", np.array([40])), ("count", np.int32(40)), ("count", np.int64(1)), ("mean", np.zeros((60, 1)))],
)
def test_moments_of_other_types_are_refused(tmp_path, name, value):
    arrays = moments_of(np.random.RandomState(0).randn(40, 60).astype(np.float32)).arrays()
    path = tmp_path / "moments.npz"
    path.write_bytes(npz_bytes(arrays))
    assert read_moments(path).count == 40
    path.write_bytes(npz_bytes({**arrays, name: value}))
    with pytest.raises(InputError, match="of other types than this version writes"):
        read_moments(path)


def test_a_member_behind_a_long_name_is_mapped_from_its_first_byte(tmp_path):
    name, values = "a" * 300, np.arange(20_000, dtype=np.float64)
    np.savez(tmp_path / "long.npz", **{name: values})
    with ArrayFile(tmp_path / "long.npz") as file:
        assert (file.map(name) == values).all()


def test_a_file_in_the_place_of_a_folder_of_images_is_not_replaced(tmp_path):
    (tmp_path / "out").write_text("mine")
    with pytest.raises(InputError, match=r"holds out, so it is not replaced"):
        save_pngs(tmp_path / "out", np.zeros((1, 1, 8, 8), np.uint8), force=True)


def test_a_png_that_ends_with_its_last_chunk_but_for_the_checksum_is_truncated(tmp_path):
    Image.new("RGB", (8, 8), (1, 2, 3)).save(tmp_path / "a.png")
    data = (tmp_path / "a.png").read_bytes()
    for cut in range(1, 5):
        with pytest.raises(CorruptImage, match="ends inside a PNG chunk"):
            read_header(data[:-cut], "a.png")
    other = bytearray(data)
    other[-1] ^= 1
    with pytest.raises(CorruptImage, match="wrong checksum in PNG chunk IEND"):
        read_header(bytes(other), "a.png")
    assert zlib.crc32(data[-8:-4]) == int.from_bytes(data[-4:])


def test_links_to_folders_are_counted_as_files_and_not_followed(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.png").write_bytes(b"")
    (tmp_path / "in" / "circle").symlink_to(tmp_path, target_is_directory=True)
    assert _count_files(tmp_path) == 2


def test_a_webp_without_a_chunk_of_pixels_ends_the_search():
    assert not decoding._webp_is_lossy(b"RIFF\x10\x00\x00\x00WEBPVP8X\x00\x00\x00\x00")


def test_a_picture_for_which_there_is_no_memory_is_not_called_unreadable(monkeypatch):
    def full(image):
        raise MemoryError

    monkeypatch.setattr(decoding, "_rgb", full)
    with pytest.raises(MemoryError):
        decoding.pixels_of(Image.new("RGB", (4, 4)), "a picture")


def test_grey_of_a_colour_is_what_pillow_makes_of_it():
    for channel, weight in enumerate(ITU_R_601):
        pure = tuple(255 * (place == channel) for place in range(3))
        assert abs(Image.new("RGB", (1, 1), pure).convert("L").getpixel((0, 0)) - 255 * weight) <= 0.5


def test_a_state_is_read_from_safetensors_as_from_a_file_of_torch(tmp_path):
    state = {"a": torch.arange(6.0).reshape(2, 3)}
    save_file(state, tmp_path / "w.safetensors")
    torch.save(state, tmp_path / "w.pth")
    for name in ("w.safetensors", "w.pth"):
        assert torch.equal(read_state(tmp_path / name)["a"], state["a"])


def test_a_network_whose_outputs_are_no_rows_is_told():
    class Grid(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = torch.nn.Parameter(torch.ones(1))

        def forward(self, images):
            return {"pool": self.scale * images.flatten(2)}

    with pytest.raises(InputError, match=r"gives \[2, 3, 64\] for 2 images .*; expected \[2, d\]"):
        _own_libraries._widths("torchvision:grid", Grid, lambda network: network, 8)
