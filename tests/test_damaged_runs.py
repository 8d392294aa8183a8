"""What lies in a run's folder, damaged: one line that names the file, never a traceback."""

import json
import os
from dataclasses import replace

import numpy as np
import pytest
from run_records import record
from safetensors import safe_open
from safetensors.torch import save_file
from tiny_training import run

from bench.leaderboard.compare import compare, comparison_tables
from bench.leaderboard.contestants import Side
from bench.tables.comparison import comparison_tables as tables_of_runs
from bench.tables.plots import plot_intervals
from bench.tables.run_tables import run_tables
from reference_models.errors import ModelError
from reference_models.loop import load
from reference_models.loop.checkpoints import FILE_NAME
from reference_models.loop.curves import Curve, read_curve
from reference_models.loop.film import Film

TYPES = (None, True, -1, 1.5, "x", [], {}, [[]], [0], ["x"], [-1, 1, 1], 2**70)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("finished")
    run(folder, 2)
    return folder


def changed(finished, folder, change):
    """The checkpoint with another state in its header."""
    with safe_open(finished / FILE_NAME, "pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118, the handle is no mapping
        state = json.loads(file.metadata()["state"])
    text = change(state)
    save_file(tensors, folder / FILE_NAME, metadata={"state": text if isinstance(text, str) else json.dumps(state)})
    return folder


def refused(folder):
    with pytest.raises(ModelError) as error:
        load(folder)
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "1", '"x"', "[" * 50_000, '{"schema": true}'])
def test_a_state_that_is_none_is_refused(finished, tmp_path, text):
    assert str(tmp_path / FILE_NAME) in refused(changed(finished, tmp_path, lambda state: text))


@pytest.mark.parametrize("name", ["model", "settings", "data", "seed", "step", "images", "seconds", "groups"])
def test_a_state_of_other_types_is_refused_by_the_field(finished, tmp_path, name):
    wrong = [value for value in TYPES if not (name == "seconds" and value in (-1, 1.5))]
    wrong = [value for value in wrong if not (name in ("settings", "data", "groups") and value == {})]
    for value in wrong if name != "model" else [one for one in wrong if one != "x"]:
        line = refused(changed(finished, tmp_path, lambda state, value=value: state.update({name: value})))
        assert f"{name} is {json.dumps(value)}" in line
    assert name in refused(changed(finished, tmp_path, lambda state: state.pop(name) and None))


@pytest.mark.parametrize("name", ["shape", "classes", "counts"])
def test_data_of_other_types_are_refused_by_the_field(finished, tmp_path, name):
    for value in (one for one in TYPES if not (name == "classes" and one in ([], ["x"]))):
        change = lambda state, value=value: state["data"].update({name: value})  # noqa: E731
        assert f"data.{name} is {json.dumps(value)}" in refused(changed(finished, tmp_path, change))


@pytest.mark.parametrize("value", [None, True, "x", [], [64], {}, 1.5, -3])
@pytest.mark.parametrize("name", ["channels", "noise_dim"])
def test_settings_that_are_none_are_refused(finished, tmp_path, name, value):
    refused(changed(finished, tmp_path, lambda state: state["settings"].update({name: value})))


@pytest.mark.parametrize("name", ["_types", "training", "__init__", "../x", "dcgan.x", ""])
def test_a_model_that_is_none_is_refused(finished, tmp_path, name):
    assert "which this version does not have" in refused(
        changed(finished, tmp_path, lambda state: state.update(model=name))
    )


def test_a_pipe_in_the_place_of_a_checkpoint_a_curve_or_a_film_is_not_waited_for(tmp_path):
    for name in (FILE_NAME, "losses.csv", "film.npz"):
        os.mkfifo(tmp_path / name)
    assert FILE_NAME in refused(tmp_path)
    for read in (read_curve, lambda path: Curve(path, 1), lambda path: Film(path, 1)):
        with pytest.raises(ModelError, match="is a pipe, expected a file"):
            read(tmp_path / ("film.npz" if "Film" in str(read.__code__.co_names) else "losses.csv"))


@pytest.mark.parametrize("text", [b"", b"\xff\n", b"step\nx\n", b"step,epoch,loss\n1,2\n", b"step,a\nx,y\n"])
def test_a_damaged_curve_is_named(tmp_path, text):
    path = tmp_path / "losses.csv"
    path.write_bytes(text)
    with pytest.raises(ModelError, match=r"losses\.csv is not a curve of losses"):
        read_curve(path)


def test_a_damaged_film_is_named(tmp_path):
    path = tmp_path / "film.npz"
    wrong = ({"steps": np.array(["x"])}, {"steps": np.arange(3), "samples": np.zeros(2)}, {"samples": np.ones(2)})
    for arrays in wrong:
        np.savez(path, **arrays)
        with pytest.raises(ModelError, match=r"film\.npz cannot be read"):
            Film(path, 9)
    path.write_bytes(b"\x93NUMPY\x01\x00\x05\x00(-4,)")
    with pytest.raises(ModelError, match=r"film\.npz cannot be read"):
        Film(path, 9)


# ----- records


def without(made, number):
    """The record without one of its metrics; None where it has not so many."""
    groups = [*made.pairs, *made.sets]
    places = [(place, metric) for place, one in enumerate(groups) for metric in one.scores]
    if number >= len(places):
        return None
    place, metric = places[number]
    del groups[place].scores[metric]
    return made


@pytest.mark.parametrize("task", ["generate", "reconstruct", "unpaired"])
@pytest.mark.parametrize("number", range(14))
def test_the_tables_of_a_record_without_a_metric_have_a_dash_there(task, number, tmp_path):
    labels = ("x", "y") if task == "unpaired" else ("",)
    made, whole = without(record(task=task, labels=labels), number), record(labels=labels)
    if made is None:
        return
    tables = [*run_tables(made), *tables_of_runs([made, replace(whole, seed=1)])]
    assert all(len(row) == len(table.columns) for table in tables for row in table.rows)
    if number == 0:
        plot_intervals(tmp_path / "a.png", tables[-1], "fid_corrected", (0,))
    sides = [Side("a record", one.protocol, None, {"": one.pairs[2].scores}) for one in (made, whole)]
    assert comparison_tables(compare(*sides))
