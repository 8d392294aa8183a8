"""Trained runs of the `tiny` recipes, for tests that look at a checkpoint: two steps on embedded data."""

from dataclasses import replace

import pytest

from bench import registry
from bench.measuring.evaluation import find_measure
from bench.measuring.subject import open_subject
from bench.runs.jobs import How, Job
from bench.runs.run import fit
from reference_models.loop import Budget

DRAWN = ("draw", "draw_curves", "draw_film", "draw_quartets")  # in reference_models.loop.run


def undrawn(patch, what=DRAWN):
    """From here on trainings draw nothing: pictures take longer than a few steps, and few tests look at them."""
    for name in what:
        patch.setattr(f"reference_models.loop.run.{name}", lambda *given: None)


def tiny_run(workdir, model, dataset="digits", *, seed=0, steps=2, config=None, **settings):
    """The folder of a run of the model's tiny recipe, or of `config`, with the given settings changed; without
    pictures."""
    spec = registry.load("models", model)
    folder = workdir / "runs" / "-".join([model, *(f"{name}{value}" for name, value in settings.items()), str(seed)])
    job = Job(spec, replace(config or spec.recipes["tiny"], **settings), open_subject(dataset), seed, folder)
    with pytest.MonkeyPatch.context() as patch:
        undrawn(patch)
        fit(job, How(budget=Budget(steps=steps), device="cpu", progress=False))
    return folder


def pixels(opened):
    """The extractor without a network, on one thread."""
    return find_measure(opened.subject, "pixels", workers=0)


def values(table, key, end="value"):
    """One column of a table of values, by its key; `end` low or high for that end of the intervals."""
    place = [column.key for column in table.columns].index(key)
    return [getattr(row[place], end) for row in table.rows]
