"""`--train-split`: what was trained on other images than the training split has its own place, and says so."""

import json
from dataclasses import replace

import pytest
import torch
from click.testing import CliRunner
from leaderboard_entries import entry
from run_records import record
from safetensors.torch import save_file
from tiny_runs import undrawn

from bench import export
from bench.cli import main
from bench.exploring._opening import open_run
from bench.leaderboard.entries import Origin
from bench.leaderboard.seeds import family_of
from bench.leaderboard.tracks import find_track
from bench.measuring.subject import open_subject
from bench.reporting.assignments import _is_earlier_seed
from bench.reporting.given import open_given
from bench.reporting.reproducing import command_of, not_measured
from bench.reproducing.plan import PlannedRun
from bench.reproducing.published import published
from bench.runs.jobs import prepare
from bench.site.entry_views import _provenance
from bench.site.steps import steps
from bench.sources import open_source
from bench.sources.splits import split_named
from bench.storage.families import families
from bench.storage.records import read_records
from bench.submissions.material import How, open_material
from bench.tables.notes import budget_note, notes_of
from bench.tables.of_record import who
from metrics.errors import InputError
from reference_models.errors import ModelError
from reference_models.loop import checkpoints
from reference_models.loop.run import earlier_state

RUN = ("run", "--model", "dcgan", "--dataset", "digits", "--set", "width=4", "--set", "latent=8", "--set",
       "batch_size=4", "--extractor", "pixels", "--device", "cpu", "--steps", "2", "--workers", "0")  # fmt: skip
FEW = "dcgan-digits-batch_size-4-latent-8-width-4-on-train-44-seed0"


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder with two runs of the same settings: on all training images, and on the first 44."""
    home = tmp_path_factory.mktemp("splits")
    with pytest.MonkeyPatch.context() as patch:
        undrawn(patch)
        for split in ("train", "train:44"):
            places = ("--workdir", home, "--results", home / "results", "--train-split", split)
            done = CliRunner().invoke(main, [str(word) for word in (*RUN, *places)], prog_name="bench")
            assert done.exit_code == 0, done.output
    return home


def test_two_training_splits_are_two_runs_with_records_of_their_own(trained):
    found = {one.train_split: one for one in read_records(trained / "results")}
    assert set(found) == {"train", "train:44"}
    few = found["train:44"]
    assert f"dcgan-digits{few.name.removeprefix('dcgan')}" == FEW
    assert few.title.endswith("trained on train:44, seed 0")
    assert "train" not in found["train"].title
    assert who(few).endswith("width=4, trained on train:44, seed 0")
    assert who(found["train"]).endswith("width=4, seed 0")
    assert few.training.epochs == pytest.approx(8 / 44)
    assert len(families(list(found.values()))) == 2  # no two seeds of one model
    assert "on train:44, which are not the training images of the recipe" in budget_note(few)
    assert not any("TRAINED ON" in note for one in found.values() for note in notes_of(one))


def test_a_model_that_was_trained_on_what_it_is_measured_against_is_told():
    (told,) = (note for note in notes_of(record(train_split="test:44")) if "TRAINED ON" in note)
    assert told == "TRAINED ON test, the split of real 1 and real 2: what it repeats scores too well"


def test_all_images_of_the_training_split_are_that_split():
    whole, few = (prepare("dcgan", open_subject("digits"), train_split=f"train:{count}") for count in (1297, 1296))
    assert (whole.train_split, whole.name) == ("train", "dcgan-seed0")
    assert (few.train_split, few.name) == ("train:1296", "dcgan-on-train-1296-seed0")


def test_what_is_made_of_such_a_run_knows_its_images(trained):
    folder = trained / "runs" / FEW
    assert json.loads((folder / "run.json").read_text())["train_split"] == "train:44"
    opened = open_run(folder)
    assert (opened.train_split, opened.split(opened.train_split).count) == ("train:44", 44)
    assert opened.name == "dcgan on digits, trained on train:44, seed 0"
    assert opened.about()["train_split"] == "train:44"
    assert "train_split" not in open_run(trained / "runs" / FEW.replace("-on-train-44", "")).about()
    (given,) = open_given([folder], trained / "results", trained)
    assert "--train-split train:44" in command_of(given)
    assert given.title.endswith("width=4, trained on train:44, seed 0")
    whole, *_ = open_given([trained / "runs" / FEW.replace("-on-train-44", "")], trained / "results", trained)
    assert not _is_earlier_seed(whole, replace(given, seed=1))
    (copies,) = not_measured(given)
    assert "--train digits:train:44" in copies


def test_an_entry_of_such_a_run_has_a_remark(trained):
    track, subject = find_track("digits"), open_subject("digits")
    few = open_material(trained / "runs" / FEW, track, subject, How())
    whole = open_material(trained / "runs" / FEW.replace("-on-train-44", ""), track, subject, How())
    assert few.remarks == ("the model was trained on train:44, not on the training split",)
    assert whole.remarks == ()
    assert (few.origin.train_split, whole.origin.train_split) == ("train:44", "")


def test_an_entry_of_another_split_is_no_seed_of_the_whole_and_says_how_it_is_made_again():
    origin = Origin("checkpoint", "a" * 64, "dcgan", {}, 3, 5000, 0)
    whole, few = (entry(2, origin=replace(origin, train_split=split)) for split in ("", "train:44"))
    assert family_of(few) != family_of(whole) == family_of(entry(2, origin=replace(origin, training_seed=4)))
    assert "--steps 5000 --train-split train:44" in steps(few)[0].command
    assert "--train-split" not in steps(whole)[0].command
    assert ("Trained on", "train:44", False) in _provenance(few)


def test_a_planned_run_names_its_split(tmp_path):
    made = record(train_split="train:44")
    run = PlannedRun("dcgan", "digits", "why", extractor=made.protocol.extractor, budget={"steps": made.training.steps})
    assert published(run, 0, {}, [made], tmp_path) is None
    assert published(replace(run, train_split="train:44"), 0, {}, [made], tmp_path) is not None


def test_the_first_images_of_a_split_can_be_measured_too():
    assert open_source("digits:train:44").count == 44
    for folder in ("folder:DIR", "folder:DIR:32", r"folder:C:\some\faces"):
        assert split_named(f"{folder}:train:44") == (folder, "train:44", "")
        assert split_named(f"{folder}:real-1") == (folder, "real-1", "")
    assert split_named("folder:DIR:32") is None  # a size
    with pytest.raises(InputError, match="train:9999 of digits: expected train:N"):
        open_source("digits:train:9999")
    with pytest.raises(InputError, match="has no split 'trian:44'"):
        open_source("digits:trian:44")


def test_a_run_measured_again_keeps_its_split_and_no_record_of_another(trained):
    results = trained / "results"
    before = {one.name: one for one in read_records(results)}
    asked = ("evaluate", trained / "runs" / FEW, "--results", results, "--extractor", "pixels", "--device", "cpu")
    done = CliRunner().invoke(main, [str(word) for word in asked], prog_name="bench")
    assert done.exit_code == 0, done.output
    after = {one.name: one for one in read_records(results)}
    changed = [name for name in before if before[name] != after[name]]
    assert (changed, set(after)) == ([FEW.replace("-digits", "", 1)], set(before))
    assert after[changed[0]].train_split == "train:44"


def test_a_checkpoint_knows_its_split_wherever_it_lies(trained, tmp_path):
    copied, exported = tmp_path / "checkpoint.safetensors", tmp_path / "exported"
    copied.write_bytes((trained / "runs" / FEW / copied.name).read_bytes())
    export(copied, exported, results=trained / "results")
    for one in (copied, exported):
        assert open_run(one).train_split == "train:44"
    told = (exported / "README.md").read_text()
    assert "trained by genbench on: Handwritten digits, 32x32 grey, embedded (train:44)." in told
    assert 'name: "Handwritten digits, 32x32 grey, embedded"' in told  # what the numbers are of
    whole = FEW.replace("-on-train-44", "")
    assert "split" not in checkpoints.read_state(trained / "runs" / whole / copied.name)["data"]


def test_an_earlier_checkpoint_that_does_not_say_its_split_is_gone_on_with(trained, tmp_path):
    path = trained / "runs" / FEW / "checkpoint.safetensors"
    state = checkpoints.read_state(path)
    ours, others = (question_of_split(path, split) for split in ("train:44", "unlabeled:44"))
    assert earlier_state(path, ours) == state
    with pytest.raises(ModelError, match=r"written with data .*train:44.*, this run has .*unlabeled:44"):
        earlier_state(path, others)
    earlier = tmp_path / path.name
    data = {name: value for name, value in state["data"].items() if name != "split"}
    save_file({"model/none": torch.zeros(1)}, earlier, metadata={"state": json.dumps({**state, "data": data})})
    assert earlier_state(earlier, ours)["step"] == state["step"]


def question_of_split(path, split):
    state = checkpoints.read_state(path)
    question = {name: state[name] for name in ("model", "settings", "seed", "precision")}
    return {**question, "data": {**state["data"], "split": split}}
