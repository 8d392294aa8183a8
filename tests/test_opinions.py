"""`bench opinions`: what moves a number, ratios with intervals, the line in words, and what cannot be used."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

import bench
from bench.cli import main
from bench.measuring.declared import every_metric
from bench.second_opinions.ratios import Opinion, ratio_of
from bench.second_opinions.words import in_words
from metrics import cmmd, fid, inception_score, kid, mind, prdc, sfid, vendi
from metrics.errors import InputError
from metrics.types import Moved

ROWS = {one.METRIC.name: one.METRIC for one in (fid, sfid, mind, kid, cmmd, prdc, inception_score, vendi)}
SMOOTH = ("fid", "mind", "kid", "cmmd", "inception-score", "vendi")


def drawn(seed, n=24, d=4, shift=0.0):
    return np.random.default_rng(seed).normal(size=(n, d)) + shift + 1


def given(metric, n=24, d=4):
    return (drawn(1, n, d),) if metric.arity == "set" else (drawn(1, n, d), drawn(2, n, d, 0.4))


# ----- what moves a number


def test_every_metric_that_looks_at_something_says_what_moves_it_unless_it_needs_a_training_set():
    for metric in every_metric():
        compared = [one for one in metric.opinions if one.looks_at != "copies"]
        assert bool(compared) == bool(metric.moved), metric.name


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.parametrize("d", [4, 40])  # more images than features, and fewer
def test_the_number_is_that_of_the_metric(name, d):
    metric = ROWS[name]
    found, values = metric.moved(*given(metric, d=d)), metric.compute(*given(metric, d=d))
    for key in set(found) & set(values):
        assert found[key].value == pytest.approx(values[key], rel=1e-9), key
    assert {one.name for one in metric.opinions} == set(found)


@pytest.mark.parametrize("name", SMOOTH)
@pytest.mark.parametrize("d", [4, 40])
def test_what_moves_a_smooth_number_is_about_what_leaving_an_image_out_does(name, d):
    metric = ROWS[name]
    sets = given(metric, 20, d)
    for key, found in metric.moved(*sets).items():
        for side, moves in enumerate(found.moves):
            changes = found.value - np.array([value(metric, key, without(sets, side, row)) for row in range(20)])
            assert abs(moves.mean()) < 1e-9 * abs(moves).max()
            assert np.corrcoef(changes, moves)[0, 1] > 0.8, (key, side)
            assert np.std(moves) == pytest.approx(np.std(changes), rel=0.4), (key, side)


def value(metric, key, sets):
    return metric.compute(*sets)[key] if key == "mind" else metric.moved(*sets)[key].value


def without(sets, side, row):
    return [np.delete(one, row, 0) if other == side else one for other, one in enumerate(sets)]


@pytest.mark.parametrize("whole", [False, True])  # True: many equal distances
def test_what_moves_a_share_is_exactly_what_leaving_an_image_out_does(whole):
    sets = (drawn(1, 14, 2), drawn(2, 14, 2, 0.5))
    sets = tuple(np.round(one) for one in sets) if whole else sets
    for key, found in prdc.moved(*sets).items():
        for side, moves in enumerate(found.moves):
            left = np.array([prdc.compute(*without(sets, side, row))[key] for row in range(14)])
            expected = (left.mean() - left) * np.sqrt(13 / 14)
            assert moves == pytest.approx(expected, abs=1e-12), (key, side)


# ----- ratios


def test_a_ratio_of_a_number_with_itself_is_1_and_certain():
    a = Moved(2.0, (np.array([0.5, -0.5]), np.zeros(2)))
    assert ratio_of(a, a) == (1, 1, 1)  # real 1 moves both alike


def test_its_interval_holds_what_all_three_sets_bring():
    a = Moved(4.0, (np.array([0.4, -0.4]), np.array([0.2, -0.2])))
    b = Moved(2.0, (np.array([0.1, -0.1]), np.array([0.3, -0.3])))
    ratio, low, high = ratio_of(a, b)
    se = np.sqrt(2 * ((0.1 - 0.05) ** 2 + 0.05**2 + 0.15**2))
    assert ratio == 2
    assert np.log([low, high]) == pytest.approx(np.log(2) + np.array([-1, 1]) * 1.959964 * se, rel=1e-6)


def test_a_number_of_0_has_no_interval_and_one_of_real_images_no_ratio():
    zero, some = Moved(0.0, (np.zeros(2),)), Moved(1.0, (np.zeros(2),))
    assert ratio_of(zero, some) == (0, None, None)
    assert ratio_of(some, zero) == (None, None, None)


def test_a_share_of_0_is_worse_than_real_and_counts_in_the_words():
    found = bench.opinions(drawn(1, 60), drawn(2, 30, shift=40), features=True, metrics="prdc")
    of = {one.key: one for one in found.opinions}
    assert (of["precision"].ratio, of["precision"].low, of["precision"].verdict) == (0, 0, "worse")
    assert 1 - 0.025 ** (1 / 30) < of["precision"].high < 0.3  # none of 30, over the share of real 2
    assert of["density"].verdict is None  # no share of images: nothing bounds it
    assert found.words == "They agree: worse than real images (3 of 3 numbers)"


# ----- words


def said(low, high, looks_at="both", extractor="a", better="lower"):
    return Opinion(extractor, "m", "k", "K", better, looks_at, 1.0, 1.0, (low + high) / 2, low, high)


def test_one_verdict_of_all_is_agreement():
    words = in_words([said(2, 3), said(1.5, 3, "fidelity"), said(0.5, 0.9, "variety", better="higher")], None)
    assert words == "They agree: worse than real images (3 of 3 numbers)"


def test_fidelity_against_variety_is_told():
    words = in_words([said(2, 3, "fidelity"), said(0.9, 1.1, "variety"), said(2, 3)], None)
    assert words.startswith("They disagree. Fidelity: worse than real images; variety: not told from real images;")


def test_one_extractor_against_another_is_told():
    words = in_words([said(2, 3), said(0.9, 1.1, extractor="b")], None)
    assert words == "They disagree. By extractor, a: worse than real images; b: not told from real images"


def test_one_number_against_one_is_divided_and_no_like_real():
    words = in_words([said(2, 3, "fidelity"), said(0.9, 1.1, "fidelity"), said(2, 3), said(2, 3)], None)
    assert words.startswith("They disagree. Fidelity: divided; both at once: worse than real images")


def test_one_number_among_three_outvotes_nobody():
    assert in_words([said(0.9, 2), said(0.9, 2), said(1.1, 2)], None).startswith("They agree: not told from")


def test_copies_are_told_where_they_were_looked_for():
    assert in_words([said(2, 3)], ()).endswith(". No sign of copies of training images")
    assert in_words([said(2, 3)], ("half of them",)).endswith(". Copies: half of them")


# ----- the function and the command


def images(seed, n, low=0, high=255):
    return np.random.default_rng(seed).integers(low, high, (n, 8, 8, 3), np.uint8)


def test_all_sets_get_one_size_and_the_halves_share_no_image():
    found = bench.opinions(images(1, 45), images(2, 30), extractors="pixels", cache=False)
    assert found.count == 22
    assert found.sets["real 1"] != found.sets["real 2"]
    assert "cut into two disjoint sets" in found.table.notes[2]


def test_copies_of_an_image_stand_in_one_half_only():
    one = images(1, 30)
    found = bench.opinions(np.concatenate([one, one]), images(2, 30), extractors="pixels", cache=False)
    assert found.count == 15


def test_real_1_of_a_data_set_is_held_against_its_real_2():
    found = bench.opinions("digits:real-1", "digits:train", limit=12, metrics="fid")
    assert found.taken == "digits:real-1 and digits:real-2"
    assert list(found.extractors) == ["digits-layout"]


def test_features_are_asked_as_they_are():
    found = bench.opinions(drawn(1, 40), drawn(2, 20), features=True, made_by="mine")
    assert {one.extractor for one in found.opinions} == {"mine"}
    assert {one.metric for one in found.opinions} == {"fid", "kid", "cmmd", "mind", "prdc", "vendi"}


def test_copies_of_the_training_images_enter_the_words():
    train = images(1, 60)
    found = bench.opinions(images(2, 60), train[:30], train=train, extractors="pixels", cache=False)
    assert "Copies: 100 % of the images are training images, to the pixel" in found.words
    assert {one.key for one in found.opinions if one.looks_at == "copies"} >= {"exact_copies", "fld", "authpct"}


def test_sets_that_are_not_independent_have_no_intervals_and_a_picture_all_the_same(tmp_path):
    one = images(1, 40)
    found = bench.opinions(one, one, extractors="pixels", cache=False)
    assert all(row.low is None for row in found.opinions)
    assert any("not independent" in line for line in found.warnings)
    assert found.picture(tmp_path / "ratios.png").stat().st_size > 10_000  # points alone


def test_the_command_gives_what_the_function_gives(tmp_path):
    command = ["opinions", "digits:real-1", "digits:train", "--limit", "12", "--metric", "fid", "--metric", "prdc"]
    picture = tmp_path / "opinions.png"
    result = CliRunner().invoke(main, [*command, "--picture", str(picture), "--json"])
    assert result.exit_code == 0, result.output
    values = json.loads(result.stdout)
    found = bench.opinions("digits:real-1", "digits:train", limit=12, metrics=("fid", "prdc"))
    assert values == json.loads(json.dumps(found.as_dict()))
    assert picture.stat().st_size > 10_000


@pytest.fixture(scope="module")
def of_features():
    return bench.opinions(drawn(1, 40), drawn(2, 20), features=True, metrics="prdc")


@pytest.mark.parametrize("kind", ["terminal", "md", "csv", "html", "latex"])
def test_every_format_names_each_number_and_the_line_in_words(kind, of_features, monkeypatch):
    monkeypatch.setattr(bench, "opinions", lambda *_, **__: of_features)
    result = CliRunner().invoke(main, ["opinions", "a", "b", "--format", kind])
    assert result.exit_code == 0, result.output
    assert all(word in result.stdout.lower() for word in ("precision", "recall", "density", "coverage"))
    assert kind == "csv" or result.stdout.count(of_features.words.split(".")[0]) == 1
    assert kind != "terminal" or result.stdout.startswith(of_features.words)


# ----- what cannot be used


def refused(*arguments, **keywords):
    with pytest.raises(InputError) as error:
        bench.opinions(*arguments, **{"extractors": "pixels", "cache": False, **keywords})
    assert "\n" not in str(error.value)
    return str(error.value)


def test_too_few_images_are_told_with_how_many_there_are_of_what():
    found = refused(images(1, 18), images(2, 30))
    assert "9 in each set, since there are 18 different images of array, 30 of array; second opinions need" in found


def test_a_metric_without_an_opinion_is_answered_with_those_that_have_one():
    assert "mse gives no second opinion; there are: cmmd, fid" in refused(images(1, 30), images(2, 30), metrics="mse")


def test_a_metric_that_no_extractor_serves_is_answered_with_extractors_that_do():
    assert "choose one that has" in refused(images(1, 30), images(2, 30), metrics="is")


def test_copies_need_the_training_images():
    assert "name them with --train" in refused(images(1, 30), images(2, 30), metrics="fld")
    assert "leave it out" in refused(images(1, 30), images(2, 30), metrics="fid", train=images(3, 30))


def test_images_and_features_are_not_mixed(tmp_path):
    np.savez(tmp_path / "f.npz", features=drawn(2, 30))
    assert "expected the same of all sets" in refused(images(1, 30), tmp_path / "f.npz")


def test_saved_statistics_hold_no_single_images(tmp_path):
    bench.save_statistics(images(1, 30), tmp_path / "s.npz", extractor="digits-cnn", cache=False)
    assert "holds no features of single images" in refused(tmp_path / "s.npz", images(2, 30))


def test_extractors_are_left_out_where_features_were_given():
    assert "leave the extractors" in refused(drawn(1, 30), drawn(2, 30), features=True)


@pytest.mark.parametrize(("name", "why"), [("a.jpg", "ends in .png"), ("no/a.png", "make it first")])
def test_a_picture_that_cannot_be_is_refused_before_anything_is_measured(tmp_path, name, why):
    assert why in refused("no such set", "no such set", picture=tmp_path / name)


def test_a_misspelt_set_is_one_line():
    result = CliRunner().invoke(main, ["opinions", "digits:tset", "digits:train"])
    assert result.exit_code == 2
    assert "digits:tset" not in result.stdout


def test_features_of_different_widths_are_refused():
    found = refused(drawn(1, 30, 4), drawn(2, 30, 3), features=True, extractors=())
    assert "different widths (4 of features, 3 of features)" in found


def test_a_metric_that_given_features_cannot_serve_is_refused():
    found = refused(drawn(1, 30), drawn(2, 30), features=True, extractors=(), metrics=("fid", "is"))
    assert "inception-score needs class predictions, and features were given" in found


@pytest.mark.parametrize("one", [["pixels"], {"a": 1}, None, 5])
def test_what_is_no_extractor_is_refused(one):
    assert "expected a name, a torch module or a function" in refused(images(1, 30), images(2, 30), extractors=[one])


# ----- one number that cannot be, and sets that know each other


def test_a_metric_that_reads_no_pool_features_is_asked_alone():
    digits = {"extractors": ("pixels", "digits-cnn"), "metrics": "is", "cache": False}
    found = bench.opinions(images(1, 30), images(2, 30), **digits)
    assert [(one.extractor, one.key) for one in found.opinions] == [("digits-cnn", "inception_score")]


def test_a_metric_that_refuses_black_images_costs_no_other_number():
    black = np.zeros((20, 8, 8, 3), np.uint8)
    found = bench.opinions(images(1, 40), black, extractors="pixels", cache=False)
    assert {one.metric for one in found.opinions} == {"fid", "kid", "mind", "prdc"}
    assert any(line.startswith("cmmd by pixels is left out: ") for line in found.warnings)
    assert "all 0, which point nowhere" in refused(images(1, 40), black, metrics="cmmd")


def test_real_images_that_the_generator_was_trained_on_are_told():
    train = images(1, 60)
    found = bench.opinions(train[:40], images(2, 20), train=train, extractors="pixels", metrics="fld", cache=False)
    said = [line for line in found.warnings if "also in the training images" in line]
    assert len(said) == 2 and said[0].startswith("20 of 20 images of array, half 1")
    scored = bench.score(train[:20], images(2, 20), train=train, extractor="pixels", metrics="fld", cache=False)
    assert any("20 of 20 images of array are also in the training" in line for line in scored.warnings)
