"""Class embeddings: strips between two classes, the map, and which pairs are taken."""

import json
from pathlib import Path

import biggan_peer
import numpy as np
import pytest
import torch
from click.testing import CliRunner
from tiny_runs import pixels, tiny_run, values

from bench.cli import main
from bench.exploring import Explorable, open_run, write
from bench.exploring import classes as exploring_classes
from bench.exploring.classes import explore, interpolate
from bench.runs.generators import open_generator
from metrics.errors import InputError
from reference_models.loop import Noise, class_embeddings, sample
from reference_models.loop.images import to_uint8


@pytest.fixture(scope="module")
def biggan(tmp_path_factory):
    return open_run(tiny_run(tmp_path_factory.mktemp("biggan"), "biggan"))


@pytest.fixture(scope="module")
def cgan(tmp_path_factory):
    return open_run(tiny_run(tmp_path_factory.mktemp("cgan"), "cgan"))


@pytest.mark.parametrize("name", ["biggan", "cgan"])
def test_alpha_one_is_the_first_class_and_alpha_zero_the_other(name, request):
    generator = request.getfixturevalue(name).generator
    model = generator.model
    embeddings = class_embeddings(model)
    noise = model.draw(Noise(0, 4, 5)).numpy()[0]
    images = interpolate(generator, embeddings, 7, 2, noise, np.array([1.0, 0.0]))
    ends = np.concatenate([sample(model, 0, 4, 5, labels=np.array([label])) for label in (7, 2)])
    assert np.abs(images.astype(int) - ends).max() <= 1  # another place in the batch


def test_the_closest_and_the_furthest_pairs_are_taken(biggan):
    embeddings = class_embeddings(biggan.model).astype(float)
    table = explore(biggan, pixels(biggan), samples=1, steps=2).tables[0]
    distances = values(table, "distance")
    every = np.sort([np.linalg.norm(embeddings[a] - embeddings[b]) for a in range(10) for b in range(a)])
    assert distances == pytest.approx([every[0], every[1], every[-2], every[-1]], rel=1e-12)


def test_the_map_and_the_closest_classes_are_the_same_every_time(biggan, tmp_path):
    for place in "ab":
        write(explore(biggan, pixels(biggan), samples=1, steps=2), tmp_path / place)
    first, second = ({path.name: path.read_bytes() for path in (tmp_path / place).iterdir()} for place in "ab")
    assert first == second
    assert {"embeddings.png", "interpolation.png", "pairs.csv", "classes.csv"} < set(first)


def test_every_class_has_its_closest_other_one(biggan):
    embeddings = class_embeddings(biggan.model).astype(float)
    table = explore(biggan, pixels(biggan), samples=1, steps=2).tables[1]
    apart = np.linalg.norm(embeddings[:, None] - embeddings, axis=2) + np.diag(np.full(10, np.inf))
    assert values(table, "closest") == [str(label) for label in apart.argmin(axis=1)]
    assert values(table, "distance") == pytest.approx(apart.min(axis=1), rel=1e-12)


def test_one_hot_labels_have_no_map_and_a_word_why(cgan, tmp_path):
    found = explore(cgan, pixels(cgan), samples=1, steps=2)
    assert found.notes == ("no map: the class embeddings of cgan are all equally far apart",)
    assert {path.name for path in write(found, tmp_path / "out")} == {
        "explore.json",
        "pictures.webp",
        "pairs.csv",
        "interpolation.png",
    }
    assert list(zip(values(found.tables[0], "first"), values(found.tables[0], "last"), strict=True)) == [
        ("0", "1"),
        ("2", "3"),
        ("4", "5"),
        ("6", "7"),
    ]


def test_three_classes_are_too_few_for_a_map(biggan, monkeypatch):
    few = class_embeddings(biggan.model)[:3]
    monkeypatch.setattr(exploring_classes, "class_embeddings", lambda model: few)
    found = explore(biggan, pixels(biggan), samples=1, steps=2)
    assert "at least 4" in found.notes[0]
    assert len(found.tables[0].rows) == 3  # there are no more pairs


def test_pairs_can_be_chosen(cgan):
    table = explore(cgan, pixels(cgan), pairs=["8,3"], samples=2, steps=2).tables[0]
    assert (values(table, "first"), values(table, "last")) == (["8"], ["3"])


@pytest.mark.parametrize(
    ("pair", "said"), [("8", "two classes"), ("8,8", "one class"), ("8,eleven", "no label 'eleven'")]
)
def test_a_pair_that_is_none_says_what_is_expected(cgan, pair, said):
    with pytest.raises(InputError, match=said):
        explore(cgan, pixels(cgan), pairs=[pair])


def test_a_model_without_class_embeddings_names_those_that_have_some(tmp_path):
    folder = tiny_run(tmp_path, "dcgan")
    result = CliRunner().invoke(main, ["explore", "classes", str(folder), "--extractor", "pixels"])
    assert result.exit_code == 2
    reason, _, able = result.stderr.strip().partition("; models that do: ")
    assert "dcgan has no class embeddings" in reason
    assert {"biggan", "cgan"} <= set(able.split(", "))


def test_the_command_writes_beside_the_checkpoint(cgan):
    arguments = ["explore", "classes", str(cgan.folder), "--extractor", "pixels", "--steps", "2", "--pair", "1,7"]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("Between two classes. cgan on digits, seed 0")
    assert (cgan.folder / "explore" / "classes" / "interpolation.png").is_file()


# ---- a generator with published weights


def test_a_pretrained_generator_is_looked_at_by_its_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    biggan_peer.save(biggan_peer.random_peer(), tmp_path / "weights")
    command = ["explore", "classes", "biggan-deep-128", "--generator-weights", "weights", "--extractor", "pixels"]
    asked = ["--pair", "5,2", "--samples", "1", "--steps", "2", "--truncation", "0.4"]
    result = CliRunner().invoke(main, [*command, *asked])
    assert result.exit_code == 0, result.output
    folder = tmp_path / "explore" / "classes-biggan-deep-128"
    found = json.loads((folder / "explore.json").read_text())
    assert (found["model"], found["truncation"], found["weights_official"]) == ("biggan-deep-128", 0.4, False)
    assert len(found["weights_sha256"]) == 64
    assert {"interpolation.png", "embeddings.png", "pairs.csv"} <= {path.name for path in folder.iterdir()}
    assert "exists" in CliRunner().invoke(main, [*command, *asked]).output
    refused = CliRunner().invoke(main, [*command, "--pair", "5,7", "-o", "other"])
    assert (refused.exit_code, "has no label '7'" in refused.output) == (2, True)


def test_the_ends_of_its_strips_are_the_packages_images_of_the_classes(tmp_path):
    peer = biggan_peer.random_peer()
    biggan_peer.save(peer, tmp_path)
    opened = Explorable(open_generator(Path("biggan-deep-128"), weights_file=tmp_path))
    opened.model.truncate(0.4)
    noise = opened.model.draw(Noise(0, 0, 1))
    images = interpolate(
        opened.generator, class_embeddings(opened.model), 5, 2, noise.numpy()[0], np.array([1.0, 0.5, 0.0])
    )
    alpha = torch.tensor([1.0, 0.5, 0.0])[:, None]
    one_hot = torch.eye(biggan_peer.CLASSES)
    with torch.no_grad():  # its embedding is linear, so a mixture of one-hot labels is one of embeddings
        theirs = peer(noise.expand(3, -1), alpha * one_hot[5] + (1 - alpha) * one_hot[2], 0.4)
    assert np.abs(images.astype(int) - to_uint8(theirs).numpy().astype(int)).max() <= 1


def test_its_noise_is_varied_too(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    biggan_peer.save(biggan_peer.random_peer(), tmp_path / "weights")
    command = ["explore", "noise", "biggan-deep-128", "--generator-weights", "weights", "--extractor", "pixels"]
    result = CliRunner().invoke(main, [*command, "--pairs", "1", "--steps", "2", "--dims", "1"])
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("Paths. biggan-deep-128, truncation 1, noise of seed 0")


def test_weights_of_a_generator_are_for_a_generator(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    command = ["explore", "classes", "runs/none", "--generator-weights", "weights", "--extractor", "pixels"]
    result = CliRunner().invoke(main, command)
    assert (result.exit_code, "--generator-weights is for a pretrained generator" in result.output) == (2, True)


def test_weights_that_are_missing_are_named_with_the_option_of_the_command(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    for command, option in (("explore classes", "--generator-weights"), ("sample", "--weights")):
        asked = ["--extractor", "pixels"] if command == "explore classes" else []
        result = CliRunner().invoke(main, [*command.split(), "biggan-deep-128", "-o", "out", *asked])
        assert result.exit_code == 2
        assert result.output.strip().endswith(f"or name it with {option}")
