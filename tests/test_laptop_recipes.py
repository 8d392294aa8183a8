"""Recipes for machines without a GPU: what stands in their table, and that a run takes one and says so."""

import json
from dataclasses import replace

import pytest
from run_records import record
from tiny_runs import undrawn

import bench
from bench import registry
from bench.cli.run import _facts
from bench.measuring.subject import open_subject
from bench.reproducing.plan import PlannedRun
from bench.reproducing.published import config_of, published
from bench.runs.jobs import How, prepare
from bench.runs.laptop import LaptopRecipe, laptop_recipes
from bench.runs.plan import LONG_SECONDS
from bench.runs.run import fit
from bench.runs.stored import job_in
from bench.tables.notes import budget_note
from metrics.errors import InputError
from reference_models.loop import Budget, with_settings

LISTED = [(model, data, one) for model, found in laptop_recipes().items() for data, one in found.items()]
TINY = LaptopRecipe({"width": 4, "latent": 8, "batch_size": 4}, steps=3, minutes=1)


@pytest.mark.parametrize(("model", "dataset", "recipe"), LISTED, ids=lambda one: one if isinstance(one, str) else "")
def test_a_laptop_recipe_is_one_of_a_model_for_a_data_set_that_is_there(model, dataset, recipe):
    spec = registry.load("models", model)
    assert dataset in registry.names("datasets")
    assert with_settings(spec.recipe(dataset), recipe.changes).epochs == spec.recipe(dataset).epochs  # steps end it
    assert recipe.steps > 0
    assert 0 < recipe.minutes <= 60


@pytest.fixture
def digits_with(monkeypatch):
    """The digits, for which dcgan has a laptop recipe as small as its tiny one."""
    monkeypatch.setattr("bench.runs.laptop.laptop_recipes", lambda: {"dcgan": {"digits": TINY}})
    monkeypatch.setattr("bench.runs.jobs.laptop_recipes", lambda: {"dcgan": {"digits": TINY}})
    return open_subject("digits")


def test_a_laptop_recipe_changes_the_settings_and_the_budget_which_are_told_as_such(digits_with, tmp_path, monkeypatch):
    undrawn(monkeypatch)
    job = prepare("dcgan", digits_with, recipe="laptop", settings=("latent=9",), workdir=tmp_path)
    assert (job.config.width, job.config.latent, job.steps, job.recipe_name) == (4, 9, 3, "laptop")
    assert job.changes == {"width": 4, "latent": 9, "batch_size": 4}  # of the recipe of the data set
    _, done = fit(job, How(budget=Budget(steps=job.steps), device="cpu", progress=False))
    assert (done.asked, done.full_epochs) == ({"steps": 3}, 60)
    assert json.loads((job.folder / "run.json").read_text())["recipe"] == "laptop"
    assert job_in(job.folder, digits_with).recipe_name == "laptop"  # what is measured later says it too
    short, long = (replace(record(recipe="laptop").training, epochs=epochs) for epochs in (1.0, 60.0))
    assert "started from the laptop recipe, 1.7 % of" in budget_note(record(recipe="laptop", training=short))
    assert "full recipe" not in budget_note(record(recipe="laptop", training=long))


def test_the_steps_of_a_laptop_recipe_end_the_training_where_nothing_else_does(digits_with, tmp_path):
    asked = {"recipe": "laptop", "data_root": None, "workdir": tmp_path, "extractor": "pixels", "workers": 0}
    assert bench.plan("dcgan", "digits", **asked).steps == 3
    assert bench.plan("dcgan", "digits", **asked, steps=2).steps == 2


def test_an_unknown_recipe_is_answered_with_those_that_there_are(digits_with):
    with pytest.raises(InputError, match=r"dcgan has no recipe 'labtop'\. Did you mean 'laptop'"):
        prepare("dcgan", digits_with, recipe="labtop")
    with pytest.raises(InputError, match="gan has no laptop recipe for digits; models with one: dcgan"):
        prepare("gan", digits_with, recipe="laptop")
    with pytest.raises(InputError, match="dcgan has no laptop recipe for mnist; it has one for digits"):
        prepare("dcgan", replace(digits_with, dataset=replace(digits_with.dataset, recipe="mnist")), recipe="laptop")


def test_a_plan_of_more_than_an_hour_without_a_gpu_offers_the_laptop_recipe(digits_with, tmp_path, monkeypatch):
    few = {"data_root": None, "workdir": tmp_path, "extractor": "pixels", "workers": 0}
    short = bench.plan("dcgan", "digits", settings=("width=4",), steps=1, **few)
    assert short.laptop == ""
    monkeypatch.setattr("bench.runs.plan.LONG_SECONDS", 0)
    long = bench.plan("dcgan", "digits", settings=("width=4",), steps=1, **few)
    assert long.laptop == (
        "such a recipe needs a GPU; --recipe laptop does without: width=4, latent=8, batch_size=4, 3 steps; about 1 min"
        " on two cores, not tried yet"
    )
    assert ("no GPU", long.laptop) in _facts(long)
    assert LONG_SECONDS == 3600


def test_a_planned_run_may_name_the_laptop_recipe(digits_with, tmp_path):
    run = PlannedRun("dcgan", "digits", "why", recipe="laptop")
    config, changes = config_of(run)
    assert changes == {"width": 4, "latent": 8, "batch_size": 4}
    made = record(recipe="laptop", config=config, recipe_changes=changes)
    assert made.training
    for steps, there in ((3, True), (4, False)):
        done = replace(made, training=replace(made.training, steps=steps))
        run_by = replace(run, extractor=made.protocol.extractor)
        assert (published(run_by, 0, changes, [done], tmp_path) is not None) == there
