"""Every command is a function of `bench`, with arguments named like the long options."""

import importlib
import inspect
import os
import subprocess
import sys
from pathlib import Path
from typing import get_args

import click
import numpy as np
import pytest
from leaderboard_entries import write_results
from tiny_runs import tiny_run

import bench
import bench.tables.table
from bench.api.explorations import EXPLORATIONS
from bench.cli import main
from bench.measuring.declared import every_metric
from bench.options import checked, checked_together, known
from bench.settings.boards import Isolating
from bench.settings.models import TrainSettings
from bench.settings.sanity import SanitySettings
from bench.settings.sets import LabelledSettings, SetSettings, Settings
from bench.submissions.generators import Limits
from metrics.errors import InputError

ROOT = Path(__file__).resolve().parent.parent
FUNCTIONS = {"stats": "save_statistics"}  # of commands that are named otherwise
NO_FUNCTION = {"cache", "datasets", "list", "tracks", "weights"}  # what they look after has no numbers
PRINTED = {"--json", "--format"}  # how a result is printed
ELSEWHERE = {  # options of commands that are no arguments of their function, and where they are in Python
    "run": {"--plan": "bench.plan"},
    "export": {"--output": "the argument folder"},
    "reproduce": {"--list": "bench.planned", "--timed": "bench.planned", "--all": "reproduce() without names"},
    "stats": {"--output": "the argument path"},
    "leaderboard": {"--check": "files of this project", "--write": "files of this project"},
    "tables": {"--check": "files of this project", "--write": "files of this project"},
    "submit": {
        **dict.fromkeys(("--init", "--settings"), "a file for the command line"),
        "--roster": "bench.submit_all",
    },
    "verify": {"--all": "verify() without an entry"},
}


def options_of(command):
    """{long option: name of its value} of a command."""
    longs = {
        next(word for word in one.opts if word.startswith("--")): one.name
        for one in command.get_params(click.Context(command))
        if isinstance(one, click.Option) and "--help" not in one.opts
    }
    return {long: name for long, name in longs.items() if long not in PRINTED}


def arguments_of(function):
    """The names of all keywords of a function, those of its settings too; two have those of metrics besides."""
    found = set()
    for name, one in inspect.signature(function).parameters.items():
        if one.kind is not one.VAR_KEYWORD:
            found.add(name)
        elif function in (bench.score, bench.table):
            found |= {
                *known(LabelledSettings if function is bench.score else SetSettings),
                *(option.name for metric in every_metric() for option in metric.options),
            }
        else:
            found |= set(known(get_args(one.annotation)[0]))
    return found


COMMANDS = sorted(set(main.list_commands(click.Context(main))) - NO_FUNCTION - {"explore"})


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_of_a_command_is_an_argument_of_its_function(name):
    options = options_of(main.get_command(click.Context(main), name))
    there = arguments_of(getattr(bench, FUNCTIONS.get(name, name)))
    missing = {long for long, value in options.items() if value not in there and long not in ELSEWHERE.get(name, {})}
    assert not missing


def test_every_exploration_has_its_group_of_options():
    explore = main.get_command(click.Context(main), "explore")
    assert set(explore.commands) == set(EXPLORATIONS)
    for name, command in explore.commands.items():
        assert set(options_of(command).values()) == set(known(*EXPLORATIONS[name])) - {"progress"}


def test_the_functions_are_listed():
    assert set(bench.__all__) <= set(dir(bench))
    assert {*COMMANDS, "explore", "save_statistics", "Accumulator"} <= set(dir(bench))


def test_a_room_with_the_name_of_a_function_is_called_like_it():
    assert inspect.ismodule(bench.tables)
    assert "protocol" in inspect.signature(bench.tables).parameters
    with pytest.raises(InputError, match="no records below"):
        bench.tables(results="nowhere")


def test_importing_bench_loads_no_library_of_numbers():
    code = "import bench, sys; dir(bench); sys.exit(bool({'numpy', 'torch', 'pandas', 'click'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


@pytest.mark.parametrize("name", ["metrics.py", "metrics/__init__.py"])
def test_somebody_s_own_metrics_in_the_way_is_named(tmp_path, name):
    own = tmp_path / name
    own.parent.mkdir(exist_ok=True)
    own.write_text("def precision(): ...\n")
    (tmp_path / "script.py").write_text("import bench\n")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, tmp_path / "script.py"], env=environment, capture_output=True, text=True)
    said = done.stderr.splitlines()[-1]
    assert said.startswith(f"ImportError: {own} is found for 'metrics' before this project's package; rename it")


# ----- what Python may hand over by mistake

WRONG = {
    bool: (None, 1, "no"),
    int: (2.5, "3", True, [3]),
    float: ("3", True, [3.0], float("nan")),
    str: (3, b"x", ["x"]),
    Path: (3, "", b"x"),
}


@pytest.mark.parametrize("groups", [(Settings,), (TrainSettings,), (SanitySettings,), *EXPLORATIONS.values()], ids=str)
def test_an_option_of_another_kind_is_refused_with_its_name(groups):
    for name, one in known(*groups).items():
        for value in WRONG.get(one.kind, ()):
            if value is not None or not one.optional:
                with pytest.raises(InputError, match=name):
                    checked_together(groups, {name: value})


@pytest.mark.parametrize(
    "call",
    [
        lambda: bench.run("dcgan", "digits", sed=3),
        lambda: bench.train("dcgan", "digits", steps="many"),
        lambda: bench.train("dcgam", "digits"),
        lambda: bench.plan(3, "digits"),
        lambda: bench.sample(None),
        lambda: bench.sample("nowhere", output="x.zip"),
        lambda: bench.evaluate("nowhere"),
        lambda: bench.rescore("nowhere"),
        lambda: bench.submit("nowhere", track="digits", name="x", noise="loud"),
        lambda: bench.submit("nowhere", track="digits", name=3),
        lambda: bench.verify(images="x"),
        lambda: bench.verify("nowhere"),
        lambda: bench.leaderboard(sort="fid"),
        lambda: bench.compare("nowhere", "nowhere", device="abacus"),
        lambda: bench.site("out", results="nowhere"),
        lambda: bench.explore("noises", "runs/x"),
        lambda: bench.explore("noise"),
        lambda: bench.explore("noise", "nowhere", pairs="two"),
        lambda: bench.doctor(),
        lambda: bench.doctor({1, 2}),
        lambda: bench.sanity("nowhere"),
        lambda: bench.sanity(check=("blurr",)),
        lambda: bench.sanity(check="blur"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_told_in_one_line(call, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Exception) as caught:
        call()
    assert type(caught.value).__name__ in ("InputError", "ModelError")
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())


# ----- at work


def test_doctor_looks_at_every_kind_of_set():
    images = np.random.RandomState(0).randint(0, 256, (5, 3, 8, 8)).astype(np.uint8)
    found = bench.doctor(images, list(images), extractor="pixels")
    assert [one.count for one in found.sets] == [5, 5]


def test_settings_of_a_recipe_may_be_a_mapping():
    assert checked(TrainSettings, {"settings": {"zdim": 5}})["settings"] == ("zdim=5",)


def test_a_run_is_trained_sampled_looked_at_and_tabled_from_python(tmp_path):
    folder, results = tiny_run(tmp_path, "dcgan"), tmp_path / "results"
    how = {"extractor": "digits-cnn", "workers": 0, "device": "cpu"}
    sampled = bench.sample(folder, count=4)
    assert (sampled.images.shape, sampled.images.dtype) == ((4, 1, 32, 32), np.uint8)
    bench.sample(folder, count=4, output=tmp_path / "four.npz")
    assert np.array_equal(bench.open_source(tmp_path / "four.npz").read(3)[:1], sampled.images[3])
    assert bench.fid(sampled.images, "digits:real-1", extractor="pixels").n_a == 4
    made = bench.evaluate(folder, results=results, **how)
    assert made.record.model == "dcgan"
    assert made.path.is_file()
    assert [table.name for table in bench.tables("dcgan", results=results)] == [one.name for one in made.tables]
    looked = bench.explore("noise", folder, pairs=1, steps=2, dims=1, output=tmp_path / "noise", **how)
    assert (tmp_path / "noise" / "explore.json") in looked.files
    for one in (made, looked):
        assert len(repr(one)) < 200
        assert "<table" in one._repr_html_()


def test_the_leaderboard_from_python(tmp_path):
    write_results(tmp_path, 4)
    board = bench.leaderboard("digits", results=tmp_path)
    assert board[0].name == "digits"
    assert "<table" in board._repr_html_()
    first, second = sorted((tmp_path / "submissions" / "digits").glob("*.json"))[:2]
    assert bench.compare(first, second, results=tmp_path).lines
    assert len(bench.leaderboard(results=tmp_path)[0].rows) == 1
    assert bench.site(tmp_path / "site", results=tmp_path).tracks == 1
    assert {one.level for one in bench.verify(results=tmp_path)} <= {0, 1}


@pytest.mark.parametrize("what", EXPLORATIONS)
def test_an_exploration_has_the_same_defaults_as_its_options(what):
    asked = {name: one.option.default for name, one in known(EXPLORATIONS[what][0]).items()}
    own = inspect.signature(importlib.import_module(f"bench.exploring.{what}").explore).parameters
    both = {name: default for name, default in asked.items() if name in own and default is not None}
    assert both == {name: own[name].default for name in both}


def test_the_limits_of_a_generator_are_the_defaults_of_its_options():
    asked = {name: one.option.default for name, one in known(Isolating).items()}
    assert Limits() == Limits(asked["generator_minutes"], asked["generator_memory"])
