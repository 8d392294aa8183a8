"""One training by two processes is the training of one; what cannot be shared is refused in a line."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner
from safetensors.torch import load_file
from second_rank import MODELS, all_trained, trained
from tiny_runs import undrawn

import bench
from bench.api.processes import is_follower, launcher
from bench.cli import SHARED, main
from reference_models.errors import ModelError
from reference_models.loop.checkpoints import read_state
from reference_models.loop.curves import read_curve
from reference_models.loop.loop import interruption
from reference_models.loop.ranks import ALONE, Ranks, asked_ranks
from reference_models.loop.together import _SharedDraws

HERE = Path(__file__).parent
HOW = {"recipe": "tiny", "device": "cpu"}


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [str(one.getsockname()[1]) for one in sockets]
    for one in sockets:
        one.close()
    return ports


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """What this process does as the first of two: models, a run, and the end when the other is gone."""
    work = tmp_path_factory.mktemp("work")
    with pytest.MonkeyPatch.context() as patch:
        undrawn(patch)
        for name, value in {"MASTER_ADDR": "127.0.0.1", "WORLD_SIZE": "2", "RANK": "0"}.items():
            patch.setenv(name, value)
        ports = free_ports(3)
        command = ("train", "--model", "gan-deep", "--dataset", "digits", "--recipe", "tiny", "--device", "cpu")
        with subprocess.Popen(
            [sys.executable, HERE / "second_rank.py", *ports, *command],
            env={**os.environ, "RANK": "1", "PYTHONPATH": f"{HERE.parent}:{HERE}"},
        ) as other:
            patch.setenv("MASTER_PORT", ports[0])
            models = all_trained(asked_ranks())
            patch.setenv("MASTER_PORT", ports[1])
            run = bench.train("gan-deep", "digits", steps=3, workdir=work, **HOW)
            patch.setenv("MASTER_PORT", ports[2])
            with pytest.raises(ModelError) as end:
                bench.train("gan-deep", "digits", steps=3, seed=1, workdir=work, **HOW)
            assert other.wait(20) == 0
    return models, run, str(end.value)


@pytest.mark.parametrize("name", MODELS)
def test_two_processes_do_the_steps_of_one(two, name):
    """Float32 in another order; of a bias in front of a batch norm the gradient is nothing but that."""
    before, shared, losses = two[0][name]
    _, alone, expected = trained(name, ALONE)
    moved, apart = (
        torch.cat([(after[key] - other[key]).double().flatten() for key in after]).norm()
        for after, other in ((alone, before), (shared, alone))
    )
    assert 0 < apart < 1e-3 * moved or apart == 0
    for ours, theirs in zip(losses, expected, strict=True):
        theirs.pop("codes in use", None)  # the mean of the halves is not that of the whole
        assert {key: ours[key] for key in theirs} == pytest.approx(theirs, rel=1e-4, abs=1e-6)


def test_the_first_process_writes_a_run_and_says_how_many_they_were(two, tmp_path):
    _, run, _ = two
    assert (run.done.processes, run.done.steps, run.done.images) == (2, 3, 12)
    with pytest.MonkeyPatch.context() as patch:
        undrawn(patch)
        alone = bench.train("gan-deep", "digits", steps=3, workdir=tmp_path, **HOW)
    ours, theirs = (read_curve(one.folder / "losses.csv") for one in (run, alone))
    for name, values in theirs.items():
        assert ours[name] == pytest.approx(values, rel=1e-3)


def test_a_training_goes_on_with_another_number_of_processes(two, monkeypatch):
    undrawn(monkeypatch)
    _, run, _ = two
    workdir = run.folder.parent.parent
    before = load_file(run.checkpoint)
    again = bench.train("gan-deep", "digits", steps=4, workdir=workdir, resume=True, **HOW)
    assert (again.done.processes, again.done.steps) == (1, 4)
    assert not torch.equal(load_file(run.checkpoint)["random/cpu"], before["random/cpu"])


def test_a_process_that_is_gone_ends_the_others_in_one_line(two):
    line = "another process of this training has ended, or has answered nothing for 30 minutes; --resume goes on"
    assert two[2].startswith(line)


@pytest.fixture
def three(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "3")
    monkeypatch.setenv("RANK", "0")


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize(
    ("model", "settings", "message"),
    [
        (
            "vae",
            {},
            "3 processes cannot share batches of 4 images; start 2, 4 of them, or give another size with --set",
        ),
        (
            "vae",
            {"settings": {"batch_size": 3}, "compile": True},
            "--compile works in one process, and torchrun started 3",
        ),
        (
            "biggan",
            {"settings": {"batch_size": 6, "discriminator_steps": 3}},
            "3 processes are too many for batches of 6 images: batch_size 2 cannot be shared by discriminator_steps 3",
        ),
        ("train-copies", {}, "train-copies has no gradients that 3 processes could share; train it with one"),
    ],
)
def test_what_cannot_be_shared_is_refused_before_anything_is_written(model, settings, message, tmp_path):
    with pytest.raises(ModelError, match=message):
        bench.train(model, "digits", workdir=tmp_path, **HOW, **settings)
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize("command", ["sample", "evaluate", "fid", "cache"])
def test_a_command_that_processes_do_not_share_is_refused_by_the_first_and_left_by_the_others(command, monkeypatch):
    said = CliRunner().invoke(main, [command, "something"])
    expected = f"bench: {command} works in one process, and torchrun started 3; start it without torchrun. Several"
    assert (said.exit_code, said.stdout, said.stderr) == (2, "", f"{expected} processes share: features, run, train\n")
    monkeypatch.setenv("RANK", "1")
    other = CliRunner().invoke(main, [command, "something"])
    assert (other.exit_code, other.output) == (0, "")


@pytest.mark.parametrize("command", SHARED)
def test_a_command_that_processes_share_is_one(command):
    assert main.get_command(None, command)


@pytest.mark.usefixtures("three")
def test_several_seeds_are_not_shared():
    with pytest.raises(bench.InputError, match="torchrun started 3 processes: give --seed"):
        bench.run("vae", "digits", seeds="0-1")


def test_each_process_has_every_nth_row(monkeypatch):
    assert list(range(8))[Ranks(1, 4).share] == [1, 5] and list(range(8))[ALONE.share] == list(range(8))
    assert asked_ranks() == ALONE and not is_follower()
    monkeypatch.setenv("WORLD_SIZE", "4")
    monkeypatch.setenv("RANK", "1")
    assert asked_ranks() == Ranks(1, 4) and is_follower()


@pytest.mark.parametrize(
    "draw",
    [
        lambda n: torch.randn(n, 3),
        lambda n: torch.randn((n, 3)),
        lambda n: torch.rand(size=(n, 3)),
        lambda n: torch.rand(()),
        lambda n: torch.randint(9, (n,)),
        lambda n: torch.randint(2, 9, size=(n, 2)),
        lambda n: torch.randn_like(torch.zeros(n, 3)),
        lambda n: torch.rand_like(torch.zeros(n, 3)),
        lambda n: torch.empty(n, 3).normal_(1, 2),
        lambda n: torch.empty(n, 3).uniform_(-1, 1),
        lambda n: torch.empty(n, 3).bernoulli_(0.3),
        lambda n: torch.nn.functional.dropout(torch.ones(n, 20), 0.3),
        lambda n: torch.nn.Dropout(0.3).eval()(torch.ones(n, 2)),
    ],
)
def test_each_process_draws_its_rows_of_what_one_would_draw(draw):
    ranks = Ranks(1, 2)
    with torch.random.fork_rng([]):
        torch.manual_seed(0)
        whole, after = draw(8), torch.get_rng_state()
        torch.manual_seed(0)
        with _SharedDraws(ranks):
            share = draw(4)
        assert torch.equal(share, whole[ranks.share] if whole.dim() else whole)
        assert torch.equal(torch.get_rng_state(), after)


def test_with_several_processes_a_second_signal_is_noted_too():
    with interruption(Ranks(0, 2)) as noted:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGTERM)
    assert noted == [signal.SIGINT, signal.SIGTERM]


def test_the_processes_of_a_torchrun_that_was_killed_end_as_after_a_signal(tmp_path, monkeypatch):
    undrawn(monkeypatch)
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "none")
    parents = iter([7, 7, 7])
    monkeypatch.setattr("reference_models.loop.ranks.os.getppid", lambda: next(parents, 1))
    monkeypatch.setattr(signal, "raise_signal", lambda number: ended.append(number))
    ended = []
    with pytest.raises(KeyboardInterrupt):
        bench.train("gan-deep", "digits", steps=9, workdir=tmp_path, **HOW)
    (checkpoint,) = tmp_path.rglob("checkpoint.safetensors")
    assert (ended, read_state(checkpoint)["step"]) == ([signal.SIGTERM], 2)


@pytest.mark.usefixtures("three")
def test_the_command_that_goes_on_starts_as_many_processes(monkeypatch):
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "3")
    assert launcher() == ("torchrun", "--nproc-per-node", "3", "-m")
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "1")
    monkeypatch.setenv("GROUP_WORLD_SIZE", "3")
    assert launcher() == ("torchrun", "--nnodes", "3", "--nproc-per-node", "1", "-m")
    monkeypatch.delenv("RANK")
    assert launcher() == ()
