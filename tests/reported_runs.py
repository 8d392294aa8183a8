"""Runs as `bench run` leaves them, written by hand: a folder with curves, pictures and a film, and its record."""

import json
from dataclasses import asdict, replace

import numpy as np
from run_records import TRAINING, protocol, record

from bench import registry
from bench.storage.records import record_path, run_name, write_record
from reference_models.loop import to_json
from reference_models.loop.film import Film
from reference_models.loop.plots import plot_sheets
from reference_models.loop.settings import changed_settings

CURVE = "step,epoch,{names}\n" + "".join(f"{step},{step / 10},{10 / step},{{values}}\n" for step in range(1, 31))

REAL = {"precision": 0.97, "recall": 0.97, "density": 1.0, "coverage": 0.97}


def report_run(home, model="vae", dataset="digits", *, seed=0, measured=True, scores=None, **settings):
    """The folder of a run below `home`/runs, with its record below `home`/results where it was `measured`.

    `scores` replace those of the generated images."""
    spec = registry.load("models", model)
    recipe = spec.recipe(dataset)
    config = replace(recipe, **settings)
    changes = changed_settings(config, recipe)
    folder = home / "runs" / run_name(f"{model}-{dataset}", seed, changes)
    (folder / "grids").mkdir(parents=True)
    about = {"model": model, "dataset": dataset, "train_split": "train", "seed": seed, "config": to_json(config)}
    (folder / "run.json").write_text(json.dumps(about))
    training = replace(TRAINING, full_epochs=recipe.epochs)
    (folder / "training.json").write_text(json.dumps(asdict(training)))
    (folder / "losses.csv").write_text(CURVE.format(names="reconstruction,kl", values="1.5"))
    (folder / "evaluation.csv").write_text("step,epoch,reconstruction_mse\n0,0,0.5\n10,1,0.2\n30,3,0.4\n")
    plot_sheets(folder / "samples.png", [("", np.zeros((32, 32, 3), np.uint8))], "samples")
    film = Film(folder / "grids" / "film.npz", -1)
    for step in (0, 10, 20, 30):
        images = {"samples": np.full((36, 1, 32, 32), step, np.uint8)}
        film.append(step, images | ({"reconstructions": images["samples"][:6]} if spec.task == "reconstruct" else {}))
    if measured:
        kept = {"model": model, "task": spec.task, "seed": seed, "config": to_json(config), "recipe_changes": changes}
        made = record(**kept, training=training, chosen=protocol(dataset))
        told = {"generated": scores or {}, "real 2": {"prdc": REAL}}
        pairs = [replace(one, scores={**one.scores, **told.get(one.b, {})}) for one in made.pairs]
        made = replace(made, pairs=tuple(pairs))
        write_record(record_path(home / "results", dataset, made.protocol_id, made.name), made)
    return folder


def collapsed():
    """Scores of images that look real and are of one kind."""
    return {"prdc": {"precision": 0.9, "recall": 0.01, "density": 1.0, "coverage": 0.05}}
