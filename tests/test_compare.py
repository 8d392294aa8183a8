"""Comparing two models: entries, records, folders of images; pairs, seeds, and what cannot be compared."""

import json
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner
from leaderboard_entries import COUNT, entry, place, rules, scores, track_record, write_results
from run_records import protocol, record
from scipy.stats import ttest_ind

from bench.cli import main
from bench.datasets import open_dataset
from bench.leaderboard.compare import compare, comparison_tables, welch
from bench.leaderboard.contestants import side_of
from bench.leaderboard.entries import Origin, write_track
from bench.leaderboard.entry_places import INFLUENCE, beside, entry_path, track_path
from bench.leaderboard.measured_contestants import measured_by
from bench.storage.records import record_path, write_record
from metrics.errors import InputError


def run(*words):
    return CliRunner().invoke(main, [str(word) for word in words])


def no_images(path):
    raise AssertionError(f"{path} was to be measured")


@pytest.fixture
def results(tmp_path):
    write_results(tmp_path, 8, pictures=False)
    return tmp_path


def sides(results, *given):
    return [side_of(str(one), results, no_images) for one in given]


def line(found, key, domain=""):
    return next(one for one in found.lines if (one.key, one.domain) == (key, domain))


# ----- two entries


def test_entries_are_compared_score_by_score(results):
    found = compare(*sides(results, "digits/dcgan", "digits/copse"))
    assert (found.a, found.b, found.over_seeds) == ("dcgan", "Copse", ())
    fid = line(found, "fid_corrected")
    assert fid.difference == pytest.approx(fid.a.value - fid.b.value)
    assert fid.low < fid.difference < fid.high < 0
    assert (fid.winner, fid.paired) == ("a", False)
    assert line(found, "inception_score_corrected").winner == "a"  # higher is better


def test_an_entry_against_itself_cannot_be_told_apart(results):
    found = compare(*sides(results, "digits/vae", "digits/vae"))
    assert {one.difference for one in found.lines} == {0}
    assert not any(one.winner for one in found.lines)


def test_scores_without_an_interval_get_no_verdict(results):
    found = compare(*sides(results, "digits/dcgan", "digits/copse"))
    for key in ("fid", "precision", "recall", "density", "coverage"):
        one = line(found, key)
        assert (one.low, one.high, one.winner) == (None, None, None)
        assert one.difference != 0


def test_influences_make_the_comparison_paired(tmp_path):
    write_track(track_path(tmp_path, "digits"), track_record())
    moves = np.random.default_rng(0).normal(size=(2, 1 + COUNT)).astype(np.float32) * 0.05
    moves[:, 0] = 0.01
    sd = float(np.linalg.norm(moves[0].astype(float)))
    for number, value in ((3, 2.0), (4, 2.3)):
        made = entry(number, files={INFLUENCE: "0" * 64})
        fid = {"fid_corrected": value, "fid_sd": sd, "fid_low": value - 2 * sd, "fid_high": value + 2 * sd}
        made = replace(made, scores={**made.scores, "fid": {**made.scores["fid"], **fid}})
        path = place(tmp_path, made, picture=False)
        np.save(beside(path) / INFLUENCE, moves)
    names = [f"digits/{entry(number).slug}" for number in (3, 4)]
    fid = line(compare(*sides(tmp_path, *names)), "fid_corrected")
    assert fid.paired
    assert fid.high - fid.low < sd  # unpaired it would be 5.5 sd
    assert "yes" in run("compare", *names, "--results", tmp_path).output


def test_an_entry_can_be_named_by_its_file(results):
    path = entry_path(results, "digits", "dcgan")
    by_file = compare(*sides(results / "elsewhere", path, path.with_name("vae.json")))
    assert by_file == compare(*sides(results, "digits/dcgan", "digits/vae"))


# ----- records of runs


def written(results, *records):
    paths = []
    for one in records:
        path = record_path(results, one.dataset, one.protocol_id, one.name)
        write_record(path, one)
        paths.append(path)
    return paths


def with_errors(made, sd):
    """The record with the standard errors that a real one has."""

    def filled(pair):
        pair_scores = {metric: dict(values) for metric, values in pair.scores.items()}
        for metric, key in (("fid", "fid_sd"), ("kid", "kid_sd")):
            if metric in pair_scores:
                pair_scores[metric][key] = sd
        return replace(pair, scores=pair_scores)

    return replace(made, pairs=tuple(map(filled, made.pairs)))


def test_records_of_runs_are_compared_unpaired(tmp_path):
    paths = written(tmp_path, with_errors(record(fid=5.0), 0.2), with_errors(record(model="vae", fid=9.0), 0.2))
    found = compare(*sides(tmp_path, *paths))
    fid = line(found, "fid_corrected")
    assert (fid.difference, fid.winner, fid.paired) == (-4.0, "a", False)
    assert "not paired" in " ".join(comparison_tables(found)[0].notes)


def test_the_domains_of_a_translation_are_compared_each(tmp_path):
    both = ("horse", "zebra")
    records = [with_errors(record(seed=seed, labels=both, chosen=protocol(labels=both)), 0.2) for seed in (0, 1)]
    found = compare(*sides(tmp_path, *written(tmp_path, *(replace(one, config={"s": one.seed}) for one in records))))
    assert {one.domain for one in found.lines} == set(both)
    assert {one.winner for one in found.lines} == {None}


def test_a_failed_run_is_no_side(tmp_path):
    failed = record(status="failed", error="out of memory", sets=(), pairs=())
    with pytest.raises(InputError, match="seed 0, failed: out of memory; run it again"):
        sides(tmp_path, *written(tmp_path, failed))


# ----- over training seeds


def test_the_interval_over_seeds_is_that_of_welchs_t_test():
    a, b = [1.0, 1.4, 0.9], [2.0, 2.6, 2.1, 1.8]
    expected = ttest_ind(a, b, equal_var=False).confidence_interval()
    assert welch(a, b) == pytest.approx((expected.low, expected.high), rel=1e-9)
    assert welch([1.0, 1.0], [2.0, 2.0]) == (-1.0, -1.0)


def seeded(results, name, number, values):
    for seed, value in enumerate(values):
        made = entry(number, about={"name": f"{name}, seed {seed}"}, slug=f"{name}-seed-{seed}")
        origin = Origin("checkpoint", "a" * 64, name, {"lr": 0.1}, training_seed=seed, reference=True)
        made = replace(made, origin=origin, scores=scores(value))
        place(results, made, picture=False)


def test_several_seeds_of_both_are_compared_by_their_means(results):
    seeded(results, "one", 20, (0.90, 0.88, 0.91))
    seeded(results, "two", 21, (0.70, 0.66))
    found = compare(*sides(results, "digits/one-seed-0", "digits/two-seed-1"))
    over = next(one for one in found.over_seeds if one.key == "fid_corrected")
    values = [
        [scores(quality)["fid"]["fid_corrected"] for quality in qualities]
        for qualities in ((0.90, 0.88, 0.91), (0.70, 0.66))
    ]
    assert over.count == (3, 2)
    assert over.difference == pytest.approx(np.mean(values[0]) - np.mean(values[1]))
    assert (over.low, over.high) == pytest.approx(welch(*values))
    assert next(one for one in found.over_seeds if one.key == "precision").low is not None
    assert "3 and 2 training seeds" in comparison_tables(found)[1].notes[0]


def test_the_means_stand_beside_the_spread_between_seeds_and_the_sampling_error(tmp_path):
    made = [with_errors(record(seed=seed, fid=5 + seed), 0.2) for seed in range(3)]
    made += [with_errors(record(model="vae", seed=seed, fid=7 + seed), 0.2) for seed in range(2)]
    paths = written(tmp_path, *made)
    found = compare(*sides(tmp_path, paths[0], paths[3]))
    a = next(one for one in found.over_seeds if one.key == "fid_corrected").a
    assert (a.value, a.sampling, a.between) == (6, pytest.approx(0.2), pytest.approx((1 - 0.02) ** 0.5))
    table = comparison_tables(found)[1]
    assert [column.key for column in table.columns][-4:] == ["between_a", "sampling_a", "between_b", "sampling_b"]


def test_two_seeds_of_one_model_are_compared_and_not_the_model_with_itself(tmp_path):
    paths = written(tmp_path, *(with_errors(record(seed=seed, fid=5 + seed), 0.2) for seed in range(3)))
    found = compare(*sides(tmp_path, paths[0], paths[2]))
    assert (line(found, "fid_corrected").difference, found.over_seeds) == (-2, ())
    assert "these two trainings are compared" in found.notes[0]


def test_two_entries_of_one_model_are_compared_and_not_the_model_with_itself(results):
    seeded(results, "one", 20, (0.90, 0.80, 0.91))
    found = compare(*sides(results, "digits/one-seed-0", "digits/one-seed-1"))
    assert found.over_seeds == ()
    assert line(found, "fid_corrected").difference != 0


def test_a_side_with_one_seed_is_said_to_be_one_training(tmp_path):
    made = [with_errors(record(seed=seed), 0.2) for seed in range(2)]
    paths = written(tmp_path, *made, with_errors(record(model="vae"), 0.2))
    assert "one training seed of b:" in compare(*sides(tmp_path, paths[0], paths[2])).notes[-1]


def test_one_seed_or_another_recipe_is_not_compared_over_seeds(results):
    seeded(results, "one", 20, (0.90, 0.88))
    seeded(results, "two", 21, (0.70,))
    other = entry(22, about={"name": "two, seed 7"}, slug="two-seed-7")
    origin = Origin("checkpoint", "a" * 64, "two", {"lr": 0.2}, training_seed=7, reference=True)
    place(results, replace(other, origin=origin), picture=False)
    assert compare(*sides(results, "digits/one-seed-0", "digits/two-seed-0")).over_seeds == ()


def test_records_of_one_recipe_are_seeds_of_one_model(tmp_path):
    made = [with_errors(record(seed=seed, fid=5 + 0.1 * seed), 0.2) for seed in range(3)]
    made += [with_errors(record(model="vae", seed=seed, fid=7 - 0.1 * seed), 0.2) for seed in range(2)]
    paths = written(tmp_path, *made)
    over = compare(*sides(tmp_path, paths[0], paths[3])).over_seeds
    assert {one.count for one in over} == {(3, 2)}
    assert next(one for one in over if one.key == "fid_corrected").winner == "a"


def test_what_cannot_be_read_and_might_be_another_seed_is_told(tmp_path):
    paths = written(tmp_path, *(with_errors(record(seed=seed), 0.2) for seed in range(2)))
    paths[0].with_name("dcgan-seed7.json").write_text("{")
    found = compare(*sides(tmp_path, *paths))
    (line,) = found.damaged
    assert "dcgan-seed7.json" in line
    assert f"damaged and left out (it may be another seed): {line}" in comparison_tables(found)[0].notes


# ----- folders of images


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    """Sets of 250 digits: real ones, others of the same writers, and the first inverted."""
    folder = tmp_path_factory.mktemp("images")
    real = open_dataset("digits").load("train", folder, "").read(0, 500)
    real, other = real[::2], real[1::2]
    for name, rows in (("real", real), ("other", other), ("inverted", 255 - real)):
        np.savez(folder / f"{name}.npz", arr_0=rows.transpose(0, 2, 3, 1))
    np.savez(folder / "few.npz", arr_0=real[:100].transpose(0, 2, 3, 1))
    np.savez(folder / "large.npz", arr_0=np.repeat(np.repeat(real, 2, 2), 2, 3).transpose(0, 2, 3, 1))
    return folder


def test_images_are_measured_by_the_rules_of_the_track_and_paired(images):
    result = run("compare", images / "real.npz", images / "inverted.npz", "--track", "digits", "--json")
    assert result.exit_code == 0, result.output
    lines = {one["key"]: one for one in json.loads(result.stdout)["lines"]}
    assert lines["fid_corrected"]["winner"] == lines["kid"]["winner"] == "a"
    assert lines["fid_corrected"]["paired"]
    same = run("compare", images / "real.npz", images / "other.npz", "--track", "digits", "--json")
    assert {one["winner"] for one in json.loads(same.stdout)["lines"]} == {None}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("few.npz", "holds 100 images; the track compares 250"),
        ("large.npz", "has an image of 64x64; the track has"),
    ],
)
def test_images_of_another_number_or_size_are_refused(images, name, said):
    result = run("compare", images / "real.npz", images / name, "--track", "digits")
    assert (result.exit_code, said in result.output) == (2, True), result.output


def test_images_need_a_track(images, results):
    with pytest.raises(InputError, match="name it with --track"):
        side_of(str(images / "real.npz"), results, measured_by(None, None, None))
    assert run("compare", images / "real.npz", images / "other.npz", "--track", "digit").exit_code == 2


# ----- what cannot be compared


def test_other_rules_are_named_field_by_field(results):
    other = rules()
    other = replace(other, protocol=replace(other.protocol, resize="tf1"), train=replace(other.train, count=9))
    write_results(results, 3, track="digits-2", chosen=other, pictures=False)
    with pytest.raises(InputError) as caught:
        compare(*sides(results, "digits/dcgan", "digits-2/dcgan"))
    said = str(caught.value)
    assert "resize: 'clean' in a, 'tf1' in b" in said
    assert "train: 1297 images train" in said
    assert "kid" not in said


def test_an_entry_and_a_run_of_other_protocols_are_named_field_by_field(results):
    (path,) = written(results, with_errors(record(), 0.2))
    result = run("compare", "digits/dcgan", path, "--results", results)
    assert result.exit_code == 2
    assert "real: 250 images real 1" in result.output
    assert "in a" in result.output


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("digits/dcgam", "Did you mean 'digits/dcgan'"),
        ("nothing", "Expected TRACK/NAME"),
        ("../digits/dcgan", "Did you mean 'digits/dcgan'"),
    ],
)
def test_what_is_nothing_of_the_kind_is_answered_with_what_is(results, given, said):
    with pytest.raises(InputError, match=said):
        side_of(given, results, no_images)


def test_json_of_another_kind_is_refused(results):
    other = results / "other.json"
    other.write_text("[1]")
    with pytest.raises(InputError, match="neither an entry nor the record of a run"):
        side_of(str(other), results, no_images)


@pytest.mark.parametrize("kind", ["terminal", "md", "csv", "json", "html"])
def test_every_format_is_printed(results, kind):
    result = run("compare", "digits/dcgan", "digits/vae", "--results", results, "--format", kind)
    assert result.exit_code == 0, result.output
    assert "dcgan" in result.output or kind == "csv"
