"""What is due after a step, which figures curves share, how states are put back, and that batches of any size agree."""

from dataclasses import replace
from math import inf

import numpy as np
import pytest
import torch
from safetensors import SafetensorError
from tiny_training import DATA, TINY, ArrayImages, exploding, numbered, run, tensors
from torch import nn

from reference_models import dcgan
from reference_models.blocks.averages import collect_statistics, start_average, update_average
from reference_models.blocks.steps import frozen, initialise_normal
from reference_models.errors import ModelError
from reference_models.loop import (
    Budget,
    check_fits,
    decode,
    encode,
    estimate,
    load,
    reconstruct,
    sample_embedded,
    sample_from,
    translate,
)
from reference_models.loop import run as running
from reference_models.loop.checkpoints import FILE_NAME
from reference_models.loop.run import Intervals, Run, draw_curves
from reference_models.types import Model

# ----- what is due


class Due(Run):
    """Notes what it is told to do; its clock says what the test says."""

    seconds = 0.0

    def __init__(self, step, seconds, drawn_at=0.0, saved_at=0.0):
        self.step, self.seconds, self._drawn_at, self._saved_at, self.done = step, seconds, drawn_at, saved_at, []

    def _evaluate(self, evaluate):
        self.done.append("evaluate")

    def _draw(self):
        self.done.append("draw")

    def checkpoint(self):
        self.done.append("checkpoint")


@pytest.mark.parametrize(
    ("step", "seconds", "every", "done"),
    [
        (6, 9.9, Intervals(3, inf, 2, 6), ["evaluate", "draw", "checkpoint"]),
        (7, 9.9, Intervals(3, 0.0, 2, 6), []),
        (4, 9.9, Intervals(3, 0.0, 2, 6), ["evaluate"]),
        (9, 9.9, Intervals(3, inf, 2, 6), ["draw"]),
        (7, 10.0, Intervals(None, 10.0, 2, 6), ["draw"]),
        (7, 9.9, Intervals(None, 10.0, 2, 6), []),
        (7, 60.0, Intervals(3, inf, 2, None), ["checkpoint"]),
        (7, 59.9, Intervals(3, inf, 2, None), []),
        (18, 59.9, Intervals(4, inf, 4, None), []),
        (18, 0.0, Intervals(None, inf, 4, 18), ["checkpoint"]),
    ],
)
def test_what_is_due_after_a_step_is_counted_in_steps_or_else_by_the_clock(step, seconds, every, done, monkeypatch):
    monkeypatch.setattr(running.time, "monotonic", lambda: seconds)
    due = Due(step, seconds)
    due.pause(every, None)
    assert due.done == done


def test_the_clock_starts_anew_with_each_picture_and_each_checkpoint(monkeypatch):
    monkeypatch.setattr(running.time, "monotonic", lambda: 100.0)
    due = Due(7, 100.0, drawn_at=91.0, saved_at=41.0)
    due.pause(Intervals(None, 10.0, 2, None), None)
    assert due.done == []
    due = Due(7, 100.0, drawn_at=90.0, saved_at=40.0)
    due.pause(Intervals(None, 10.0, 2, None), None)
    assert due.done == ["draw", "checkpoint"]


@pytest.mark.parametrize(("options", "step"), [({"checkpoint_every": 2}, 2), ({}, None), ({"checkpoint_every": 3}, 3)])
def test_a_checkpoint_comes_every_so_many_steps_and_otherwise_by_the_clock(options, step, tmp_path):
    with pytest.raises(ModelError):
        run(tmp_path, 9, exploding(1, 1, 1, float("nan")), **options)
    assert (tmp_path / FILE_NAME).exists() is (step is not None)
    assert step is None or load(tmp_path, spec=exploding()).state["step"] == step


def test_a_resumed_run_counts_the_seconds_and_images_before_it(tmp_path, monkeypatch):
    run(tmp_path, 2)
    before = load(tmp_path).state
    assert before["images"] == 2 * TINY.batch_size
    monkeypatch.setattr(running.time, "monotonic", lambda: 5.0)
    result = run(tmp_path, 3, resume=True)
    assert (result.resumed_at, result.steps, result.images) == (2, 3, 3 * TINY.batch_size)
    assert result.seconds == before["seconds"] == load(tmp_path).state["seconds"]


# ----- which curves share a figure

FIGURES = {  # of the model; what each picture shows: curves, title, label
    "none": ({}, {"losses.png": (["a", "b", "c"], "losses", "loss")}),
    "some": (
        {"two of them": ("a", "b")},
        {
            "two-of-them.png": (["a", "b"], "two of them", "two of them"),
            "other-losses.png": (["c"], "other losses", "loss"),
        },
    ),
    "all": ({"losses": ("c", "a"), "beta": ("b",)}, {
        "losses.png": (["c", "a"], "losses", "loss"), "beta.png": (["b"], "beta", "beta"),
    }),
    "one that is not there": ({"gone": ("d",), "here": ("a", "b", "c", "d")}, {
        "here.png": (["a", "b", "c"], "here", "here"),
    }),
}  # fmt: skip


@pytest.mark.parametrize("name", FIGURES)
def test_losses_share_the_figures_of_their_model_and_a_number_has_its_own(name, tmp_path, monkeypatch):
    drawn = {}
    monkeypatch.setattr(
        running, "plot_curves", lambda path, curve, names, *words: drawn.update({path.name: (list(names), *words)})
    )
    figures, expected = FIGURES[name]
    (tmp_path / "losses.csv").write_text("step,epoch,a,b,c\n1,0.1,1,2,3\n")
    (tmp_path / "evaluation.csv").write_text("step,epoch,mean_error\n1,0.1,1\n")
    draw_curves(replace(exploding(), figures=figures), "data", tmp_path)
    head = "exploding on data: "
    evaluation = {"evaluation-mean-error.png": (["mean_error"], head + "mean error", "mean error")}
    assert drawn == evaluation | {
        path: (names, head + title, label) for path, (names, title, label) in expected.items()
    }


# ----- checkpoints


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("finished")
    run(folder, 2)
    return folder


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("I/O error: No space left on device (os error 28)", r"\(No space left on device\); free some space.*--resume"),
        ("something else", r"\(something else\); choose another place"),
    ],
)
def test_what_safetensors_cannot_write_is_told_as_the_system_has_it(said, message, tmp_path, monkeypatch):
    def failing(*given, **options):
        raise SafetensorError(said)

    monkeypatch.setattr("reference_models.loop.checkpoints.save_file", failing)
    with pytest.raises(ModelError, match=rf"cannot write .*{FILE_NAME} {message}.*no checkpoint was written yet"):
        run(tmp_path, 2)


def test_a_weight_of_another_shape_does_not_fit_the_network(finished, tmp_path):
    from safetensors import safe_open
    from safetensors.torch import save_file

    content = tensors(finished)
    name = next(one for one in content if one.startswith("model/") and one.endswith("weight"))
    content[name] = content[name][:1].clone()
    with safe_open(finished / FILE_NAME, "pt") as file:
        save_file(content, tmp_path / FILE_NAME, metadata=file.metadata())
    with pytest.raises(ModelError, match=r"does not fit the network \(size mismatch.*train the model again") as error:
        load(tmp_path)
    assert "\n" not in str(error.value)
    with pytest.raises(ModelError, match="does not fit the network"):
        run(tmp_path, 4, resume=True)


@pytest.mark.parametrize("metadata", [None, {"format": "pt"}])
def test_weights_of_somebody_else_are_no_checkpoint(metadata, tmp_path):
    from safetensors.torch import save_file

    save_file({"weight": torch.zeros(2)}, tmp_path / FILE_NAME, metadata=metadata)
    with pytest.raises(ModelError, match="holds weights that no training of this project wrote"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("asked", "fits"),
    [
        ({}, True), ({"model": "dcgan"}, True), ({"shape": (1, 16, 16)}, True), ({"spec": dcgan.MODEL}, True),
        ({"model": "vae"}, False), ({"shape": (3, 16, 16)}, False), ({"spec": exploding()}, False),
    ],
)  # fmt: skip
def test_a_checkpoint_is_loaded_where_it_is_what_was_asked_for(asked, fits, finished):
    if fits:
        assert load(finished, **asked).state["step"] == 2
        assert load(finished / FILE_NAME, **asked).model.training is False
        return
    with pytest.raises(ModelError, match=r"is a checkpoint of 'dcgan', not of|makes images of 1x16x16"):
        load(finished, **asked)


# ----- data that fit


LABELLED = replace(DATA, train=(ArrayImages(numbered(3).array, np.zeros(3, int)),), classes=("a",))
PAIR = replace(DATA, train=(numbered(3), numbered(3)), paired=True)
FITS = {
    "generate": (DATA, LABELLED),
    "reconstruct": (DATA, LABELLED),
    "class-conditional": (LABELLED,),
    "paired": (PAIR,),
    "unpaired": (PAIR, replace(PAIR, paired=False)),
}
CASES = [*{id(data): data for several in FITS.values() for data in several}.values()]
CASES += [replace(LABELLED, classes=()), replace(DATA, classes=("a",)), replace(PAIR, train=(numbered(3), numbered(0)))]


@pytest.mark.parametrize("task", FITS)
def test_each_task_takes_the_data_that_have_what_it_needs_and_no_others(task):
    spec = replace(exploding(), task=task)
    for data in CASES:
        one_domain = len(data.train) == 1
        unlabelled = task == "class-conditional" and data is not LABELLED
        empty = any(images.count == 0 for images in data.train)
        fits = one_domain is (task not in ("paired", "unpaired")) and not unlabelled and not empty
        if task == "paired" and not data.paired:
            fits = False
        if fits:
            check_fits(spec, data)
        else:
            with pytest.raises(ModelError):
                check_fits(spec, data)
    for data in FITS[task]:
        check_fits(spec, data)


@pytest.mark.parametrize(("budget", "total"), [(None, 3), (Budget(steps=7), 7), (Budget(minutes=1), None)])
def test_a_cost_is_that_of_the_whole_budget(budget, total):
    cost = estimate(dcgan.MODEL, replace(TINY, batch_size=4, epochs=1), DATA, budget=budget, device="cpu", steps=2)
    assert cost.total_steps == total
    assert cost.total_seconds == (None if total is None else total * cost.seconds_per_step)
    model = dcgan.MODEL.build(TINY, DATA.shape, 0)
    weights = sum(4 * value.numel() for value in model.parameters())
    state = sum(value.numel() * value.element_size() for value in model.state_dict().values())
    steps = 4 * len(list(model.parameters()))  # Adam counts the steps of each weight in a float32
    assert cost.checkpoint_bytes == state + 2 * weights + steps


# ----- batches of any size


class Rows(Model):
    """What comes out of it shows what went in, row by row."""

    classes, directions, noise_dim, code_dim = 3, ("x-to-y", "y-to-x"), 2, 2

    def __init__(self):
        super().__init__()
        self.optimisers = {}

    def sample(self, noise, labels=None):
        return (10 * noise[:, 0] + (100 if labels is None else labels)).to(torch.uint8)[:, None, None, None]

    def sample_embedded(self, noise, embeddings):
        return (10 * noise[:, 0] + embeddings[:, 0]).to(torch.uint8)[:, None, None, None]

    def encode(self, images):
        return images[:, 0, 0, :2].float() + 0.5

    def decode(self, codes):
        return codes.to(torch.uint8)[:, None, None]

    def translate(self, images, direction):
        return images + (1 if direction == "x-to-y" else 2)


IMAGES, NOISE = numbered(5, 2).array, np.arange(10, dtype=np.float32).reshape(5, 2)
LABELS = np.array([2, 1, 0, 1, 2], np.int32)
MADE = {
    "samples": (lambda **size: sample_from(Rows(), NOISE, **size), [100, 120, 140, 160, 180]),
    "samples of labels": (lambda **size: sample_from(Rows(), NOISE, labels=LABELS, **size), [2, 21, 40, 61, 82]),
    "embedded": (lambda **size: sample_embedded(Rows(), NOISE, NOISE[::-1, 1:].copy(), **size), [9, 27, 45, 63, 81]),
    "codes": (lambda **size: encode(Rows(), IMAGES, **size), [0.5, 1.5, 2.5, 3.5, 4.5]),
    "decoded": (lambda **size: decode(Rows(), NOISE, **size), [0, 2, 4, 6, 8]),
    "reconstructed": (lambda **size: reconstruct(Rows(), IMAGES, **size), [0, 1, 2, 3, 4]),
    "to y": (lambda **size: translate(Rows(), IMAGES, "x-to-y", **size), [1, 2, 3, 4, 5]),
    "to x": (lambda **size: translate(Rows(), IMAGES, "y-to-x", **size), [2, 3, 4, 5, 6]),
}


@pytest.mark.parametrize("name", MADE)
def test_what_a_model_makes_of_a_row_does_not_depend_on_the_batch(name):
    make, expected = MADE[name]
    for size in ({}, {"batch_size": 5}, {"batch_size": 2}, {"batch_size": 1}):
        assert make(**size).reshape(5, -1)[:, 0].tolist() == expected


@pytest.mark.parametrize("training", [True, False])
def test_a_model_that_fails_is_in_its_own_mode_afterwards(training):
    model = Rows().train(training)
    with pytest.raises(ModelError, match=r"Rows does not translate 'sideways'; its directions: x-to-y, y-to-x"):
        translate(model, IMAGES, "sideways")
    with pytest.raises(IndexError):
        encode(model, np.zeros((3, 1), np.uint8))  # no images
    assert model.training is training


# ----- small helpers


def test_an_average_forgets_early_weights_quickly_and_its_decay_is_a_limit():
    network, average = nn.Linear(1, 1, bias=False), nn.Linear(1, 1, bias=False)
    start_average(average, network)
    assert torch.equal(average.weight, network.weight)
    assert network.weight.requires_grad
    assert not average.weight.requires_grad
    for step, decay, share in ((0, 0.9, 0.9), (10, 0.9, 9 / 20), (1000, 0.9, 0.1), (1000, 1.0, 9 / 1010)):
        average.weight.data.fill_(0.0)
        network.weight.data.fill_(1.0)
        update_average(average, network, decay, step)
        assert average.weight.item() == pytest.approx(share)


def test_statistics_are_the_mean_over_all_runs_and_the_momentum_comes_back():
    network = nn.Sequential(nn.BatchNorm2d(1, momentum=0.3), nn.Dropout(0.5))
    network[0].running_mean.fill_(77.0)
    runs = [(torch.full((2, 1, 1, 1), value),) for value in (1.0, 2.0, 6.0)]
    collect_statistics(network, runs)
    assert network[0].running_mean.item() == pytest.approx(3.0)
    assert network[0].momentum == 0.3
    assert not any(layer.training for layer in network.modules())


def test_a_frozen_network_learns_again_also_after_a_failure():
    network = nn.Linear(1, 1)
    with pytest.raises(ZeroDivisionError), frozen(network):
        assert not any(weight.requires_grad for weight in network.parameters())
        raise ZeroDivisionError
    assert all(weight.requires_grad for weight in network.parameters())


def test_only_weights_of_convolutions_lines_and_norms_are_drawn():
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(30, 40, 3), nn.ConvTranspose2d(30, 40, 3, bias=False), nn.Linear(50, 50), nn.BatchNorm2d(2000),
        nn.BatchNorm1d(2000), nn.BatchNorm2d(3, affine=True), nn.PReLU(),
    )  # fmt: skip
    initialise_normal(network, 0.02)
    for layer, mean in zip(network[:5], (0, 0, 0, 1, 1), strict=True):
        assert layer.weight.mean().item() == pytest.approx(mean, abs=0.002)
        assert layer.weight.std().item() == pytest.approx(0.02, rel=0.1)
        assert layer.bias is None or not layer.bias.any()
    assert network[-1].weight.tolist() == [0.25]
