"""The training loop: noise, order of the data, settings, checkpoints, resumption, curves, errors. Tiny models only."""

import os
import signal
import subprocess
import sys
import textwrap
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import torch

from reference_models import dcgan, vae
from reference_models._errors import ModelError
from reference_models._types import Data, ImageShape, Model, ModelSpec
from reference_models.training import (
    Budget,
    Noise,
    estimate,
    find_device,
    load,
    read_curve,
    reconstruct,
    sample,
    to_json,
    train,
    translate,
    with_settings,
)
from reference_models.training._plots import running_mean, tile
from reference_models.training.batches import batches, positions
from reference_models.training.checkpoints import FILE_NAME
from reference_models.training.grids import TRIPLES, spread, triples
from reference_models.training.images import to_float, to_uint8
from reference_models.training.settings import from_json

CPU = torch.device("cpu")


@dataclass(frozen=True)
class ArrayImages:
    array: np.ndarray
    labels: np.ndarray | None = None

    @property
    def count(self):
        return len(self.array)

    def take(self, indices):
        return self.array[indices]


def numbered(count, side=16, channels=1):
    """Images that show their own index in every pixel."""
    pixels = np.arange(count, dtype=np.uint8)[:, None, None, None]
    return ArrayImages(np.broadcast_to(pixels, (count, channels, side, side)).copy())


DATA = Data("numbered", ImageShape(1, 16, 16), (numbered(10),))
TINY = dcgan.MODEL.recipes["tiny"]


def run(folder, steps, spec=dcgan.MODEL, config=TINY, data=DATA, **options):
    options = {"progress": False, "device": "cpu", "grid_every": 1000, **options}
    return train(spec, config, data, folder=folder, budget=Budget(steps=steps), **options)


# ---- images and noise


def test_all_256_values_survive_the_way_to_floats_and_back():
    values = torch.arange(256, dtype=torch.uint8)
    assert torch.equal(to_uint8(to_float(values)), values)
    assert torch.equal(to_uint8(to_float(values, "0..1"), "0..1"), values)


def test_floats_become_images_by_the_rule_of_edm():
    values = torch.tensor([-2.0, -1.0, 0.0, 0.5, 1.0, 2.0])
    assert to_uint8(values).tolist() == [0, 0, 128, 191, 255, 255]  # floor(x * 127.5 + 128), clipped


@pytest.mark.parametrize("dim", [1, 4, 100])
def test_a_row_of_noise_depends_on_its_seed_and_index_only(dim):
    whole = Noise(3, 0, 60).normal(dim)
    parts = torch.cat([Noise(3, start, min(start + 7, 60)).normal(dim) for start in range(0, 60, 7)])
    rows = torch.cat([Noise(3, row, row + 1).normal(dim) for row in range(60)])
    assert torch.equal(whole, parts)
    assert torch.equal(whole, rows)
    assert not torch.equal(whole, Noise(4, 0, 60).normal(dim))


def test_noise_is_standard_normal():
    noise = Noise(0, 0, 20_000).normal(50).double()  # a million numbers: standard errors 0.001, 0.0007, 0.005
    assert noise.mean().item() == pytest.approx(0, abs=0.004)
    assert noise.std().item() == pytest.approx(1, abs=0.003)
    assert (noise**4).mean().item() == pytest.approx(3, abs=0.05)
    correlation = np.corrcoef(noise.numpy().T) - np.eye(50)
    assert np.abs(correlation).max() < 6 / np.sqrt(20_000)


def test_a_range_of_noise_that_runs_backwards_is_refused():
    with pytest.raises(ModelError, match="no range"):
        Noise(0, 5, 4)


# ---- order of the data


def test_truncated_noise_lies_within_its_bound_and_is_normal_there():
    noise = Noise(0, 0, 20_000).truncated(10, 0.5).double()
    assert noise.abs().max() <= 0.5
    # variance of a normal number given |z| <= t = 1/2: 1 - 2 t phi(t) / (2 Phi(t) - 1), off by 2.4e-4 in 200,000 (sd)
    assert noise.var().item() == pytest.approx(1 - 0.3520653267642995 / 0.38292492254802624, abs=1e-3)
    assert torch.equal(Noise(0, 5, 9).truncated(10, 0.5), Noise(0, 0, 9).truncated(10, 0.5)[5:])


def test_noise_truncated_at_infinity_is_plain_noise_bit_for_bit():
    assert torch.equal(Noise(3, 0, 50).truncated(7, float("inf")), Noise(3, 0, 50).normal(7))


def test_noise_is_not_truncated_to_nothing():
    with pytest.raises(ModelError, match="above 0"):
        Noise(0, 0, 1).truncated(3, 0.0)


def test_every_image_comes_once_per_epoch_in_another_order():
    first, second = positions(0, 0, 10, 0, 10), positions(0, 0, 10, 10, 20)
    assert sorted(first) == sorted(second) == list(range(10))
    assert list(first) != list(second)


def test_the_order_does_not_depend_on_where_one_starts():
    whole = positions(0, 0, 7, 0, 40)
    assert list(whole[11:25]) == list(positions(0, 0, 7, 11, 25))


def test_domains_have_orders_of_their_own_unless_the_task_is_on_pairs():
    data = Data("two", ImageShape(1, 2, 2), (numbered(50, 2), numbered(50, 2)), paired=True)
    for paired in (True, False):
        stream = batches(data, 8, 0, 0, CPU, paired)
        batch = next(stream)
        assert torch.equal(batch.x, batch.y) is paired
        stream.close()


def test_labels_stay_with_their_images():
    images = replace(numbered(20, 2), labels=np.arange(20))
    stream = batches(Data("labelled", ImageShape(1, 2, 2), (images,)), 6, 1, 2, CPU, False)
    batch = next(stream)
    stream.close()
    assert batch.x[:, 0, 0, 0].tolist() == batch.labels.tolist()
    assert batch.step == 2


def test_images_of_another_shape_are_refused():
    data = replace(DATA, shape=ImageShape(1, 8, 8))
    with pytest.raises(ModelError, match=r"are uint8 \[1, 16, 16\] instead of uint8 \[1, 8, 8\]"):
        next(batches(data, 4, 0, 0, CPU, False))


# ---- settings


@dataclass(frozen=True)
class Settings:
    width: int = 8
    lr: float = 1e-3
    skips: bool = False
    channels: tuple[int, ...] = (4, 8)
    loss: Literal["bce", "mse"] = "bce"
    clip: float | None = None


def test_settings_are_read_as_the_type_of_their_field():
    texts = ["width=16", "lr=1e-4", "skips=true", "channels=1,2,3", "loss=mse", "clip=0.5"]
    assert with_settings(Settings(), texts) == Settings(16, 1e-4, True, (1, 2, 3), "mse", 0.5)
    assert with_settings(Settings(clip=1.0), ["clip=none"]) == Settings()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("widht=3", "Did you mean 'width'"),
        ("width=wide", "not a whole number"),
        ("lr=fast", "not a number"),
        ("skips=1", "neither true nor false"),
        ("loss=hinge", "bce, mse"),
        ("width", "name=value"),
    ],
)
def test_a_setting_that_cannot_be_read_says_why(text, message):
    with pytest.raises(ModelError, match=message):
        with_settings(Settings(), [text])


def test_settings_survive_json():
    settings = Settings(channels=(1, 2), clip=0.5)
    assert from_json(Settings, to_json(settings)) == settings


def test_stored_settings_of_another_version_are_refused():
    with pytest.raises(ModelError, match="other fields"):
        from_json(Settings, {"width": 3})


# ---- budgets and devices


def test_a_budget_counts_steps_of_the_larger_domain():
    data = Data("two", ImageShape(1, 2, 2), (numbered(10, 2), numbered(25, 2)))
    config = replace(TINY, batch_size=4, epochs=3)
    assert Budget().total_steps(config, data) == 19  # ceil(3 * 25 / 4)
    assert Budget(epochs=0.5).total_steps(config, data) == 4
    assert Budget(steps=7, epochs=100).total_steps(config, data) == 7
    assert Budget(minutes=1).total_steps(config, data) is None


@pytest.mark.parametrize("budget", [{"steps": 0}, {"epochs": -1}, {"minutes": float("nan")}])
def test_an_empty_budget_is_refused(budget):
    with pytest.raises(ModelError, match="trains nothing"):
        Budget(**budget)


def test_a_budget_of_minutes_ends(tmp_path):
    options = {"device": "cpu", "progress": False}
    result = train(dcgan.MODEL, TINY, DATA, folder=tmp_path, budget=Budget(minutes=1e-9), **options)
    assert result.steps == 0


@pytest.mark.parametrize("name", ["cuda:77", "abacus"])
def test_a_device_that_is_not_there_is_named(name):
    with pytest.raises(ModelError, match=f"no device '{name}'"):
        find_device(name)


# ---- the loop


def test_a_run_leaves_checkpoint_curves_and_pictures(tmp_path):
    result = run(tmp_path, 4, grid_every=2)
    names = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    grids = {f"grids/samples-{step:07d}.png" for step in (0, 2, 4)}
    assert names == {FILE_NAME, "losses.csv", "losses.png", "samples.png", *grids}
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
    run(tmp_path / "busy", 6, grid_every=1, checkpoint_every=1, evaluate=noisy, evaluate_every=1)
    assert _states_differ(tmp_path / "quiet", tmp_path / "busy") == set()


def _tensors(folder):
    from safetensors.torch import load_file

    return load_file(folder / FILE_NAME)


def _states_differ(a, b):
    """Names of the tensors (weights, moments, generators) that differ."""
    one, two = _tensors(a), _tensors(b)
    assert set(one) == set(two)
    return {name for name in one if not torch.equal(one[name], two[name])}


@pytest.mark.parametrize("spec", [dcgan.MODEL, vae.MODEL], ids=lambda spec: spec.name)
def test_a_resumed_run_is_the_straight_one_bit_for_bit(tmp_path, spec):
    config = spec.recipes["tiny"]
    straight = run(tmp_path / "straight", 7, spec, config)
    run(tmp_path / "resumed", 3, spec, config)
    resumed = run(tmp_path / "resumed", 7, spec, config, resume=True)
    assert resumed.resumed_at == 3
    assert _states_differ(tmp_path / "straight", tmp_path / "resumed") == set()
    assert (sample(straight.model, 5, 0, 9) == sample(resumed.model, 5, 0, 9)).all()
    curves = [(tmp_path / name / "losses.csv").read_bytes() for name in ("straight", "resumed")]
    assert curves[0] == curves[1]


KILLED = """
    import os, signal, sys
    from pathlib import Path
    import test_training
    from reference_models.training import checkpoints
    folder, moment = Path(sys.argv[1]), sys.argv[2]
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

    if moment == "half written":
        os.fsync = half
    else:
        Path.replace = before
    test_training.run(folder, 20, checkpoint_every=2)
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("moment", ["half written", "before the rename"])
def test_a_run_killed_while_it_writes_goes_on_bit_for_bit(tmp_path, moment):
    straight = run(tmp_path / "straight", 9)
    script = textwrap.dedent(KILLED)
    here = Path(__file__).parent
    paths = {**os.environ, "PYTHONPATH": os.pathsep.join([str(here), str(here.parent)])}
    threads = str(torch.get_num_threads())  # the same split of sums, the same bits
    killed = subprocess.run(
        [sys.executable, "-c", script, tmp_path / "killed", moment],
        env={**paths, "OMP_NUM_THREADS": threads},
        capture_output=True,
        text=True,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert load(tmp_path / "killed").state["step"] == 4  # the last whole one
    resumed = run(tmp_path / "killed", 9, resume=True)
    assert resumed.resumed_at == 4
    assert _states_differ(tmp_path / "straight", tmp_path / "killed") == set()
    assert (sample(straight.model, 0, 0, 5) == sample(resumed.model, 0, 0, 5)).all()
    curves = [(tmp_path / name / "losses.csv").read_bytes() for name in ("straight", "killed")]
    assert curves[0] == curves[1]


def test_ctrl_c_finishes_the_step_and_writes_a_checkpoint(tmp_path):
    calls = []

    def interrupt(model):
        calls.append(1)
        if len(calls) == 4:  # after step 3: called at step 0, too
            signal.raise_signal(signal.SIGINT)
        return {"calls": len(calls)}

    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "stopped", 50, evaluate=interrupt, evaluate_every=1)
    assert signal.getsignal(signal.SIGINT) is before
    assert load(tmp_path / "stopped").state["step"] == 3
    run(tmp_path / "stopped", 5, resume=True)
    run(tmp_path / "straight", 5)
    assert _states_differ(tmp_path / "stopped", tmp_path / "straight") == set()


class Exploding(Model):
    """Its loss is what the script says; its weight turns infinite where the script says so."""

    script: tuple[float, ...] = ()

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))
        self.optimisers = {}

    def train_step(self, batch):
        value = self.script[batch.step]
        if value == -1:
            self.weight.data.fill_(torch.inf)
        return {"fine": 1.0, "bad": value}


def _exploding(*script):
    def build(config, shape, classes):
        model = Exploding()
        model.script = script
        return model

    return ModelSpec("exploding", "Exploding", "none", "generate", {"default": TINY}, build)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_loss_that_is_not_finite_stops_the_run_and_is_named(tmp_path, value):
    with pytest.raises(ModelError, match=f"the loss 'bad' is {value} at step 4; the previous checkpoint is kept"):
        run(tmp_path, 9, _exploding(1, 1, 1, value, 1), checkpoint_every=2)
    assert load(tmp_path, spec=_exploding()).state["step"] == 2
    assert read_curve(tmp_path / "losses.csv")["step"].tolist() == [1, 2, 3]


def test_a_weight_that_is_not_finite_never_replaces_a_good_checkpoint(tmp_path):
    with pytest.raises(ModelError, match="model/weight is not finite at step 4"):
        run(tmp_path, 9, _exploding(1, 1, 1, -1, 1), checkpoint_every=2)
    assert load(tmp_path, spec=_exploding()).state["step"] == 2


def test_a_loss_that_is_not_computed_at_every_step_leaves_its_cell_empty(tmp_path):
    class Slow(Exploding):
        def train_step(self, batch):
            return {"critic": 1.0, "generator": 2.0} if batch.step % 2 == 0 else {"critic": 3.0}

    result = run(tmp_path, 4, replace(_exploding(), build=lambda config, shape, classes: Slow()))
    assert np.isnan(read_curve(tmp_path / "losses.csv")["generator"]).tolist() == [False, True, False, True]
    assert result.losses == {"critic": 2.0, "generator": 2.0}


def test_the_evaluation_is_called_at_the_start_every_n_steps_and_at_the_end(tmp_path):
    modes = []

    def evaluate(model):
        modes.append((model.training, torch.is_grad_enabled()))
        return {"mean_squared_error": float(len(modes))}

    run(tmp_path, 5, evaluate=evaluate, evaluate_every=2)
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


def test_bf16_trains_and_its_samples_are_images(tmp_path):
    result = run(tmp_path, 3, precision="bf16")
    assert all(np.isfinite(value) for value in result.losses.values())
    assert sample(result.model, 0, 0, 2).dtype == np.uint8


def test_progress_is_shown_on_standard_error(tmp_path, capsys):
    run(tmp_path, 3, progress=True)
    out, error = capsys.readouterr()
    assert out == ""
    assert "dcgan on numbered" in error


def test_logging_without_tensorboard_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(ModelError, match="pip install tensorboard"):
        run(tmp_path, 1, log="tensorboard")


# ---- samples


def test_samples_do_not_depend_on_the_batch_size(tmp_path):
    model = run(tmp_path, 2).model
    whole = sample(model, 0, 0, 11).astype(int)
    parts = sample(model, 0, 0, 11, batch_size=3).astype(int)
    tail = sample(model, 0, 6, 11).astype(int)
    assert np.abs(whole - parts).max() <= 1  # a value on the edge of two integers may round the other way
    assert np.abs(whole[6:] - tail).max() <= 1


def test_sampling_leaves_mode_and_random_generator_as_they_were(tmp_path):
    model = run(tmp_path, 1).model.train()
    torch.manual_seed(0)
    sample(model, 0, 0, 2)
    assert model.training
    drawn = torch.rand(1)
    torch.manual_seed(0)
    assert torch.equal(drawn, torch.rand(1))


def test_a_task_that_the_model_does_not_have_is_refused():
    model = dcgan.MODEL.build(TINY, ImageShape(1, 16, 16), 0)
    with pytest.raises(ModelError, match="does not translate"):
        translate(model, numbered(2).array, "x-to-y")
    with pytest.raises(NotImplementedError):
        reconstruct(model, numbered(2).array)


class Painted(Model):
    """Paints a label (times 80), or the negative of an image: enough to see what goes where."""

    def __init__(self, noise_dim=0, classes=0, directions=()):
        super().__init__()
        self.noise_dim, self.classes, self.directions, self.optimisers = noise_dim, classes, directions, {}

    def train_step(self, batch):
        return {}

    def sample(self, noise, labels=None):
        return (labels * 80).to(torch.uint8)[:, None, None, None].expand(-1, 1, 16, 16)

    def translate(self, images, direction):
        return 255 - images


def test_labels_go_round_unless_they_are_given():
    model = Painted(noise_dim=2, classes=3)
    assert sample(model, 0, 2, 7)[:, 0, 0, 0].tolist() == [160, 0, 80, 160, 0]
    assert sample(model, 0, 0, 2, labels=np.array([2, 2]))[:, 0, 0, 0].tolist() == [160, 160]


def test_a_conditional_model_gets_a_grid_with_one_row_per_label(tmp_path):
    images = replace(numbered(6), labels=np.arange(6) % 3)
    data = replace(DATA, train=(images,), classes=("nought", "one", "two"))
    spec = replace(_exploding(), task="class-conditional", build=lambda config, shape, n: Painted(2, n))
    result = run(tmp_path, 1, spec, data=data)
    assert (tmp_path / "samples.png").exists()
    assert result.losses == {}


def test_a_one_way_translation_shows_input_output_and_target(tmp_path):
    data = replace(DATA, train=(numbered(6), numbered(6)), paired=True, domains=("photo", "sketch"))
    spec = replace(_exploding(), task="paired", build=lambda config, shape, n: Painted(directions=("x-to-y",)))
    run(tmp_path, 1, spec, data=data)
    assert (tmp_path / "translations.png").exists()
    assert not list(tmp_path.glob("translation-*.png"))


@pytest.mark.parametrize(
    ("direction", "words"),
    [
        ("x-to-y", ("input photo", "output sketch", "target sketch")),
        ("y-to-x", ("input sketch", "output photo", "target photo")),
    ],
)
def test_input_output_and_target_follow_the_direction(direction, words):
    domains = (numbered(6), ArrayImages(100 + numbered(6).array))
    data = replace(DATA, train=domains, paired=True, domains=("photo", "sketch"))
    shown, columns = triples(Painted(directions=(direction,)), data)
    given, wanted = (spread(images, TRIPLES) for images in (domains if direction == "x-to-y" else domains[::-1]))
    assert columns == words
    assert np.array_equal(shown, np.stack([given, 255 - given, wanted], axis=1))


def test_tiles_stand_row_by_row_with_white_between():
    images = np.arange(3, dtype=np.uint8)[:, None, None, None] + np.zeros((3, 1, 2, 2), np.uint8)
    sheet = tile(images, 2)
    assert sheet.shape == (6, 6, 3)
    assert (sheet[0, 0, 0], sheet[0, 4, 0], sheet[4, 0, 0], sheet[4, 4, 0], sheet[0, 2, 0]) == (0, 1, 2, 255, 255)


def test_the_running_mean_starts_with_what_there_is():
    assert running_mean(np.array([1.0, 3.0, 5.0, 7.0]), 2).tolist() == [1, 2, 4, 6]


# ---- checkpoints that do not fit


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("finished")
    run(folder, 2)
    return folder


def test_a_checkpoint_gives_the_model_back(finished):
    spec, config, model, state = load(finished)
    assert (spec, config, state["step"], state["seed"]) == (dcgan.MODEL, TINY, 2, 0)
    assert not model.training
    assert state["data"]["shape"] == [1, 16, 16]
    assert (sample(model, 0, 0, 3) == sample(load(finished / FILE_NAME).model, 0, 0, 3)).all()


def test_a_folder_with_a_model_is_never_trained_over(finished):
    with pytest.raises(ModelError, match="--resume"):
        run(finished, 2)


def test_a_checkpoint_of_another_model_is_refused(finished):
    with pytest.raises(ModelError, match="checkpoint of 'dcgan', not of 'vae'"):
        load(finished, model="vae")
    with pytest.raises(ModelError, match="model dcgan, this run has vae"):
        run(finished, 4, vae.MODEL, vae.MODEL.recipes["tiny"], resume=True)


def test_a_checkpoint_of_another_shape_is_refused(finished):
    with pytest.raises(ModelError, match="images of 1x16x16, the data are 3x32x32"):
        load(finished, shape=(3, 32, 32))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"config": replace(TINY, lr=0.5)}, r"settings \{'lr': 0.0002\}, this run has \{'lr': 0.5\}"),
        ({"seed": 3}, "seed 0, this run has 3"),
        ({"data": replace(DATA, train=(numbered(12),))}, r"'counts': \[10\]"),
        ({"precision": "bf16"}, "precision float32"),
    ],
)
def test_a_run_is_resumed_with_the_same_question_only(finished, change, message):
    with pytest.raises(ModelError, match=message):
        run(finished, 4, resume=True, **change)


def test_a_checkpoint_cut_in_half_is_refused(finished, tmp_path):
    content = (finished / FILE_NAME).read_bytes()
    for length in (0, 5, 300, len(content) // 2, len(content) - 1):
        (tmp_path / FILE_NAME).write_bytes(content[:length])
        with pytest.raises(ModelError, match="is cut or is no checkpoint"):
            load(tmp_path)


def test_a_checkpoint_of_another_schema_is_refused(finished, tmp_path):
    content = (finished / FILE_NAME).read_bytes()
    (tmp_path / FILE_NAME).write_bytes(content.replace(b'\\"schema\\": 1', b'\\"schema\\": 7'))
    with pytest.raises(ModelError, match="has schema 7, expected 1"):
        load(tmp_path)


def test_a_checkpoint_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ModelError, match="no checkpoint at"):
        load(tmp_path)


def test_a_full_disk_keeps_the_previous_checkpoint(tmp_path, monkeypatch):
    run(tmp_path, 2)
    written = (tmp_path / FILE_NAME).read_bytes()

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("reference_models.training.checkpoints.os.fsync", full)
    with pytest.raises((ModelError, OSError), match="space"):
        run(tmp_path, 4, resume=True)
    assert (tmp_path / FILE_NAME).read_bytes() == written
    assert not list(tmp_path.glob("*.unfinished"))


# ---- data that do not fit


@pytest.mark.parametrize(
    ("task", "change", "message"),
    [
        ("unpaired", {}, "one domain; give it a data set with two domains"),
        ("generate", {"train": (numbered(3), numbered(3))}, "2 domains; give it one of its domains"),
        ("paired", {"train": (numbered(3), numbered(3))}, "needs pairs"),
        ("class-conditional", {}, "needs labels"),
        ("generate", {"train": (numbered(0),)}, "no training images"),
    ],
)
def test_a_data_set_for_another_task_is_refused(tmp_path, task, change, message):
    with pytest.raises(ModelError, match=message):
        run(tmp_path, 1, replace(dcgan.MODEL, task=task), data=replace(DATA, **change))
    assert not list(tmp_path.iterdir())


# ---- what it will cost


def test_the_cost_counts_parameters_and_bytes_and_leaves_no_trace():
    torch.manual_seed(0)
    cost = estimate(dcgan.MODEL, TINY, DATA, steps=1, device="cpu")
    drawn = torch.rand(1)
    torch.manual_seed(0)
    assert torch.equal(drawn, torch.rand(1))
    model = dcgan.MODEL.build(TINY, DATA.shape, 0)
    weights = {name: sum(w.numel() for w in network.parameters()) for name, network in model.named_children()}
    assert cost.parameters == weights
    assert cost.checkpoint_bytes > 3 * 4 * sum(weights.values())  # weights and two moments in float32
    assert cost.total_steps == 3  # ceil(1 * 10 / 4)
    assert cost.total_seconds == 3 * cost.seconds_per_step
