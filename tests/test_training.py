"""The training loop: reproducible, resumable bit for bit, also after kill -9; curves, losses that are no numbers."""

import os
import signal
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_training import Exploding, exploding, run, states_differ

from reference_models import dcgan, vae
from reference_models.errors import ModelError
from reference_models.loop import load, read_curve, sample
from reference_models.loop.checkpoints import FILE_NAME
from reference_models.loop.progress import Bar

# ---- the loop


def test_a_run_leaves_checkpoint_curves_and_pictures(tmp_path):
    result = run(tmp_path, 4, grid_every=2, drawn=True)
    names = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    grids = {"grids/film.npz", *(f"grids/samples-{step:07d}.png" for step in (0, 2, 4))}
    assert names == {
        FILE_NAME,
        "losses.csv",
        "losses.png",
        "sample-grids.png",
        "samples.png",
        "samples-over-training.png",
        *grids,
    }
    assert (result.steps, result.images, result.epochs, result.resumed_at) == (4, 16, 1.6, 0)
    assert set(result.losses) == {"generator", "discriminator"}


def test_the_curve_has_one_row_per_step(tmp_path):
    run(tmp_path, 5)
    curve = read_curve(tmp_path / "losses.csv")
    assert list(curve) == ["step", "epoch", "generator", "discriminator"]
    assert curve["step"].tolist() == [1, 2, 3, 4, 5]
    assert curve["epoch"][-1] == 2.0


def test_the_same_seed_gives_the_same_run_and_another_does_not(tmp_path):
    images = [
        sample(run(tmp_path / name, 3, seed=seed).model, 0, 0, 4) for name, seed in (("a", 1), ("b", 1), ("c", 2))
    ]
    assert (images[0] == images[1]).all()
    assert (images[0] != images[2]).any()
    checkpoints = [load(tmp_path / name).model.state_dict() for name in ("a", "b")]
    assert all(torch.equal(checkpoints[0][name], checkpoints[1][name]) for name in checkpoints[0])


def test_pictures_checkpoints_and_evaluations_do_not_change_the_training(tmp_path):
    def noisy(model):
        return {"draw": float(torch.randn(()))}

    run(tmp_path / "quiet", 6)
    run(tmp_path / "busy", 6, grid_every=1, checkpoint_every=1, evaluate=noisy, evaluate_every=1, drawn=True)
    assert states_differ(tmp_path / "quiet", tmp_path / "busy") == set()


@pytest.mark.parametrize("spec", [dcgan.MODEL, vae.MODEL], ids=lambda spec: spec.name)
def test_a_resumed_run_is_the_straight_one_bit_for_bit(tmp_path, spec):
    config = spec.recipes["tiny"]
    straight = run(tmp_path / "straight", 7, spec, config)
    run(tmp_path / "resumed", 3, spec, config)
    resumed = run(tmp_path / "resumed", 7, spec, config, resume=True)
    assert resumed.resumed_at == 3
    assert states_differ(tmp_path / "straight", tmp_path / "resumed") == set()
    assert (sample(straight.model, 5, 0, 9) == sample(resumed.model, 5, 0, 9)).all()
    curves = [(tmp_path / name / "losses.csv").read_bytes() for name in ("straight", "resumed")]
    assert curves[0] == curves[1]


KILLED = """
    import os, signal, sys
    from pathlib import Path
    import tiny_training
    import torch._dynamo  # the first step of an optimiser would: here once for both
    from reference_models.loop import checkpoints
    written, fsync, replace = [], os.fsync, Path.replace

    def die(*_):
        os.kill(os.getpid(), signal.SIGKILL)

    def half(descriptor):
        if os.fstat(descriptor).st_size > 20_000:  # the checkpoint, not a curve
            written.append(descriptor)
            if len(written) == 3:
                os.truncate(descriptor, os.fstat(descriptor).st_size // 2)
                die()
        fsync(descriptor)

    def before(path, target):
        if target.name == checkpoints.FILE_NAME and target.exists():
            written.append(target)
            if len(written) == 2:
                die()
        return replace(path, target)

    for folder in map(Path, sys.argv[1:]):
        child = os.fork()  # what is imported is there
        if not child:
            if folder.name == "half written":
                os.fsync = half
            else:
                Path.replace = before
            tiny_training.run(folder, 20, checkpoint_every=2)
            os._exit(0)
        ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        assert ended == -signal.SIGKILL, (folder, ended)
"""
MOMENTS = ("half written", "before the rename")


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    """A folder with a run that was killed at each of these moments."""
    folder = tmp_path_factory.mktemp("killed")
    script = textwrap.dedent(KILLED)
    here = Path(__file__).parent
    paths = {**os.environ, "PYTHONPATH": os.pathsep.join([str(here), str(here.parent)])}
    threads = str(torch.get_num_threads())  # the same split of sums, the same bits
    done = subprocess.run(
        [sys.executable, "-c", script, *(folder / moment for moment in MOMENTS)],
        env={**paths, "OMP_NUM_THREADS": threads},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_run_killed_while_it_writes_goes_on_bit_for_bit(tmp_path, killed, moment):
    straight, folder = run(tmp_path / "straight", 9), killed / moment
    assert load(folder).state["step"] == 4  # the last whole one
    resumed = run(folder, 9, resume=True)
    assert resumed.resumed_at == 4
    assert states_differ(tmp_path / "straight", folder) == set()
    assert (sample(straight.model, 0, 0, 5) == sample(resumed.model, 0, 0, 5)).all()
    curves = [(path / "losses.csv").read_bytes() for path in (tmp_path / "straight", folder)]
    assert curves[0] == curves[1]


@pytest.fixture(params=["SIGINT", "SIGTERM", "SIGHUP"])
def ending(request):
    """A signal that is answered as by the command line."""
    number = getattr(signal, request.param, None)
    if number is None:
        pytest.skip(f"{request.param} is not known here")
    before = signal.signal(number, signal.default_int_handler)
    yield number
    signal.signal(number, before)


def test_what_asks_a_training_to_end_finishes_the_step_and_writes_a_checkpoint(tmp_path, ending):
    calls = []

    def interrupt(model):
        calls.append(1)
        if len(calls) == 4:  # after step 3: called at step 0, too
            signal.raise_signal(ending)
        return {"calls": len(calls)}

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "stopped", 50, evaluate=interrupt, evaluate_every=1)
    assert signal.getsignal(ending) is signal.default_int_handler
    assert load(tmp_path / "stopped").state["step"] == 3
    run(tmp_path / "stopped", 5, resume=True)
    run(tmp_path / "straight", 5)
    assert states_differ(tmp_path / "stopped", tmp_path / "straight") == set()


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_loss_that_is_not_finite_stops_the_run_and_is_named(tmp_path, value):
    with pytest.raises(ModelError, match=f"the loss 'bad' is {value} at step 4; the previous checkpoint is kept"):
        run(tmp_path, 9, exploding(1, 1, 1, value, 1), checkpoint_every=2)
    assert load(tmp_path, spec=exploding()).state["step"] == 2
    assert read_curve(tmp_path / "losses.csv")["step"].tolist() == [1, 2, 3]


def test_a_run_that_fails_before_its_first_checkpoint_says_so(tmp_path):
    with pytest.raises(ModelError, match="at step 2; no checkpoint was written yet"):
        run(tmp_path, 9, exploding(1, float("nan")))


def test_a_weight_that_is_not_finite_never_replaces_a_good_checkpoint(tmp_path):
    with pytest.raises(ModelError, match="model/weight is not finite at step 4"):
        run(tmp_path, 9, exploding(1, 1, 1, -1, 1), checkpoint_every=2)
    assert load(tmp_path, spec=exploding()).state["step"] == 2


@pytest.mark.parametrize("options", [{"grid_every": 4}, {"evaluate": lambda model: {"x": 1.0}, "evaluate_every": 4}])
def test_a_model_of_weights_that_are_not_finite_is_neither_drawn_nor_measured(tmp_path, options):
    with pytest.raises(ModelError, match="model/weight is not finite at step 4; no checkpoint was written yet"):
        run(tmp_path, 9, exploding(1, 1, 1, -1, 1), **options)


def test_a_loss_that_is_not_computed_at_every_step_leaves_its_cell_empty(tmp_path):
    class Slow(Exploding):
        def train_step(self, batch):
            return {"critic": 1.0, "generator": 2.0} if batch.step % 2 == 0 else {"critic": 3.0}

    result = run(tmp_path, 4, replace(exploding(), build=lambda config, shape, classes: Slow()))
    assert np.isnan(read_curve(tmp_path / "losses.csv")["generator"]).tolist() == [False, True, False, True]
    assert result.losses == {"critic": 2.0, "generator": 2.0}


def test_the_evaluation_is_called_at_the_start_every_n_steps_and_at_the_end(tmp_path):
    modes = []

    def evaluate(model):
        modes.append((model.training, torch.is_grad_enabled()))
        return {"mean_squared_error": float(len(modes))}

    run(tmp_path, 5, evaluate=evaluate, evaluate_every=2, drawn=True)
    curve = read_curve(tmp_path / "evaluation.csv")
    assert curve["step"].tolist() == [0, 2, 4, 5]
    assert curve["mean_squared_error"].tolist() == [1, 2, 3, 4]
    assert set(modes) == {(False, False)}
    assert (tmp_path / "evaluation-mean-squared-error.png").exists()


def test_a_resumed_run_cuts_its_curves_back_to_the_checkpoint(tmp_path):
    run(tmp_path, 4, evaluate=lambda model: {"number": 1.0}, evaluate_every=1)
    for name, row in (("losses.csv", "5,2.0000,9,9\n6,2.4"), ("evaluation.csv", "5,2.0000,9\n")):
        with (tmp_path / name).open("a") as file:
            file.write(row)  # what a crash after the checkpoint leaves
    run(tmp_path, 6, evaluate=lambda model: {"number": 1.0}, evaluate_every=1, resume=True)
    assert read_curve(tmp_path / "losses.csv")["step"].tolist() == [1, 2, 3, 4, 5, 6]
    assert read_curve(tmp_path / "losses.csv")["generator"].max() < 9
    assert read_curve(tmp_path / "evaluation.csv")["step"].tolist() == [0, 1, 2, 3, 4, 5, 6]


def test_a_finished_run_is_resumed_without_a_step(tmp_path):
    options = {"evaluate": lambda model: {"number": 1.0}, "evaluate_every": 2}
    run(tmp_path, 3, **options)
    written = (tmp_path / FILE_NAME).read_bytes()
    result = run(tmp_path, 3, resume=True, **options)
    assert (result.steps, result.resumed_at) == (3, 3)
    assert (tmp_path / FILE_NAME).read_bytes() == written
    assert read_curve(tmp_path / "evaluation.csv")["step"].tolist() == [0, 2, 3]


def test_every_network_is_compiled_where_that_is_asked_for(tmp_path, monkeypatch):
    compiled = []
    monkeypatch.setattr(torch.nn.Module, "compile", lambda network: compiled.append(type(network).__name__))
    run(tmp_path, 2, compile=True)
    assert compiled == ["Generator", "Discriminator"]


def test_bf16_trains_and_its_samples_are_images(tmp_path):
    result = run(tmp_path, 3, precision="bf16")
    assert all(np.isfinite(value) for value in result.losses.values())
    assert sample(result.model, 0, 0, 2).dtype == np.uint8


def test_progress_is_shown_on_standard_error(tmp_path, capsys):
    run(tmp_path, 3, progress=True)
    out, error = capsys.readouterr()
    assert out == ""
    assert error.startswith("dcgan on numbered: step 3/3, 0:00 left, ")
    assert "generator" in error
    assert error.count("\n") == 1


def test_without_a_terminal_a_line_comes_now_and_then(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("reference_models.loop.progress.PLAIN_SECONDS", 0.0)
    run(tmp_path, 3, progress=True)
    assert [line.split(",")[0] for line in capsys.readouterr().err.splitlines()] == [
        f"dcgan on numbered: step {step}/3" for step in (1, 2, 3)
    ]


def test_the_time_left_is_told_by_the_steps_or_by_the_clock(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("reference_models.loop.progress.time.monotonic", lambda: now[0])
    by_steps, by_clock = Bar("a", 100, 20, False), Bar("a", None, 0, False, seconds=7200.0)
    both, neither = Bar("a", 100, 20, False, seconds=50.0), Bar("a", None, 0, False)
    assert by_steps._left(20) == ""
    now[0] += 40
    assert [bar._left(40) for bar in (by_steps, by_clock, both, neither)] == [
        "2:00 left",
        "1:59:20 left",
        "0:10 left",
        "",
    ]


@pytest.mark.parametrize(("log", "module"), [("tensorboard", "torch.utils.tensorboard"), ("wandb", "wandb")])
def test_logging_without_its_package_says_how_to_get_it(tmp_path, monkeypatch, log, module):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ModelError, match=f"pip install {log}"):
        run(tmp_path, 1, log=log)
