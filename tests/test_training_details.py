"""Details of a training: curves cut and read, the bar, budgets, settings and batches at their limits."""

import io
import json
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

import numpy as np
import pytest
import torch
from rich.console import Console
from tiny_training import DATA, TINY, ArrayImages, numbered

from reference_models.blocks.sides import halved
from reference_models.errors import ModelError
from reference_models.loop import Budget, Every, Noise
from reference_models.loop.batches import batches, kept_bytes, positions
from reference_models.loop.curves import Curve, last_mean, read_curve
from reference_models.loop.progress import Bar, _clock
from reference_models.loop.settings import from_json, require_positive, with_settings
from reference_models.types import Data, ImageShape

CPU = torch.device("cpu")

# ----- curves

HEAD, ROWS = "step,epoch,loss\n", ["1,0.1000,1\n", "2,0.2000,2\n", "3,0.3000,3\n"]


@pytest.mark.parametrize(
    ("text", "last_step", "kept"),
    [
        (HEAD + "".join(ROWS), 3, ROWS),
        (HEAD + "".join(ROWS), 2, ROWS[:2]),
        (HEAD + "".join(ROWS), 9, ROWS),
        (HEAD + "".join(ROWS[:2]) + "3,0.3", 9, ROWS[:2]),
        (HEAD + "".join(ROWS), 0, None),
        (HEAD, 9, None),
        (HEAD.strip(), 9, None),
        ("", 9, None),
    ],
)
def test_a_curve_is_cut_back_to_its_last_whole_row_up_to_a_step(text, last_step, kept, tmp_path):
    path = tmp_path / "losses.csv"
    path.write_text(text)
    curve = Curve(path, last_step)
    if kept is None:
        assert not path.exists()
        assert curve.last_step is None
        curve.append(7, 0.5, {"other": 1.0})  # a curve that starts anew has columns of its own
        return
    assert path.read_text() == HEAD + "".join(kept)
    assert curve.last_step == len(kept)
    curve.append(9, 0.9, {"loss": 1 / 3})
    assert path.read_text() == HEAD + "".join(kept)
    curve.flush()
    curve.flush()
    assert path.read_text() == HEAD + "".join(kept) + "9,0.9000,0.3333333\n"
    with pytest.raises(ModelError, match="start again"):
        curve.append(10, 1.0, {"loss": 1.0, "other": 1.0})


def test_what_a_curve_lacks_is_no_number_and_what_is_flushed_is_on_the_disk(tmp_path, monkeypatch):
    path, flushed = tmp_path / "losses.csv", []
    monkeypatch.setattr("reference_models.loop.curves.os.fsync", flushed.append)
    assert read_curve(path) == {}
    curve = Curve(path, 0)
    curve.flush()
    assert not path.exists()
    curve.append(1, 0.0, {"a": 1.0, "b": 2.0})
    curve.append(2, 0.0, {"b": 3.0})
    assert curve.last_step == 2
    curve.flush()
    assert len(flushed) == 1
    found = read_curve(path)
    assert list(found) == ["step", "epoch", "a", "b"]
    np.testing.assert_array_equal(found["a"], [1, np.nan])
    np.testing.assert_array_equal(found["b"], [2, 3])


def test_the_last_hundred_rows_with_a_value_are_averaged():
    values = np.concatenate([[1000.0], np.ones(99), [np.nan, 2.0, np.nan]])
    assert last_mean({"a": values, "b": values}, ["a"]) == {"a": pytest.approx(1.01)}


# ----- progress


def clock(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("reference_models.loop.progress.time.monotonic", lambda: now[0])
    return now


def test_lines_without_a_terminal_come_half_a_minute_apart_and_at_the_end(monkeypatch, capsys):
    now = clock(monkeypatch)
    told = []
    with Bar("model on data", 4000, 0, True) as bar:
        for seconds, step in ((29.9, 1000), (30.0, 2000), (59.9, 3000), (60.0, 4000)):
            now[0] = 100 + seconds
            bar.show(step, 1234.5, {"a": 0.12345, "b": 2.0})
            told.append(capsys.readouterr().err)
    assert told == [
        "",
        "model on data: step 2,000/4,000, 0:30 left, 1,234 images/s, a 0.123  b 2\n",
        "",
        "model on data: step 4,000/4,000, 0:00 left, 1,234 images/s, a 0.123  b 2\n",
    ]
    assert capsys.readouterr().err == ""  # what was told is not told again at the end


@pytest.mark.parametrize("step", [None, 5])
def test_a_run_that_ends_early_tells_its_last_step_if_there_is_one(step, capsys):
    with Bar("model", None, 0, True) as bar:
        if step:
            bar.show(step, 10.0, {})
    assert capsys.readouterr().err == ("model: step 5, 10 images/s, \n" if step else "")


@pytest.mark.parametrize("terminal", [True, False])
def test_a_bar_that_is_not_shown_says_nothing(terminal, monkeypatch):
    text = io.StringIO()
    made = partial(Console, force_terminal=terminal, file=text, width=200)
    monkeypatch.setattr("reference_models.loop.progress.Console", lambda **options: made())
    for shown in (False, True):
        with Bar("model", 10, 0, shown) as bar:
            bar.show(5, 10.0, {"loss": 1.0})
        assert ("model" in text.getvalue()) is (shown and terminal)
    assert not terminal or ("5/10" in text.getvalue() and "loss 1" in text.getvalue())


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.4, "0:00"), (59.4, "0:59"), (59.6, "1:00"), (3599.4, "59:59"), (3600, "1:00:00"), (7325, "2:02:05")],
)
def test_a_time_is_said_in_minutes_and_seconds_and_hours_where_there_are_some(seconds, said):
    assert _clock(seconds) == said


def test_a_run_past_its_end_has_no_time_left(monkeypatch):
    now = clock(monkeypatch)
    bar = Bar("a", None, 0, False, seconds=5.0)
    now[0] += 9
    assert bar._left(3) == "0:00 left"


# ----- budgets, intervals, sides, noise: at their limits

NONE = (0, -1, float("nan"), float("inf"))


@pytest.mark.parametrize("value", NONE)
@pytest.mark.parametrize("unit", ["steps", "epochs", "minutes"])
def test_a_budget_of_nothing_or_without_an_end_is_refused_by_its_unit(unit, value):
    with pytest.raises(ModelError, match=f"budget of {value} {unit} trains nothing"):
        Budget(**{unit: value})
    if unit != "minutes":
        with pytest.raises(ModelError, match=f"pictures every {value} {unit}; give a positive"):
            Every(**{unit: value})


def test_the_smaller_of_two_budgets_decides():
    config = replace(TINY, batch_size=4, epochs=3)  # 10 images: 2.5 steps in an epoch
    given = {
        Budget(): 8, Budget(steps=7): 7, Budget(epochs=2): 5, Budget(steps=3, epochs=2): 3,
        Budget(steps=9, epochs=2): 5, Budget(steps=9, minutes=1): 9, Budget(minutes=1): None,
    }  # fmt: skip
    assert {budget: budget.total_steps(config, DATA) for budget in given} == given


@pytest.mark.parametrize(("times", "least"), [(None, 7), (1, 5), (2, 9), (3, 17)])
def test_an_image_of_the_least_side_can_be_halved_and_a_smaller_one_or_no_square_cannot(times, least):
    assert halved(ImageShape(1, least, least), "model", times)[-1] in (3, 4)
    for shape in (ImageShape(1, least - 1, least - 1), ImageShape(1, least, 2 * least), ImageShape(1, 64, least)):
        with pytest.raises(ModelError, match=rf"model cannot work on .* with a side of {least} or more"):
            halved(shape, "model", times)


@pytest.mark.parametrize(("side", "sides"), [(12, [12, 6]), (13, [13, 7, 4]), (64, [64, 32, 16, 8, 4])])
def test_a_side_is_halved_until_six_or_less_is_left(side, sides):
    assert halved(ImageShape(1, side, side), "model") == sides


@pytest.mark.parametrize(
    ("seed", "start", "stop", "taken"),
    [
        (0, 0, 0, True), (2**64 - 1, 0, 1, True), (0, 3, 3, True),
        (-1, 0, 1, False), (2**64, 0, 1, False), (0, -1, 1, False), (0, 2, 1, False),
    ],
)  # fmt: skip
def test_a_range_of_noise_is_taken_up_to_its_limits(seed, start, stop, taken):
    if taken:
        assert Noise(seed, start, stop).uniform(5).shape == (stop - start, 5)
        return
    with pytest.raises(ModelError, match="is not a range of rows"):
        Noise(seed, start, stop)


# ----- settings


@dataclass(frozen=True)
class Settings:
    batch_size: int = 8
    epochs: float = 1.0
    beta1: float = 0.5
    beta2: float = 0.9
    skips: bool = False
    sides: tuple[int, ...] = (4, 8)
    kernel: Literal[3, 5] = 3
    loss: Literal["bce", "mse"] = "bce"
    clip: float | None = None


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        ("batch-size = 4", {"batch_size": 4}),
        ("skips=TRUE", {"skips": True}),
        ("sides= 1, 2 ,3", {"sides": (1, 2, 3)}),
        ("kernel=5", {"kernel": 5}),
        ("clip=2", {"clip": 2.0}),
        ("clip=NONE", {}),
        ("beta1=0", {"beta1": 0.0}),
        ("epochs=0.5", {"epochs": 0.5}),
    ],
)
def test_a_setting_is_read_whatever_the_case_and_the_spaces(text, changed):
    assert with_settings(Settings(), [text]) == Settings(**changed)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nothing-like-it=3", "There are: batch_size, epochs, beta1"),
        ("bath_size=3", "Did you mean 'batch_size'"),
        ("sides=1,x", "sides=1,x|sides=x is not a whole number; write for example sides=1"),
        ("epochs=x", "is not a number; write for example epochs=1.0"),
        ("kernel=4", "is none of its choices: 3, 5"),
        ("beta1=1", "beta1 1.0; expected a decay rate"),
        ("beta2=-0.1", "beta2 -0.1; expected a decay rate"),
        ("batch_size=0", "batch_size 0; expected more than 0"),
        ("batch_size", "'batch_size' has no value"),
    ],
)
def test_a_setting_that_is_none_is_refused_by_its_name(text, said):
    with pytest.raises(ModelError, match=said):
        with_settings(Settings(), [text])


def test_only_what_is_changed_is_looked_at():
    """Stored settings of another kind of model may be what a recipe would not be."""
    odd = Settings(batch_size=0, beta1=1.5)
    assert with_settings(odd, ["skips=true"]) == replace(odd, skips=True)
    with pytest.raises(ModelError, match="epochs 0"):
        require_positive(Settings(epochs=0), "batch_size", "epochs")


FITTING = {
    "batch_size": ([8], [8.0, True, "8", None, [8]]),
    "epochs": ([1, 1.5], [True, "1", None, float("inf")]),
    "skips": ([True], [1, "true", None]),
    "sides": ([[], [1, 2]], [[1.5], ["x"], 3, None, [True]]),
    "kernel": ([3, 5], [4, "3", None]),
    "loss": (["mse"], ["hinge", None, 1]),
    "clip": ([None, 1, 0.5], ["x", False, float("nan")]),
}


@pytest.mark.parametrize("name", FITTING)
def test_a_stored_setting_is_taken_where_it_has_the_type_of_its_field(name):
    stored = json.loads(json.dumps(Settings().__dict__))
    fitting, others = FITTING[name]
    for value in fitting:
        assert getattr(from_json(Settings, {**stored, name: value}), name) == (
            tuple(value) if isinstance(value, list) else value
        )
    for value in others:
        with pytest.raises(ModelError, match=f"the stored setting {name} is .*, of another type"):
            from_json(Settings, {**stored, name: value})


@pytest.mark.parametrize("change", [{"new": 1}, {"clip": ...}])
def test_stored_settings_of_more_or_fewer_fields_are_refused_with_their_names(change):
    stored = {key: value for key, value in {**Settings().__dict__, **change}.items() if value is not ...}
    with pytest.raises(ModelError, match=rf"other fields than the stored one \({next(iter(change))}\)"):
        from_json(Settings, stored)


# ----- batches


def test_an_endless_row_of_images_goes_through_every_epoch_in_its_own_order():
    whole = positions(5, 0, 4, 0, 12)
    assert [sorted(whole[at : at + 4]) for at in (0, 4, 8)] == [[0, 1, 2, 3]] * 3
    assert [list(positions(5, 0, 4, at, at + 1)) for at in range(12)] == [[one] for one in whole]
    assert not np.array_equal(positions(5, 1, 4, 0, 12), whole)
    assert not np.array_equal(positions(6, 0, 4, 0, 12), whole)


class Counted(ArrayImages):
    """Images that count how many were read."""

    def take(self, indices):
        READ.append(len(indices))
        return super().take(indices)


READ: list[int] = []


@pytest.mark.parametrize(("room", "read"), [(40, [5, 5]), (39, [5] * 6)])
def test_images_are_read_once_where_all_fit_into_memory(room, read, monkeypatch):
    monkeypatch.setattr("reference_models.loop.batches.CACHE_BYTES", room)
    READ.clear()
    images = Counted(numbered(10, 2).array)
    data = Data("counted", ImageShape(1, 2, 2), (images,))
    stream = batches(data, 5, 0, 0, CPU, paired=False)
    found = [next(stream) for _ in range(5)]
    stream.close()
    assert read == READ
    assert [batch.step for batch in found] == [0, 1, 2, 3, 4]
    assert [batch.x[:, 0, 0, 0].tolist() for batch in found] == [
        positions(0, 0, 10, at, at + 5).tolist() for at in range(0, 25, 5)
    ]
    assert kept_bytes(data) == (40 if room == 40 else 0)


@pytest.mark.parametrize("labels", [None, np.array([3, 4, 5])])
def test_a_batch_has_the_labels_of_the_first_domain_only(labels):
    first, second = ArrayImages(numbered(3, 2).array, labels), ArrayImages(numbered(3, 2).array, np.array([7, 7, 7]))
    for domains in ((first,), (first, second)):
        stream = batches(Data("two", ImageShape(1, 2, 2), domains), 3, 0, 0, CPU, paired=True)
        batch = next(stream)
        stream.close()
        assert (batch.y is None) is (len(domains) == 1)
        assert (batch.labels is None) is (labels is None)
        assert labels is None or batch.labels.tolist() == (3 + batch.x[:, 0, 0, 0]).tolist()


@pytest.mark.parametrize("array", [numbered(10, 2).array.astype(np.int16), numbered(10, 2).array[:, :, :1]])
def test_training_images_of_another_type_or_shape_are_refused(array):
    data = Data("odd", ImageShape(1, 2, 2), (ArrayImages(array),))
    with pytest.raises(ModelError, match=r"instead of uint8 \[1, 2, 2\]"):
        next(batches(data, 4, 0, 0, CPU, paired=False))
