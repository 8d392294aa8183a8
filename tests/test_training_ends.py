"""How a training is set up and ends: intervals from its budget, signals, threads, and what a GPU would be given."""

import signal
import sys
import threading
from contextlib import nullcontext
from dataclasses import replace
from math import inf
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from tiny_runs import undrawn
from tiny_training import DATA, TINY, exploding, run

from bench.runs.plan import _peak_bytes
from genbench.surroundings import torch_defaults
from reference_models import dcgan
from reference_models.loop import Budget, find_device, load, loop, read_curve, train
from reference_models.loop import run as running
from reference_models.loop.batches import _pinned
from reference_models.loop.checkpoints import FILE_NAME, restore_training, save
from reference_models.loop.logs import logger
from reference_models.loop.loop import interruption
from reference_models.loop.run import Run, _laid_out, difference, layout, question_of
from reference_models.types import Batch

CPU, GPU = torch.device("cpu"), torch.device("cuda")


class Stopped(Exception):
    """Raised where a training would begin."""


def set_up(monkeypatch, folder, budget, **options):
    """What the intervals and the bar of a training are made with."""
    given = {}

    def bar(description, total, done, shown, seconds):
        given.update(bar=(description, total, done, shown, seconds))
        raise Stopped

    monkeypatch.setattr(loop, "Intervals", lambda *values: given.update(every=values))
    monkeypatch.setattr(loop, "Bar", bar)
    monkeypatch.setattr("reference_models.loop.run.time.monotonic", lambda: 50.0)
    with pytest.raises(Stopped):
        train(dcgan.MODEL, TINY, DATA, folder=folder, budget=budget, device="cpu", **options)
    return given


@pytest.mark.parametrize(
    ("budget", "options", "every", "bar"),
    [
        (Budget(steps=25), {}, (3, inf, 100, None), (25, True, None)),
        (Budget(steps=10), {"progress": False}, (1, inf, 100, None), (10, False, None)),
        (Budget(minutes=2), {}, (None, 12.0, 100, None), (None, True, 120.0)),
        (Budget(steps=25, minutes=2), {}, (3, 12.0, 100, None), (25, True, 120.0)),
        (
            Budget(steps=25), {"grid_every": 7, "evaluate_every": 8, "checkpoint_every": 9},
            (7, inf, 8, 9), (25, True, None),
        ),
        (Budget(minutes=2), {"grid_every": 7}, (7, 12.0, 100, None), (None, True, 120.0)),
        (None, {}, (1, inf, 100, None), (3, True, None)),
    ],
)  # fmt: skip
def test_pictures_come_ten_times_in_a_budget_unless_it_is_said_otherwise(
    budget, options, every, bar, monkeypatch, tmp_path
):
    found = set_up(monkeypatch, tmp_path, budget, **options)
    assert found["every"] == every
    total, shown, seconds = bar
    assert found["bar"] == ("dcgan on numbered", total, 0, shown, seconds)


def test_the_differing_entries_are_told_whichever_side_has_them():
    assert difference({"a": 1, "b": 2, "d": 4}, {"a": 1, "c": 3, "d": 5}) == (
        {"b": 2, "d": 4, "c": None},
        {"b": None, "d": 5, "c": 3},
    )
    assert difference(1, 2) == (1, 2)
    assert difference({"a": 1}, "x") == ({"a": 1}, "x")


# ----- signals


@pytest.fixture
def handled():
    """The signals that Ctrl-C sends, answered by a note here."""
    noted = []
    before = signal.signal(signal.SIGINT, lambda number, frame: noted.append("passed on"))
    yield noted
    signal.signal(signal.SIGINT, before)


def test_a_second_ctrl_c_is_not_waited_for(handled):
    with interruption() as noted:
        signal.raise_signal(signal.SIGINT)
        assert (noted, handled) == ([signal.SIGINT], [])
        signal.raise_signal(signal.SIGINT)
        assert (noted, handled) == ([signal.SIGINT], ["passed on"])
    signal.raise_signal(signal.SIGINT)
    assert handled == ["passed on"] * 2


def test_the_handlers_come_back_where_nothing_came_and_after_an_error(handled):
    handler = signal.getsignal(signal.SIGINT)
    with pytest.raises(Stopped), interruption():
        assert signal.getsignal(signal.SIGINT) is not handler
        raise Stopped
    assert signal.getsignal(signal.SIGINT) is handler


def test_a_signal_while_the_last_numbers_are_made_is_answered_after_them(tmp_path, handled):
    def evaluate(model):
        calls.append(1)
        if len(calls) == 2:
            signal.raise_signal(signal.SIGINT)
        return {"calls": len(calls)}

    calls = []
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, 3, evaluate=evaluate, evaluate_every=100)
    assert handled == ["passed on"]
    assert load(tmp_path).state["step"] == 3
    assert read_curve(tmp_path / "evaluation.csv")["step"].tolist() == [0, 3]


def test_a_training_in_another_thread_leaves_the_signals_alone(tmp_path, monkeypatch, handled):
    undrawn(monkeypatch)
    found = []

    def other():
        options = {"progress": False, "device": "cpu", "budget": Budget(steps=2)}
        found.append(train(exploding(1, 1), TINY, DATA, folder=tmp_path, **options).steps)

    thread = threading.Thread(target=other)
    thread.start()
    thread.join()
    assert found == [2]


# ----- what a GPU would be given


def opened(folder, device):
    spec = exploding(*[1.0] * 30)
    question = question_of(spec, TINY, DATA, 0, "float32")
    return Run(spec, TINY, DATA, spec.build(TINY, DATA.shape, 0), device, folder, question, None)


@pytest.mark.parametrize("precision", ["float32", "bf16"])
def test_a_step_is_done_in_the_precision_that_was_asked_for(precision, tmp_path):
    opening, found = opened(tmp_path, CPU), []
    opening.question["precision"] = precision
    opening.model.train_step = lambda batch: found.append(torch.ones(2, 2) @ torch.ones(2, 2)) or {"fine": 1.0}
    bar = SimpleNamespace(show=lambda *shown: None)
    opening.learn(Batch(torch.zeros(4, 1, 16, 16, dtype=torch.uint8), step=0), bar)
    assert found[0].dtype == {"float32": torch.float32, "bf16": torch.bfloat16}[precision]


@pytest.mark.parametrize(("device", "shown"), [(GPU, [20, 40]), (CPU, list(range(1, 41)))])
def test_losses_are_waited_for_every_twenty_steps_of_a_gpu(device, shown, tmp_path):
    opening = opened(tmp_path, device)
    opening.device, opening.model.script = CPU, [1.0] * 40  # there may be none here
    seen = []
    bar = SimpleNamespace(show=lambda step, rate, losses: seen.append((step, dict(losses))))
    for step in range(40):
        opening.learn(Batch(torch.zeros(4, 1, 16, 16, dtype=torch.uint8), step=step), bar)
    assert seen == [(step, {"fine": 1.0, "bad": 1.0}) for step in shown]
    opening._flush()
    assert read_curve(tmp_path / "losses.csv")["step"].tolist() == list(range(1, 41))


def test_images_for_a_gpu_lie_where_it_can_fetch_them():
    array = SimpleNamespace(pin_memory=lambda: "pinned")
    assert (_pinned(array, GPU), _pinned(array, CPU)) == ("pinned", array)


@pytest.mark.parametrize(("device", "forked"), [("cuda:1", [torch.device("cuda:1")]), ("cpu", [])])
def test_the_random_generator_of_a_gpu_is_put_back_too(device, forked, monkeypatch):
    given = []
    monkeypatch.setattr(torch.random, "fork_rng", lambda devices: given.append(devices) or nullcontext())
    monkeypatch.setattr(torch, "autocast", lambda kind, enabled: given.append((kind, enabled)) or nullcontext())
    with torch_defaults(device):
        pass
    assert given == [forked, (device[:4].rstrip(":"), False)]


@pytest.mark.parametrize(
    ("platform", "device", "peak"),
    [("linux", "cpu", 7 * 1024), ("darwin", "cpu", 7), ("win32", "cpu", None), ("linux", "cuda", 9)],
)
def test_the_peak_of_memory_is_in_bytes_whatever_the_system_counts_in(platform, device, peak, monkeypatch):
    import resource

    monkeypatch.setattr("sys.platform", platform)
    monkeypatch.setattr(resource, "getrusage", lambda who: SimpleNamespace(ru_maxrss=7))
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda: 9)
    assert _peak_bytes(device) == peak


def test_images_are_laid_out_by_channels_last_on_a_gpu_only():
    assert (layout(GPU), layout(CPU)) == (torch.channels_last, torch.contiguous_format)
    images = torch.arange(3 * 2 * 4 * 4, dtype=torch.uint8).reshape(2, 3, 4, 4)
    batch = Batch(images, images + 1, torch.tensor([1, 2]), 7)
    assert _laid_out(batch, CPU) is batch
    found = _laid_out(batch, GPU)
    for one, other in ((found.x, images), (found.y, images + 1)):
        assert torch.equal(one, other)
        assert one.is_contiguous(memory_format=torch.channels_last)
    assert (found.labels.tolist(), found.step) == ([1, 2], 7)
    assert _laid_out(replace(batch, y=None), GPU).y is None


def test_the_generator_of_a_gpu_stands_in_its_checkpoint_and_comes_back(tmp_path, monkeypatch):
    put = []
    monkeypatch.setattr(torch.cuda, "get_rng_state", lambda device: torch.arange(3, dtype=torch.uint8))
    monkeypatch.setattr(torch.cuda, "set_rng_state", lambda state, device: put.append((state.tolist(), device)))
    model, path = exploding().build(TINY, DATA.shape, 0), tmp_path / FILE_NAME
    for written, read, expected in ((GPU, GPU, [([0, 1, 2], GPU)]), (GPU, CPU, []), (CPU, GPU, []), (CPU, CPU, [])):
        save(path, model, {"step": 1}, written)
        restore_training(path, model, {"groups": {}}, read)
        assert put == expected
        put.clear()


@pytest.mark.parametrize(("there", "found"), [(True, "cuda"), (False, "cpu")])
def test_the_gpu_is_taken_where_there_is_one(there, found, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: there)
    assert find_device("auto").type == found
    assert find_device("cpu").type == "cpu"


def test_the_generators_of_a_checkpoint_come_back_with_it(tmp_path):
    model, path = exploding().build(TINY, DATA.shape, 0), tmp_path / FILE_NAME
    torch.manual_seed(7)
    save(path, model, {"step": 1}, CPU)
    drawn = torch.rand(3)
    restore_training(path, model, {"groups": {}}, CPU)
    assert torch.equal(torch.rand(3), drawn)


def test_a_run_that_does_not_draw_for_five_seconds_draws_its_curves(tmp_path, monkeypatch):
    now, drawn = [0.0], []
    monkeypatch.setattr(running.time, "monotonic", lambda: now[0])
    undrawn(monkeypatch)
    monkeypatch.setattr(running, "draw_curves", lambda *given: drawn.append(now[0]))
    opening = opened(tmp_path, CPU)
    for seconds in (4.9, 5.0, 9.9, 10.0):
        now[0] = seconds
        opening._draw()
    assert drawn == [5.0, 10.0]


# ----- what a viewer is told


@pytest.mark.parametrize("mode", [None, "online"])
def test_weights_and_biases_is_opened_in_the_folder_of_the_run_and_offline_unless_told_otherwise(mode, monkeypatch):
    told = []
    run_ = SimpleNamespace(log=told.append, define_metric=lambda *names, **other: told.append((names, other)))
    fake = SimpleNamespace(
        Settings=lambda **given: given,
        Image=lambda picture: ("image", picture),
        init=lambda **given: told.append(given) or nullcontext(run_),
    )
    monkeypatch.setitem(sys.modules, "wandb", fake)
    monkeypatch.delenv("WANDB_MODE", raising=False)
    if mode:
        monkeypatch.setenv("WANDB_MODE", mode)
    with logger("wandb", Path("runs") / "mine", 7) as writer:
        writer.scalar("loss", 0.5, 8)
        writer.image("samples", "pixels", 9)
    opened, *rest = told
    assert opened == {
        **{"dir": Path("runs") / "mine", "mode": mode or "offline", "settings": {"silent": True, "console": "off"}},
        **{"project": "genbench", "name": "mine", "group": "mine", "config": {"resumed_at": 7}},
    }
    assert rest == [
        (("*",), {"step_metric": "step"}),
        {"loss": 0.5, "step": 8},
        {"samples": ("image", "pixels"), "step": 9},
    ]


def test_tensorboard_goes_on_after_the_step_of_the_checkpoint(monkeypatch):
    told = []
    run_ = SimpleNamespace(
        add_scalar=lambda *given: told.append(given), add_image=lambda *given, **other: told.append((*given, other))
    )
    fake = SimpleNamespace(SummaryWriter=lambda *given, **other: told.append((*given, other)) or nullcontext(run_))
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", fake)
    with logger("tensorboard", Path("mine"), 7) as writer:
        writer.scalar("loss", 0.5, 8)
        writer.image("samples", "pixels", 9)
    assert told == [
        (Path("mine") / "tensorboard", {"purge_step": 8}),
        ("loss", 0.5, 8),
        ("samples", "pixels", 9, {"dataformats": "HWC"}),
    ]
    with logger(None, Path("mine"), 7) as writer:
        assert writer is None
