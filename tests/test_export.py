"""Models as folders for others: what is in them, that they make the same images, and what is told where they do not."""

import json
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image
from run_records import record
from tiny_runs import tiny_run

import bench
from bench.cli import main
from bench.measuring.subject import open_subject
from bench.runs.checkpoint_files import checkpoint_file, is_checkpoint
from bench.runs.model_card import card
from bench.runs.stored import job_of, open_checkpoint
from bench.storage import hub
from bench.storage.reading import file_sha256
from bench.storage.trained import TRAINED, trained_names
from bench.submissions.material import How, open_material
from metrics.errors import InputError


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return tiny_run(tmp_path_factory.mktemp("runs"), "dcgan-small")


@pytest.fixture(scope="module")
def exported(run):
    """An exported model; nothing may be written there."""
    return bench.export(run, run.parent / "exported", results=run.parent / "none").folder


@pytest.fixture
def copied(exported, tmp_path):
    """One that may be damaged, with its config.json as values."""
    for name in ("config.json", "model.safetensors"):
        (tmp_path / name).write_bytes((exported / name).read_bytes())
    return SimpleNamespace(folder=tmp_path, about=json.loads((tmp_path / "config.json").read_text()))


def command(*words):
    return CliRunner().invoke(main, [str(word) for word in words], prog_name="bench")


def test_an_export_makes_the_same_images_and_says_what_it_is(run, exported):
    assert sorted(path.name for path in exported.iterdir()) == [
        "README.md", "config.json", "model.safetensors", "preview.png"]  # fmt: skip
    assert np.array_equal(bench.sample(exported, count=4).images, bench.sample(run, count=4).images)
    about = json.loads((exported / "config.json").read_text())
    assert about["weights"]["sha256"] == file_sha256(exported / "model.safetensors")
    assert about["checkpoint_sha256"] == file_sha256(run / "checkpoint.safetensors")
    assert (about["model"], about["seed"], about["steps"], about["weights"]["bits"]) == ("dcgan-small", 0, 2, 32)
    with Image.open(exported / "preview.png") as preview:
        assert preview.mode == "RGB"


def test_half_the_bits_give_half_the_file_and_images_that_differ_by_rounding(run, exported, tmp_path):
    half = bench.export(run, tmp_path / "half", half=True, results=tmp_path)
    assert half.size < 0.8 * (exported / "model.safetensors").stat().st_size  # most of a tiny one is its header
    images, exact = (bench.sample(one, count=4).images.astype(int) for one in (half.folder, exported))
    assert abs(images - exact).max() <= 2


def test_an_export_replaces_nothing_that_it_was_not_asked_to(run, exported, tmp_path):
    assert "replace it with --force" in command("export", run, "-o", exported).stderr
    (tmp_path / "notes.txt").touch()
    result = command("export", run, "-o", tmp_path, "--force")
    assert (result.exit_code, result.stderr.count("\n"), [one.name for one in tmp_path.iterdir()]) == (
        2,
        1,
        ["notes.txt"],
    )
    assert "holds something else" in result.stderr


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"library": "diffusers"}, "is a folder of another library"),
        ({"schema": 2, "library_version": "9.0"}, "was exported by genbench 9.0 in schema 2, this one reads 1"),
        ({"weights": {"sha256": "0" * 64}}, "is not the file that config.json beside it names"),
        ({"weights": None}, "is not the file that config.json beside it names"),
    ],
)
def test_an_export_that_cannot_be_used_is_one_line(copied, change, told):
    (copied.folder / "config.json").write_text(json.dumps({**copied.about, **change}))
    with pytest.raises(InputError) as error:
        bench.sample(copied.folder, count=1)
    assert told in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_that_was_cut_is_told(copied):
    path = copied.folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-9])
    assert "export or download it again" in command("sample", copied.folder, "-n", 1).stderr


# ----- the card


ABOUT = {
    **{"library": "genbench", "model": "dcgan", "title": "DCGAN", "paper": "Radford et al.", "task": "generate"},
    **{"data": {"name": "digits"}, "settings": {"lr": 1.0}, "steps": 30, "seed": 0, "checkpoint_sha256": "c" * 64},
    "weights": {"file": "model.safetensors", "sha256": "a" * 64, "bits": 16},
}


def test_the_card_has_what_the_hub_reads_and_the_table_of_the_record():
    yaml = pytest.importorskip("yaml")
    made = record(fid=5.0)
    _, head, body = card(ABOUT, made, True).split("---\n", 2)
    known = yaml.safe_load(head)
    assert (known["license"], known["library_name"], known["datasets"]) == ("mit", "genbench", ["digits"])
    (result,) = known["model-index"][0]["results"]
    assert [(one["type"], one["value"]) for one in result["metrics"]] == [("fid", 5.4), ("fid", 5.0), ("kid", 0.5)]
    assert "![samples](preview.png)" in body
    assert "Table 6. dcgan on digits, seed 0" in body
    assert made.protocol_id in body
    assert "differ from those of the checkpoint by rounding" in body


def test_the_card_of_what_was_not_measured_says_so():
    assert "was not measured" in card(ABOUT, None, False)
    assert "model-index" not in card(ABOUT, None, False)


# ----- the Hub


@pytest.fixture
def of_the_hub(exported, tmp_path, monkeypatch):
    """A Hub that has one model, at a commit; `asked` is what was asked of it, `error` what it answers instead."""
    folder = tmp_path / ("a" * 40)
    folder.mkdir()
    for name in ("config.json", "model.safetensors"):
        (folder / name).write_bytes((exported / name).read_bytes())
    known = SimpleNamespace(asked=[], error=None)

    def snapshot_download(name, **how):
        known.asked.append((name, how["revision"]))
        if known.error:
            raise known.error
        return str(folder)

    library, errors = ModuleType("huggingface_hub"), ModuleType("huggingface_hub.errors")
    library.snapshot_download, errors.HfHubHTTPError = snapshot_download, type("HfHubHTTPError", (Exception,), {})
    monkeypatch.setitem(sys.modules, "huggingface_hub", library)
    monkeypatch.setitem(sys.modules, "huggingface_hub.errors", errors)
    hub.fetch.cache_clear()
    yield known
    hub.fetch.cache_clear()


def test_a_model_of_the_hub_is_sampled_and_its_commit_is_kept(of_the_hub, exported):
    given, source = Path("hub:me/mine@main"), f"hub:me/mine@{'a' * 40}"
    made = bench.sample(given, count=2)
    assert (made.source, made.weights_sha256) == (source, file_sha256(exported / "model.safetensors"))
    job = job_of(
        Path("hub:me/mine@main"),
        open_checkpoint(Path("hub:me/mine@main"), open_subject("digits")),
        open_subject("digits"),
    )
    assert (job.source, file_sha256(job.checkpoint)) == (source, made.weights_sha256)
    assert of_the_hub.asked == [("me/mine", "main")]  # once for all of it


def test_an_entry_of_a_model_of_the_hub_keeps_commit_and_sha256(of_the_hub, exported):
    track = SimpleNamespace(name="digits", count=2)
    made = open_material(Path("hub:me/mine"), track, open_subject("digits"), How())
    assert made.origin.source == f"hub:me/mine@{'a' * 40}"
    assert made.origin.sha256 == file_sha256(exported / "model.safetensors")


def test_what_the_hub_cannot_give_is_one_line(of_the_hub, monkeypatch):
    of_the_hub.error = OSError("no route\nto host")
    for address, told in (
        ("hub:me/gone", "cannot be had (no route to host); check its name"),
        ("hub:me", "no model of the Hub"),
    ):
        with pytest.raises(InputError) as error:
            bench.sample(address)
        assert told in str(error.value)
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(InputError, match=r"pip install 'genbench\[hub\]'"):
        bench.sample("hub:me/other")


# ----- the models that come with this project


def test_the_trained_models_are_small_and_what_their_configurations_say():
    sizes = [checkpoint_file(Path(name)).path.stat().st_size for name in trained_names()]
    assert "dcgan-digits" in trained_names()
    assert max(sizes) < 1_000_000
    assert sum(path.stat().st_size for path in TRAINED.rglob("*") if path.is_file()) < 10_000_000


def test_a_name_shows_images_in_one_picture(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    told = json.loads(command("sample", "dcgan-digits", "-n", 4, "--json").stdout)
    assert (told["source"], told["output"], told["count"]) == ("dcgan-digits", "dcgan-digits-samples.png", 4)
    with Image.open("dcgan-digits-samples.png") as picture:
        assert 0.05 < (np.asarray(picture.convert("L")) > 128).mean() < 0.95
    assert "exists; replace it with --force" in command("sample", "dcgan-digits", "-n", 4).stderr


def test_a_folder_of_that_name_comes_first_and_a_wrong_name_is_told_with_the_close_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert is_checkpoint(Path("dcgan-digits"))
    assert "Did you mean 'dcgan-digits' or 'cgan-digits'?" in command("sample", "dcgan-digit").stderr
    Path("dcgan-digits").mkdir()
    assert not is_checkpoint(Path("dcgan-digits"))
    assert "there is no checkpoint at dcgan-digits" in command("sample", "dcgan-digits").stderr
