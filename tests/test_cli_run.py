"""The commands from a model's name to its tables, end to end on tiny budgets."""

import csv
import errno
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import biggan_peer
import numpy as np
import pytest
import torch
from click.testing import CliRunner
from dataset_layouts import write_svhn
from tiny_runs import undrawn

from bench.cli import main
from bench.measuring.subject import open_subject
from bench.runs import run as runner
from bench.runs.samples import save_pngs
from bench.runs.stored import open_checkpoint
from bench.sources import open_source
from bench.storage.records import read_record, read_records
from metrics.errors import InputError
from reference_models.errors import ModelError

TINY = ("--set", "width=4", "--set", "latent=8", "--set", "batch_size=4", "--device", "cpu")
DCGAN = ("run", "--model", "dcgan", "--dataset", "digits", *TINY)
PIXELS = ("--extractor", "pixels")
CHANGES = "batch_size-4-latent-8-width-4"  # of TINY, in names
FOLDER = Path(f"runs/dcgan-digits-{CHANGES}-seed0")
NAME = f"dcgan-{CHANGES}-seed0"
TITLE = "dcgan on digits, batch_size=4, latent=8, width=4, seed 0"
ROOT = Path(__file__).resolve().parent.parent
ARGUMENTS = {
    "run": ["--model", "nothing", "--dataset", "nothing"],
    "train": ["--model", "nothing", "--dataset", "nothing"],
    "evaluate": ["nowhere"],
    "rescore": ["nowhere"],
    "sample": ["nowhere", "-o", "out"],
}


def bench(*arguments):
    return CliRunner().invoke(main, [str(one) for one in arguments], prog_name="bench")


def good(*arguments):
    result = bench(*arguments)
    assert result.exit_code == 0, result.output
    return result


def refused(*arguments):
    """What stands on stderr, one line, of a command that ends with code 2."""
    result = bench(*arguments)
    assert result.exit_code == 2, result.output
    last = result.stderr.strip().splitlines()[-1]
    assert last.startswith("bench: ")
    assert "Traceback" not in result.output
    return last


@pytest.fixture(autouse=True)
def _one_cache(shared_cache, monkeypatch):
    """The real images are measured once for the whole file."""
    monkeypatch.setenv("BENCH_CACHE", str(shared_cache))


@pytest.fixture(scope="module")
def finished(tmp_path_factory, shared_cache):
    """(folder, result) after `bench run` of three steps with the data set's own extractor; never written to."""
    folder = tmp_path_factory.mktemp("finished")
    before = Path.cwd()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BENCH_CACHE", str(shared_cache))
        os.chdir(folder)
        try:
            return folder, good(*DCGAN, "--steps", "3")
        finally:
            os.chdir(before)


@pytest.fixture
def copy(finished, tmp_path, monkeypatch):
    """A copy of that folder as the current one, where trainings draw nothing."""
    undrawn(monkeypatch)
    shutil.copytree(finished[0], tmp_path / "copy")
    monkeypatch.chdir(tmp_path / "copy")
    return tmp_path / "copy"


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def undrawn_here(here, monkeypatch):
    undrawn(monkeypatch)
    return here


def _only_record(folder=Path()):
    (record,) = read_records(folder / "my-results")
    return record


# ----- the main job


def test_a_run_ends_in_a_table_row(finished):
    lines = finished[1].stdout.splitlines()
    assert lines[0] == f"Table 6. {TITLE}"
    row = next(line for line in lines if line.startswith("real 1 vs generated"))
    assert row.count("[") == 2


def test_a_run_leaves_record_tables_curves_and_grids(finished):
    folder, _ = finished
    record = _only_record(folder)
    tables = folder / "my-results" / "tables" / "digits" / record.protocol_id
    rows = list(csv.DictReader((tables / f"{NAME}-table-6.csv").read_text().splitlines()))
    found = record.pair_scores("real 1", "generated").scores["fid"]
    assert float(rows[2]["fid"]) == found["fid"]
    assert float(rows[2]["fid_corrected_low"]) == found["fid_low"]
    assert f"### Table 6. {TITLE}" in (tables / f"{NAME}.md").read_text()
    drawn = {"losses.png", "sample-grids.png", "samples.png", "samples-over-training.png"}
    assert {path.name for path in (folder / FOLDER).glob("*.png")} == drawn
    assert list((folder / FOLDER / "grids").glob("samples-*.png"))
    assert [path.name for path in (folder / "my-results" / "figures" / "digits").glob("*.*")] == [f"{NAME}.webp"]
    assert f"(../../../figures/digits/{NAME}.webp)" in (tables / f"{NAME}.md").read_text()


def test_a_run_changes_nothing_that_git_knows_of_a_checkout(finished):
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    assert {path.name for path in finished[0].iterdir()} == {"runs", "my-results"}
    assert {"/runs/", "/my-results/"} <= set(ignored)


def test_the_record_says_what_was_done(finished):
    record = _only_record(finished[0])
    assert (record.status, record.model, record.dataset, record.seed) == ("ok", "dcgan", "digits", 0)
    assert record.training.asked == {"steps": 3}
    assert (record.training.steps, record.training.images, record.training.device) == (3, 12, "cpu")
    assert record.recipe_changes["width"] == 4
    assert record.set_scores("generated").digest == record.samples["generated"]
    assert record.set_scores("real 1").count == record.set_scores("noise").count == 250
    assert len(record.checkpoint_sha256) == 64


def test_the_stored_samples_give_the_same_fid_by_hand(finished, monkeypatch):
    monkeypatch.chdir(finished[0])
    by_hand = json.loads(
        good("fid", "digits:real-1", FOLDER / "samples.npz", "--extractor", "digits-layout", "--json").stdout
    )
    stored = _only_record(finished[0]).pair_scores("real 1", "generated").scores["fid"]
    assert by_hand["fid"] == pytest.approx(stored["fid"], rel=1e-6)  # the order of summation in a batch
    assert by_hand["digest_b"] == _only_record(finished[0]).samples["generated"]


def test_the_tables_of_a_repeated_run_are_equal(finished, undrawn_here):
    good(*DCGAN, "--steps", "3")
    first, second = _only_record(finished[0]), _only_record()
    assert second.samples == first.samples
    assert second.checkpoint_sha256 != ""
    assert second.protocol_id == first.protocol_id


def test_json_is_the_record_with_its_tables(undrawn_here):
    printed = json.loads(good(*DCGAN, "--steps", "1", "--json").stdout)
    assert printed["status"] == "ok"
    assert [table["name"] for table in printed["tables"]] == ["table-6", "distances", "ratios"]
    assert all(Path(path).is_file() for path in (*printed["files"], printed["path"]))


def test_a_plan_says_what_would_be_done_and_writes_nothing(here):
    shown = good(*DCGAN, *PIXELS, "--plan").stdout
    for word in ("parameters: generator", "an estimate", "MiB", "my-results/runs/digits", str(FOLDER)):
        assert word in shown
    assert not list(here.iterdir())


def test_a_plan_says_that_its_time_is_that_of_one_process(here, monkeypatch):
    assert "processes " not in good(*DCGAN, *PIXELS, "--plan").stdout
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("RANK", "0")
    assert "processes  2, by torchrun; time and memory are those of one alone" in good(*DCGAN, *PIXELS, "--plan").stdout


def test_a_plan_is_json_too(here):
    plan = json.loads(good(*DCGAN, *PIXELS, "--steps", "5", "--plan", "--json").stdout)
    assert (plan["steps"], plan["batch_size"], plan["train_images"]) == (5, 4, [1297])


@pytest.mark.parametrize(
    ("asked", "steps"),
    [(("--grid-steps", "2"), (0, 2, 4, 6)), (("--grid-epochs", "0.01"), (0, 4)), ((), (0, 1, 2, 3, 4, 5, 6))],
)
def test_pictures_are_made_as_often_as_asked_else_ten_times(here, monkeypatch, asked, steps):
    undrawn(monkeypatch, ("draw_curves", "draw_film"))
    good("train", "--model", "dcgan", "--dataset", "digits", *TINY, "--steps", "6", *asked)  # 324.25 steps an epoch
    assert sorted(path.name for path in (FOLDER / "grids").glob("*.png")) == [f"samples-{k:07d}.png" for k in steps]


def test_a_plan_says_what_stands_in_the_way(copy):
    plan = json.loads(good(*DCGAN, "--steps", "3", "--plan", "--json").stdout)
    assert plan["blocked"].startswith(f"{FOLDER} exists; continue with --resume")
    assert "blocked" not in good(*DCGAN, "--steps", "5", "--resume", "--plan").stdout


def test_a_vae_ends_in_table_5_and_its_reconstruction_error(here):
    arguments = ("--model", "vae", "--dataset", "digits", "--steps", "2", "--set", "hidden=8", "--device", "cpu")
    shown = good("run", *arguments).stdout
    assert "Table 5. vae on digits, hidden=8, seed 0" in shown
    assert "test images vs reconstructed" in shown
    assert Path("my-results/figures/digits/vae-hidden-8-seed0.webp").is_file()


def test_a_translation_ends_in_table_7_for_both_domains(undrawn_here):
    arguments = ("--model", "cyclegan", "--dataset", "edges2shapes", "--steps", "1", "--device", "cpu")
    shown = good("run", *arguments, "--set", "width=2", "--set", "blocks=0", "--extractor", "shapes-cnn").stdout
    assert "Table 7. cyclegan on edges2shapes, blocks=0, width=2, seed 0" in shown
    for row in ("real edges 1 vs real edges 2", "real shapes 1 vs generated shapes"):
        assert row in shown
    record = _only_record()
    assert set(record.pair_scores("real 1", "generated", "shapes").scores) == {"fid", "kid", "prdc"}
    assert set(record.pair_scores("real 2", "generated", "shapes").scores) == {"mse"}  # these domains are paired


# ----- going on, starting anew


def test_an_existing_run_is_never_overwritten(copy):
    before = (FOLDER / "checkpoint.safetensors").read_bytes()
    assert "--resume" in refused(*DCGAN, "--steps", "3")
    assert (FOLDER / "checkpoint.safetensors").read_bytes() == before


def test_resume_goes_on_to_a_larger_budget(copy):
    good(*DCGAN, "--steps", "5", "--resume")
    record = _only_record()
    assert (record.training.steps, record.training.images) == (5, 20)


def test_force_starts_anew(copy):
    good(*DCGAN, "--steps", "2", "--force")
    assert _only_record().training.steps == 2
    assert len((FOLDER / "losses.csv").read_text().splitlines()) == 3


def test_the_record_of_another_budget_is_kept_without_force(copy):
    shutil.rmtree("runs")
    assert "another budget" in refused(*DCGAN, "--steps", "1")
    assert not Path("runs").exists()


def test_a_repetition_may_replace_its_own_record(copy):
    shutil.rmtree("runs")
    good(*DCGAN, "--steps", "3")


def test_a_record_of_another_schema_is_told_before_the_training(copy):
    (path,) = Path("my-results/runs").glob("*/*/*.json")
    path.write_text(path.read_text().replace('"schema": 1', '"schema": 7'))
    assert "schema 7" in refused(*DCGAN, "--steps", "5", "--resume")


def test_force_replaces_a_record_of_another_schema(copy):
    (path,) = Path("my-results/runs").glob("*/*/*.json")
    path.write_text(path.read_text().replace('"schema": 1', '"schema": 7'))
    good(*DCGAN, "--steps", "1", "--force")
    assert _only_record().training.steps == 1


def test_another_run_is_never_resumed_and_nothing_is_touched(copy):
    before = {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()}
    assert "resume with the same" in refused(*DCGAN, "--steps", "5", "--resume", "--precision", "bf16")
    assert {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()} == before


# ----- what fails


def test_a_failed_run_leaves_its_state_and_a_record_that_says_so(here):
    line = refused(*DCGAN, "--steps", "30", "--set", "lr=1e30", *PIXELS)
    assert "nan" in line
    record = _only_record()
    assert record.status == "failed"
    assert "nan" in record.error
    assert record.sets == record.pairs == ()
    assert Path("runs/dcgan-digits-batch_size-4-latent-8-lr-1e30-width-4-seed0/run.json").is_file()
    assert not Path("my-results/tables").exists()
    assert "failed: dcgan on digits" in good("tables").stderr


def test_tables_name_a_damaged_record_and_show_the_others(copy):
    whole = good("tables").stdout
    (path,) = Path("my-results/runs").rglob("*.json")
    (path.parent / "a-seed1.json").write_text("{")
    result = good("tables")
    assert result.stdout == whole
    assert "damaged and not shown: " in result.stderr and "a-seed1.json" in result.stderr
    path.write_text("{")
    assert "no records" in refused("tables")


def _no_room(*arguments, **options):
    raise InputError("cannot write the page: No space left on device")


def _full(*arguments, **options):
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_is_one_line_and_a_failed_record(here, monkeypatch):
    monkeypatch.setattr(np, "savez", _full)
    assert "No space left on device" in refused(*DCGAN, "--steps", "1", *PIXELS)
    assert _only_record().status == "failed"


@pytest.mark.parametrize(
    ("option", "place"), [("--results", "file"), ("--results", "file/deeper"), ("--workdir", "file")]
)
def test_a_place_that_cannot_be_written_is_told_before_the_training(here, option, place):
    Path("file").write_text("in the way")
    line = refused(*DCGAN, "--steps", "1", *PIXELS, option, place)
    assert "cannot write into" in line
    assert "choose another place" in line
    assert [path.name for path in here.iterdir()] == ["file"]


def test_a_repetition_that_fails_leaves_the_earlier_record_unless_forced(copy, monkeypatch):
    monkeypatch.setattr(np, "savez", _full)
    assert "No space left" in refused(*DCGAN, "--steps", "5", "--resume")
    assert (_only_record().status, _only_record().training.steps) == ("ok", 3)
    assert list(Path("my-results/tables").rglob(f"{NAME}.md"))
    assert "No space left" in refused(*DCGAN, "--steps", "2", "--force")
    assert _only_record().status == "failed"
    assert not list(Path("my-results/tables").rglob(f"{NAME}.md"))


def test_a_disk_that_is_full_for_the_figures_keeps_the_record_and_says_how_to_go_on(here, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("bench.tables.files.write_page", _no_room)
        line = refused(*DCGAN, "--steps", "1")
    assert "No space left" in line
    assert f"`bench evaluate {FOLDER}`" in line
    assert _only_record().status == "ok"
    good("evaluate", FOLDER)
    assert list(Path("my-results/tables").rglob(f"{NAME}.md"))
    assert Path(f"my-results/figures/digits/{NAME}.webp").is_file()


def test_ctrl_c_offers_the_command_that_goes_on(here, monkeypatch):
    def interrupted(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(runner, "train", interrupted)
    result = bench(*DCGAN, "--steps", "9", "--force", *PIXELS)
    assert result.exit_code == 130
    assert (
        "bench run --model dcgan --dataset digits --set width=4 --set latent=8 --set batch_size=4 --steps 9 "
        "--device cpu --extractor pixels --resume"
    ) in result.stderr
    assert not Path("my-results").exists()


def test_a_compiler_that_is_not_there_is_one_line(here, monkeypatch):
    from torch._inductor.exc import InductorError, InvalidCxxCompiler

    def failing(*arguments, **options):
        raise InductorError(InvalidCxxCompiler(), None)

    monkeypatch.setattr(runner, "train", failing)
    result = bench(*DCGAN, "--steps", "1", "--compile", *PIXELS)
    assert result.exit_code == 1
    assert "No working C++ compiler" in result.stderr.splitlines()[-1]
    assert result.stderr.splitlines()[-1].endswith("leave --compile out")


def test_missing_weights_are_told_before_the_training(here, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(here / "torch"))
    line = refused("run", "--model", "cyclegan", "--dataset", "edges2shapes", "--extractor", "inception")
    assert "extractor 'inception' has no weights here" in line
    assert not Path("runs").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--model", "dcgam", "--dataset", "digits"), "Did you mean 'dcgan'"),
        (("--model", "dcgan", "--dataset", "digit"), "Did you mean 'digits'"),
        (
            ("--model", "dcgan", "--dataset", "digits", "--set", "widht=3"),
            "no setting 'widht' of dcgan. Did you mean 'width'",
        ),
        (("--model", "dcgan", "--dataset", "digits", "--set", "beta1=2"), "beta1 2.0; expected a decay rate of Adam"),
        (("--model", "dcgan", "--dataset", "digits", "--set", "batch_size=0"), "batch_size 0; expected more than 0"),
        (("--model", "dcgan", "--dataset", "digits", "--grid-steps", "0"), "every 0 steps"),
        (("--model", "dcgan", "--dataset", "digits", "--extractor", "pixel"), "Did you mean 'pixels'"),
        (("--model", "dcgan", "--dataset", "digits", "--resize", "nearest"), "no resize 'nearest'"),
        (("--model", "dcgan", "--dataset", "digits", "--steps", "0"), "0 steps"),
        (("--model", "dcgan", "--dataset", "digits", "--train-split", "extra"), "no split 'extra'"),
        (("--model", "cyclegan", "--dataset", "digits"), "two domains"),
        (("--model", "dcgan", "--dataset", "fashion-mnist"), "bench datasets fetch fashion-mnist"),
        (("--model", "dcgan", "--dataset", "folder:nowhere"), "no such folder"),
    ],
)
def test_what_cannot_be_run_is_one_line_and_leaves_nothing(here, arguments, said):
    assert said in refused("run", *arguments)
    assert not list(here.iterdir())


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_a_gpu_that_is_not_there_is_one_line(here):
    assert "--device cpu" in refused("run", "--model", "dcgan", "--dataset", "digits", "--device", "cuda")


# ----- the other commands


def test_train_and_evaluate_are_run_in_two_halves(finished, undrawn_here):
    arguments = ("--model", "dcgan", "--dataset", "digits", *TINY, "--steps", "3")
    assert "bench evaluate" in good("train", *arguments).stderr
    good("evaluate", FOLDER)
    first, second = _only_record(finished[0]), _only_record()
    assert second.samples == first.samples
    assert second.pairs == first.pairs
    assert second.training.steps == first.training.steps


def test_a_checkpoint_of_another_model_or_cut_in_half_is_refused(copy):
    assert "'dcgan', not of 'vae'" in refused("evaluate", FOLDER, "--model", "vae")
    checkpoint = FOLDER / "checkpoint.safetensors"
    checkpoint.write_bytes(checkpoint.read_bytes()[: checkpoint.stat().st_size // 2])
    assert "is cut or is not a checkpoint" in refused("evaluate", FOLDER)
    assert "is cut or is not a checkpoint" in refused("sample", checkpoint, "-o", "out")
    assert "no checkpoint at" in refused("evaluate", "runs/nowhere")


def test_the_record_of_a_longer_training_is_not_replaced_unasked(copy):
    """A checkpoint of fewer steps may be measured last; its record would take the place of the better one."""
    (path,) = Path("my-results").glob("runs/*/*/*.json")
    values = json.loads(path.read_text())
    values["training"]["steps"] = 2_432
    path.write_text(json.dumps(values))
    before = path.read_bytes()
    for command in ("evaluate", "rescore"):
        said = refused(command, FOLDER)
        assert "is the record of 2,432 steps of training, this run has 3; replace it with --force" in said
        assert path.read_bytes() == before


def test_a_run_whose_folder_is_named_by_one_word_is_sampled(copy):
    FOLDER.rename("mine")
    good("sample", "mine", "-n", 2, "-o", "out")
    assert len(list(Path("out").glob("*.png"))) == 2


def test_a_checkpoint_of_images_of_another_shape_is_refused(copy):
    with pytest.raises(ModelError, match="32"):
        open_checkpoint(FOLDER, open_subject("shapes"))


def test_a_checkpoint_is_measured_on_its_own_data_set_only(copy):
    line = refused("evaluate", FOLDER, "--dataset", "mnist")
    assert "digits" in line


def test_rescoring_gives_a_protocol_of_its_own_and_tables_of_its_own(copy):
    good("rescore", FOLDER, "--extractor", "digits-cnn")
    records = read_records(Path("my-results"))
    assert {record.protocol.extractor for record in records} == {"digits-layout", "digits-cnn"}
    assert records[0].samples == records[1].samples
    tables = json.loads(good("tables", "--format", "json").stdout)
    assert all(sum("generated" in str(row) for row in table["rows"]) <= 1 for table in tables)
    assert "not the folder of a run" in refused("rescore", "my-results", *PIXELS)


def test_the_inception_score_of_the_papers_is_one_option_away_and_a_protocol_of_its_own(copy):
    shown = good("rescore", FOLDER, "--is-splits", 10).stdout
    assert "IS (10 splits)" in shown
    ours, theirs = sorted(
        read_records(Path("my-results")), key=lambda one: one.protocol.options("inception-score")["splits"]
    )
    assert theirs.protocol.options("inception-score")["splits"] == 10
    assert ours.protocol_id != theirs.protocol_id
    real = {one.name: one.scores["inception-score"] for one in theirs.sets}["real 1"]
    told = json.loads(
        good(
            "score", "digits:real-1", "--metrics", "is", "--is-splits", 10, "--extractor", "digits-layout", "--json"
        ).stdout
    )
    assert real["inception_score"] == told["inception_score_a"]


def test_samples_do_not_depend_on_how_many_are_asked_for(copy):
    good("sample", FOLDER, "-n", "3", "-o", "few")
    good("sample", FOLDER, "-n", "7", "-o", "more.npz")
    few, more = open_source("few"), open_source("more.npz")
    assert (few.count, more.count) == (3, 7)
    gap = max(np.abs(few.read(i).astype(int) - more.read(i)).max() for i in range(3))
    assert gap <= 1  # a value on the edge of two integers may round the other way
    assert "exists" in refused("sample", FOLDER, "-n", "3", "-o", "few")
    good("sample", FOLDER, "-n", "2", "-o", "few", "--force")
    assert len(list(Path("few").iterdir())) == 2


@pytest.mark.parametrize("name", ["out.zip", "out.npy", "out.PNG"])
def test_samples_go_into_a_folder_or_an_npz(copy, name):
    assert "a folder of PNG files or one .npz" in refused("sample", FOLDER, "-o", name)
    assert not Path(name).exists()


def test_a_model_of_noise_has_no_direction(copy):
    assert "no --direction" in refused("sample", FOLDER, "-o", "out", "--direction", "x-to-y")


def test_samples_can_be_truncated_and_of_chosen_classes(undrawn_here, monkeypatch):
    monkeypatch.setattr("reference_models.biggan.STATISTICS_RUNS", 2)
    tiny = ("width=2", "embedding=3", "chunk=2", "batch_size=4")
    settings = [word for one in tiny for word in ("--set", one)]
    good("train", "--model", "biggan", "--dataset", "digits", "--steps", "2", "--device", "cpu", *settings)
    folder = Path("runs/biggan-digits-batch_size-4-chunk-2-embedding-3-width-2-seed0")
    asked = ("-n", "4", "--classes", "7,3", "--truncation", "0.5", "-o", "out.npz", "--json")
    about = json.loads(good("sample", folder, *asked).stdout)
    assert (about["classes"], about["truncation"], about["weights_sha256"]) == ("7,3", 0.5, None)
    assert open_source("out.npz").count == 4
    assert "a number from 0 to 9, or one of 0, 1" in refused("sample", folder, "-o", "out", "--classes", "3,x")
    assert "truncation 0.0" in refused("sample", folder, "-o", "out", "--truncation", "0")


def test_what_knows_no_classes_says_so(copy):
    assert "knows no classes" in refused("sample", FOLDER, "-o", "out", "--classes", "1")
    assert "no checkpoint 'nowhere'" in refused("sample", "nowhere", "-o", "out")


def test_a_pretrained_generator_is_sampled_by_its_name(here):
    assert "bench weights fetch biggan-deep-128" in refused("sample", "biggan-deep-128", "-o", "out")
    assert "bench weights fetch" not in refused("sample", "biggan-deep-128", "-o", "out", "--offline")
    biggan_peer.save(biggan_peer.random_peer(), here / "weights")
    command = ("sample", "biggan-deep-128", "--weights", here / "weights", "--classes", "4,1", "--truncation", "0.4")
    said = good(*command, "-n", "3", "-o", "out")
    assert "not known to be the published ones" in said.stderr
    assert open_source("out").count == 3
    about = json.loads(good(*command, "-n", "3", "-o", "out.npz", "--json").stdout)
    assert (about["model"], len(about["weights_sha256"])) == ("biggan-deep-128", 64)
    assert "up to 1" in refused(*command[:-1], "2", "-o", "other")
    assert "number from 0 to 6" in refused(*command[:4], "--classes", "7", "-o", "other")


def test_images_of_a_folder_are_found_again_by_their_path_only(undrawn_here):
    images = np.random.default_rng(0).integers(0, 256, (24, 3, 16, 16), np.uint8)
    save_pngs(Path("faces/train"), images[:12])
    save_pngs(Path("faces/test"), images[12:])
    name = "folder:faces:16"
    good("run", "--model", "dcgan", "--dataset", name, *TINY, "--steps", "1", *PIXELS)
    run_folder = Path(f"runs/dcgan-folder-faces-16-{CHANGES}-seed0")
    assert "--dataset folder:PATH:16" in refused("rescore", run_folder, "--extractor", "vgg16-random")
    good("rescore", run_folder, "--dataset", name, *PIXELS)
    assert _only_record().dataset == name


@pytest.mark.parametrize(
    ("kind", "start"),
    [
        ("terminal", "Table 6."),
        ("md", "### Table 6."),
        ("csv", "table,title,pair,fid,"),
        ("html", "<!doctype"),
        ("json", "["),
    ],
)
def test_tables_come_in_every_format(finished, monkeypatch, kind, start):
    monkeypatch.chdir(finished[0])
    shown = good("tables", "--model", "dcgan", "--dataset", "digits", "--format", kind).stdout
    assert shown.startswith(start)


def test_written_tables_are_checked_and_brought_up_to_date(copy):
    (table,) = Path("my-results/tables").rglob("*-table-6.csv")
    assert json.loads(good("tables", "--check", "--json").stdout) == {"out_of_date": []}
    text = table.read_text()
    table.write_text("changed")
    assert bench("tables", "--check").exit_code == 1
    assert str(table) in good("tables", "--write").stdout.splitlines()
    assert table.read_text() == text
    assert "leave the other options out" in refused("tables", "--write", "--model", "dcgan")


def test_tables_without_records_say_how_to_make_some(finished, here, monkeypatch):
    assert "bench run" in refused("tables")
    monkeypatch.chdir(finished[0])
    assert "no records of vae" in refused("tables", "--model", "vae")
    assert "Did you mean 'digits'" in refused("tables", "--dataset", "digts")


def test_the_list_of_data_sets_says_which_are_there():
    rows = {row["name"]: row for row in json.loads(good("datasets", "--json").stdout)}
    assert rows["digits"]["there"]
    assert not rows["fashion-mnist"]["there"]
    assert (rows["fashion-mnist"]["download"], rows["emoji"]["download"]) == (True, False)
    shown = good("datasets").stdout
    assert "bench datasets fetch NAME" in shown
    assert "cufs, cufs-sketches: it is given out for research" in shown


def test_a_data_set_is_there_without_the_splits_that_no_run_needs(here):
    write_svhn(here)
    (here / "svhn" / "extra_32x32.mat").unlink()  # the download leaves it out
    rows = {row["name"]: row["there"] for row in json.loads(good("datasets", "--data-root", here, "--json").stdout)}
    assert (rows["svhn"], rows["mnist"]) == (True, False)


def test_a_data_set_without_a_download_says_what_to_do_instead():
    assert "emojis/Apple" in refused("datasets", "fetch", "emoji")
    assert "Did you mean 'fashion-mnist'" in refused("datasets", "fetch", "fashion-mnits")


def test_reading_a_record_of_a_run_checks_every_field(finished):
    (path,) = (finished[0] / "my-results/runs").glob("*/*/*.json")
    assert read_record(path).schema == 1


@pytest.mark.parametrize("command", ["run", "train", "evaluate", "rescore", "sample", "explore"])
def test_a_command_does_not_import_torch_before_the_waiting_policy_is_set(command):
    code = f"import sys, bench.cli.{command}; sys.exit(3 if 'torch' in sys.modules else 4)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 4


def test_the_threads_of_torch_sleep_while_they_wait(monkeypatch):
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    good("list")
    assert os.environ["OMP_WAIT_POLICY"] == "PASSIVE"
