"""Class embeddings: strips between two classes, the map, and which pairs are taken."""

import numpy as np
import pytest
from click.testing import CliRunner
from tiny_runs import pixels, tiny_run, values

from bench.cli import main
from bench.exploring import classes as exploring_classes
from bench.exploring import open_run, write
from bench.exploring.classes import explore, interpolate
from metrics._errors import InputError
from reference_models.training import Noise, class_embeddings, sample


@pytest.fixture(scope="module")
def biggan(tmp_path_factory):
    return open_run(tiny_run(tmp_path_factory.mktemp("biggan"), "biggan"))


@pytest.fixture(scope="module")
def cgan(tmp_path_factory):
    return open_run(tiny_run(tmp_path_factory.mktemp("cgan"), "cgan"))


@pytest.mark.parametrize("name", ["biggan", "cgan"])
def test_alpha_one_is_the_first_class_and_alpha_zero_the_other(name, request):
    model = request.getfixturevalue(name).model
    embeddings = class_embeddings(model)
    noise = model.draw(Noise(0, 4, 5)).numpy()[0]
    images = interpolate(model, embeddings, 7, 2, noise, np.array([1.0, 0.0]))
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
    assert {path.name for path in write(found, tmp_path / "out")} == {"explore.json", "pairs.csv", "interpolation.png"}
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
