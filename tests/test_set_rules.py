"""Anybody's own sets, part by part: of which sets a metric is, what cannot be computed, names and notes."""

from dataclasses import dataclass, replace
from types import SimpleNamespace

import numpy as np
import pytest

from bench.measuring.evaluation import NOISE, REAL_1
from bench.measuring.own_sets import OwnSets, _count, _to_itself, _warnings, _with_noise, joined, own_metrics
from bench.measuring.refusing import (
    Found,
    keys_of,
    members,
    not_computed,
    passing,
    passing_somewhere,
    reasons_of,
)
from bench.measuring.scoring import Scores
from bench.measuring.sets import MeasuredSet, about_sizes
from bench.sources import open_source
from bench.storage.records import PairScores, SetScores
from bench.tables.own_tables import _features_note, _who
from bench.tables.set_tables import _rounded, error_rows, shown_name
from metrics.errors import InputError
from metrics.fid import METRIC as FID
from metrics.inception_score import METRIC as IS
from metrics.kid import METRIC as KID
from metrics.memorisation import METRIC as MEMORISATION
from metrics.mse import METRIC as MSE

# ----- which sets, and what cannot be computed


@pytest.mark.parametrize(
    ("metric", "sets", "expected"),
    [(IS, 3, [(0,), (1,), (2,)]), (FID, 3, [(0, 1), (0, 2)]), (FID, 1, []), (MEMORISATION, 3, [(2, 1, 0)])],
)
def test_of_which_sets_a_metric_is(metric, sets, expected):
    assert members(metric, sets) == expected


def test_the_keys_of_a_metric_are_its_numbers_with_the_ends_of_their_intervals_once_each():
    found = keys_of(KID)
    assert found[0] == "kid" and "" not in found
    assert {"kid_low", "kid_high", "kid_sd"} <= set(found)
    assert len(found) == len(set(found))
    assert Found(KID, (0, 1)).values == dict.fromkeys(found)
    assert Found(KID, (0, 1), Scores({"kid": 1.0})).values == {"kid": 1.0}


def refusing(*names):
    def check(one, *_):
        if getattr(one, "name", one) in names:
            raise InputError(f"{getattr(one, 'name', one)} cannot")

    return check


def test_a_metric_goes_by_itself_and_the_first_reason_is_told_where_none_is_left():
    refused = {}
    assert passing((FID, IS, KID), refusing("fid", "kid"), refused) == (IS,)
    assert refused == {"fid": "fid cannot", "kid": "kid cannot"}
    assert passing((), refusing(), {}) == ()
    with pytest.raises(InputError, match=r"^fid cannot$"):
        passing((FID, KID), refusing("fid", "kid"), {})


@pytest.mark.parametrize(("failing", "said"), [((), None), ((0,), None), ((1,), None), ((0, 1), "^0 cannot$")])
def test_a_metric_is_refused_where_the_sets_pass_nowhere(failing, said):
    def check(metric, places):
        if places[0] in failing:
            raise InputError(f"{places[0]} cannot")

    if said is None:
        passing_somewhere(IS, [(0,), (1,)], check)
    else:
        with pytest.raises(InputError, match=said):
            passing_somewhere(IS, [(0,), (1,)], check)
    passing_somewhere(IS, [], check)


def test_reasons_of_one_metric_are_one_line_and_each_is_said_once():
    found = [Found(IS, (place,), reason=why) for place, why in enumerate(("b", "a", "b"))]
    assert reasons_of([*found, Found(FID, (0, 1), Scores({})), Found(KID, (0, 1), reason="c")]) == {
        **{"inception-score": "b; a", "kid": "c"}
    }
    assert not_computed("kid", "kid needs features") == "not computed: kid needs features"
    assert not_computed("kid", "kidney") == "kid is not computed: kidney"


def test_a_set_allows_what_it_holds():
    images = MeasuredSet.of_images(open_source(np.zeros((4, 3, 8, 8), np.uint8)))
    features = MeasuredSet("a", arrays={"pool": np.zeros((4, 2), np.float32)})
    saved = MeasuredSet("a", statistics={"pool": lambda: None})
    allowed = {metric.name: [one.allows(metric) for one in (images, features, saved)] for metric in (
        *(MSE, MEMORISATION, FID, KID, IS),
    )}  # fmt: skip
    assert allowed == {
        "mse": [True, False, False],
        "memorisation": [True, False, False],
        "fid": [False, True, True],
        "kid": [False, True, False],
        "inception-score": [False, False, False],
    }


def test_sizes_are_said_as_width_by_height_where_they_differ():
    small, wide = (open_source(np.zeros((2, 3, 8, width), np.uint8)) for width in (8, 9))
    assert about_sizes([small, None, small]) == ()
    (said,) = about_sizes([small, replace(wide, name="b"), wide])
    assert said.startswith("sizes differ: array 8 x 8, b 9 x 8, array 9 x 8; ")


# ----- own sets


def own(**changes):
    question = {"extractor": "inception", "resize": "clean", "extractor_sha256": "0123456789abcdef"}
    made = OwnSets({"": ("generated", NOISE)}, ("real 1 is r", "real 2 is s", "generated is gan (1) (12 images)"),
                   (), (), {}, question=question, inception=True)  # fmt: skip
    return replace(made, **changes)


def test_scores_are_found_by_all_that_names_them():
    sets = tuple(SetScores(name, domain, 1, "", {}) for name in ("a", "b") for domain in ("x", "y"))
    pairs = tuple(PairScores(a, b, c, {}) for a in ("a", "b") for b in ("a", "b") for c in ("x", "y"))
    found = own(sets=sets, pairs=pairs)
    for one in sets:
        assert found.set_scores(one.name, one.domain) is one
    for one in pairs:
        assert found.pair_scores(one.a, one.b, one.domain) is one
    assert (found.set_scores("c"), found.pair_scores("a", "b")) == (None, None)


def test_what_is_known_of_domains_is_joined_and_lines_stand_there_once():
    parts = [
        own(made={label: (label,)}, reasons={"kid": f"of {label}", "fid": "same"}, warnings=("w",), others=(label,),
            sets=(SetScores(label, label, 1, "", {}),), pairs=(PairScores("a", label, label, {}),), about=("line",))
        for label in ("x", "y")
    ]  # fmt: skip
    found = joined(parts)
    assert found.made == {"x": ("x",), "y": ("y",)}
    assert found.reasons == {"kid": "of x; of y", "fid": "same"}
    assert (found.warnings, found.others, found.about) == (("w",), ("x: x", "y: y"), ("line", "line"))
    assert ([one.name for one in found.sets], [one.b for one in found.pairs]) == (["x", "y"], ["x", "y"])
    assert joined([own(reasons={"kid": "k"}), own()]).reasons == {"kid": "k"}


def test_metrics_are_image_by_image_or_of_sets():
    one_by_one, others = own_metrics(images=True), own_metrics(images=False)
    assert MSE in one_by_one and {FID, IS, KID} <= set(others)
    assert not set(one_by_one) & set(others)


@pytest.mark.parametrize(
    ("count", "said"), [(None, ""), (0, " (0 images)"), (1, " (1 image)"), (2000, " (2,000 images)")]
)
def test_a_count_stands_in_brackets(count, said):
    assert _count(count) == said


@dataclass(frozen=True)
class Opened:
    sources: tuple
    sets: tuple
    ready: tuple = ()
    measuring: None = None

    def of(self, metric):
        return (SimpleNamespace(warnings=("all 5 are grey",)),)


@pytest.mark.parametrize("colours", [1, 3])
def test_noise_has_the_shape_of_a_real_image_and_the_count_of_real_2(colours):
    images = np.random.RandomState(0).randint(0, 256, (4, colours, 8, 9)).astype(np.uint8)
    real = open_source(images if colours == 3 else np.repeat(images, 3, axis=1))
    found = _with_noise(Opened((real, None), (SimpleNamespace(count=4), SimpleNamespace(count=7)), (None, None)))
    noise = found.sources[-1]
    assert (len(found.sources), len(found.ready), noise.name, noise.count) == (3, 3, NOISE, 7)
    image = noise.read(0)
    assert image.shape[1:] == (8, 9)
    assert bool((image == image[:1]).all()) == (colours == 1)


@pytest.mark.parametrize("counts", [(4, None), (4, 0)])
def test_without_images_or_their_number_there_is_no_noise(counts):
    sets = tuple(SimpleNamespace(count=count) for count in counts)
    for real in (None, open_source(np.zeros((4, 3, 8, 8), np.uint8))):
        opened = Opened((real,), sets)
        assert _with_noise(opened) is opened
    opened = Opened((None,), (SimpleNamespace(count=4),) * 2)
    assert _with_noise(opened) is opened


def test_without_features_a_set_is_at_a_distance_of_0_from_itself():
    found = _to_itself(MeasuredSet("a"), "x")
    assert (found.a, found.b, found.domain, found.scores) == (REAL_1, REAL_1, "x", {"fid": {"fid": 0.0}})


def test_warnings_of_sets_and_of_fid_come_first_those_of_noise_not_at_all_and_alike_ones_once():
    def found(metric, *lines, places=(0, 1)):
        return Found(metric, places, Scores({}, lines))

    source = SimpleNamespace(name="a", read=lambda row: np.zeros((3, 8, 8)))
    opened = Opened((source, source), (), (None, None))
    first, others = _warnings(
        opened,
        [found(FID, "few: 12", "few: 13"), found(KID, "all 5 are grey", "k 1.5"), found(IS, "i"), Found(KID, (0, 1))],
    )
    assert (first, others) == (("few: 12", "all 5 are grey", "i"), ("k 1.5",))
    noise = SimpleNamespace(name=NOISE, read=source.read)
    both = [found(KID, "of 1"), found(KID, "of two", places=(0, 2))]
    for sources, expected in (((source, source, noise), ("of 1",)), ((source, noise, source), ("of 1", "of two"))):
        assert _warnings(replace(opened, sources=sources, ready=(None,) * 3), both) == ((), expected)


# ----- their tables


@pytest.mark.parametrize(
    ("made", "who"),
    [
        ({"": ("generated", NOISE)}, "gan (1)"),
        ({"": ("a", "b", NOISE)}, "a, b"),
        ({"": ("a", "b", "c", NOISE)}, "a, b, c"),
        ({"": ("a", "b", "c", "d", "e", NOISE)}, "a, b, c and 2 more"),
        ({"x": ("a",), "y": ("b",)}, "x and y"),
    ],
)
def test_a_title_names_what_was_generated(made, who):
    assert _who(own(made=made)) == who
    assert _who(own(about=("", "", "generated is gan"))) == "generated is gan"


@pytest.mark.parametrize(
    ("question", "inception", "said"),
    [
        ({}, True, "features: inception, resize clean (weights 0123456789ab)"),
        ({"resize": None, "extractor_sha256": ""}, True, "features: inception (no weights)"),
        ({"extractor": "pixels"}, False, "of the same features (weights 0123456789ab)"),
        ({"extractor": None}, False, "of the same features"),
    ],
)
def test_a_note_says_whose_features_they_are(question, inception, said):
    found = _features_note(own(question=own().question | question, inception=inception))
    assert found.endswith(said)
    assert found.startswith("features: ")
    assert ("an extractor that the sets do not name" in found) == (
        "extractor" in question and not question["extractor"]
    )


@pytest.mark.parametrize(
    ("name", "label", "shown"),
    [("real 1", "edges", "real edges 1"), ("generated", "edges", "generated edges"), ("real 1", "", "real 1"),
     ("my gan", "edges", "my gan edges")],
)  # fmt: skip
def test_a_set_of_a_domain_is_named_as_in_table_7(name, label, shown):
    assert shown_name(name, label) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [(9e-10, 0.0), (-9e-10, 0.0), (1e-9, 1e-9), (-2e-9, -2e-9), (None, None), ("–", "–"), (3, 3)]
)
def test_what_rounding_leaves_of_a_distance_is_0(value, shown):
    assert _rounded(value) == shown


def test_errors_are_of_the_sets_that_were_compared_image_by_image():
    from bench.tables.columns import Number

    numbers = tuple(Number(MSE, one) for one in MSE.outputs[:2])
    pairs = (PairScores("real 1", "a", "", {"mse": {"mse": 0.5}}), PairScores("real 1", "b", "", {"fid": {"fid": 1.0}}))
    rows = error_rows(own(pairs=pairs), numbers, "real 1", {"a": "of a", "b": "of b", "c": "of c"}, "")
    assert [row[0].value for row in rows] == ["of a"]
    assert rows[0][1].value == 0.5
