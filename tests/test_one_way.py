"""One way to a number: whatever is given for a set, every function measures it by the same code."""

import pickle

import numpy as np
import pytest
from click.testing import CliRunner

import bench
from bench.cli import main
from metrics.errors import InputError

DIGITS = {"extractor": "digits-cnn", "cache": False}


def images(seed, count=12):
    return np.random.RandomState(seed).randint(0, 256, (count, 3, 16, 16)).astype(np.uint8)


def folder(path, seed):
    from PIL import Image

    path.mkdir()
    for row, image in enumerate(images(seed)):
        Image.fromarray(image.transpose(1, 2, 0)).save(path / f"{seed}-{row}.png")
    return path


@pytest.fixture
def sets(tmp_path):
    """A folder, and three things to compare it with."""
    accumulator = bench.Accumulator(**DIGITS)
    accumulator.update(images(2))
    bench.save_statistics(images(2), tmp_path / "saved.npz", **DIGITS)
    others = {"folder": folder(tmp_path / "b", 2), "statistics": tmp_path / "saved.npz", "accumulator": accumulator}
    return folder(tmp_path / "a", 1), others


@pytest.mark.parametrize("kind", ["folder", "statistics", "accumulator"])
def test_fid_and_score_give_the_same_result(sets, kind):
    one, other = sets[0], sets[1][kind]
    found = bench.fid(one, other, **DIGITS)
    assert dict(found) == dict(bench.score(one, other, metrics="fid", **DIGITS))
    assert dict(bench.fid(other, one, **DIGITS)) == dict(bench.score(other, one, metrics="fid", **DIGITS))
    assert (found.n_a, found.n_b, found.metrics) == (12, 12, ["fid"])
    assert (found.fid_corrected is None) is (kind != "folder")
    assert found.fid == pytest.approx(bench.fid(one, sets[1]["folder"], **DIGITS).fid, rel=1e-9)


def test_two_sets_that_are_measured_already_say_themselves_how(sets):
    statistics, accumulator = sets[1]["statistics"], sets[1]["accumulator"]
    found = bench.fid(statistics, accumulator)
    assert dict(found) == dict(bench.score(statistics, accumulator, metrics="fid"))
    assert (found.extractor, found.resize, found.tap) == ("digits-cnn", "clean", "pool")
    assert found.fid == pytest.approx(0, abs=1e-9)
    assert dict(accumulator.compute(statistics)) == dict(bench.fid(accumulator, statistics))


@pytest.mark.parametrize(
    ("kind", "metric", "told"),
    [
        ("statistics", "kid", "kid needs features, and the statistics file saved.npz holds none; give the images"),
        ("statistics", "mse", "mse needs images, and the statistics file saved.npz holds none; give the images"),
        ("accumulator", "prdc", "prdc needs features, and the accumulator accumulator holds none; give the images"),
    ],
)
def test_a_metric_that_needs_more_than_a_set_holds_is_named_with_it(sets, kind, metric, told):
    with pytest.raises(InputError) as caught:
        bench.score(sets[0], sets[1][kind], metrics=[metric], **DIGITS)
    assert str(caught.value) == told
    found = bench.score(sets[0], sets[1][kind], metrics=["fid", metric], **DIGITS)
    assert found.fid > 0
    assert found.not_computed == {metric: told}


@pytest.mark.parametrize("wanted", [{"influence": 2}, {"all_estimates": True}, {"crosscheck": True}])
def test_an_option_that_needs_more_than_a_set_holds_is_named_with_it(sets, wanted):
    with pytest.raises(InputError, match=r"and the statistics file saved\.npz holds none; give the images"):
        bench.fid(sets[0], sets[1]["statistics"], **wanted, **DIGITS)


def test_a_limit_needs_images(sets):
    with pytest.raises(InputError, match="--limit needs the images of all sets"):
        bench.fid(sets[1]["accumulator"], sets[1]["statistics"], limit=3)


def test_an_accumulator_of_other_features_is_refused(sets):
    with pytest.raises(InputError, match="the accumulator was made by 'digits-cnn', asked for 'pixels'"):
        bench.fid(sets[0], sets[1]["accumulator"], extractor="pixels", cache=False)


def test_the_command_score_takes_statistics_that_do_not_say_their_count(sets, tmp_path):
    with np.load(sets[1]["statistics"]) as saved:
        np.savez(tmp_path / "plain.npz", mu=saved["mu"], sigma=saved["sigma"])
    command = ["score", str(sets[0]), str(tmp_path / "plain.npz"), "--metrics", "fid", "--extractor", "digits-cnn"]
    done = CliRunner().invoke(main, [*command, "--no-cache"])
    assert done.exit_code == 0, done.output
    assert "12 a against ? plain.npz" in done.output


def test_an_accumulator_keeps_what_its_metrics_need():
    names = ("fid", "kid", "prdc", "is")
    grown, other = (bench.Accumulator(metrics=names, name="array", **DIGITS) for _ in range(2))
    grown.update(images(2)[:5])
    other.update(images(2)[5:])
    again = pickle.loads(pickle.dumps(grown.merge(other)))  # noqa: S301 - made here
    wanted = bench.score(images(1), images(2), metrics=names, k=3, subset_size=10, **DIGITS)
    for found in (bench.score(images(1), one, metrics=names, k=3, subset_size=10, **DIGITS) for one in (grown, again)):
        assert set(found) == set(wanted)
        for key in ("fid_corrected", "kid", "precision", "recall", "inception_score_b"):
            assert found[key] == pytest.approx(wanted[key], rel=1e-4)
    alone = bench.score(grown, metrics="is")
    assert (alone.inception_score_a, alone.tap_logits) == (pytest.approx(wanted.inception_score_b, rel=1e-4), "logits")


@pytest.mark.parametrize("metric", ["mse", "memorisation"])
def test_an_accumulator_is_not_made_for_metrics_of_images(metric):
    with pytest.raises(InputError, match=f"{metric} needs images, and an accumulator keeps none"):
        bench.Accumulator(metrics=metric, **DIGITS)
    with pytest.raises(InputError, match="give both the same metrics"):
        bench.Accumulator(metrics=["fid", "is"], **DIGITS).merge(bench.Accumulator(keep_features=True, **DIGITS))
