"""A metric is one file: those of two other packages reach every command and page, and nothing else was changed."""

import csv
import json
import re
from pathlib import Path

import numpy as np
import pytest
from installed import install
from submitted import bench, blends, good, save
from tiny_runs import undrawn

from bench.leaderboard.entries import read_entry
from bench.storage.records import read_records

GAP = '''
"""The squared distance of two means, without its bias."""

import numpy as np

from metrics.types import Interval, Metric, Option, Output, Value

Z95 = 1.959963984540054


def parts(real, generated):
    step = real.mean(axis=0) - generated.mean(axis=0)
    u = 2 * (real - real.mean(axis=0)) @ step / len(real)
    v = -2 * (generated - generated.mean(axis=0)) @ step / len(generated)
    return step, u, v


def compute(real, generated, *, times=1):
    real, generated = np.asarray(real, float), np.asarray(generated, float)
    step, u, v = parts(real, generated)
    bias = sum(one.var(axis=0, ddof=1).sum() / len(one) for one in (real, generated))
    value, se = times * float(step @ step - bias), times * float(np.sqrt(u @ u + v @ v))
    ends = {"gap_low": value - Z95 * se, "gap_high": value + Z95 * se}
    return {"gap": value, "gap_se": se, **ends, "gap_images": len(generated)}


def influence(real, generated):
    _, u, v = parts(np.asarray(real, float), np.asarray(generated, float))
    return u, float(np.sqrt(v @ v))


def notes(values, samples, options):
    return [f"a gap of {samples[1].count} images, times {options['times']}"]


METRIC = Metric(
    name="mean-gap",
    title="Gap of means",
    source="an example",
    feature="pool",
    arity="pair",
    outputs=(
        Output(
            *("gap", "Gap", "lower"),
            says="how far the means lie apart",
            interval=Interval("gap_low", "gap_high", "gap_se"),
        ),
    ),
    beside=(Value("gap_images", kind="count", counted="generated"),),
    options=(Option("times", 1, "What the gap is multiplied by.", least=1),),
    protocol=True,
    influence=influence,
    notes=notes,
    compute=compute,
)
'''
SPREAD = '''
"""The sum of the variances of features."""

import numpy as np

from metrics.types import Metric, Output


def compute(features):
    return {"spread": float(np.asarray(features, float).var(axis=0).sum())}


METRIC = Metric(
    name="spread",
    title="Spread of features",
    source="an example",
    feature="pool",
    arity="set",
    outputs=(
        Output("spread", "Spread", "higher", says="how far features lie apart", least=0, shown="top", decimals=1),
    ),
    protocol=True,
    compute=compute,
)
'''
SETS = ("digits:real-1", "digits:real-2", "--extractor", "digits-cnn")


@pytest.fixture(scope="module")
def results(tmp_path_factory, shared_cache):
    """Two submissions and a run, all measured by these metrics too."""
    here = tmp_path_factory.mktemp("plugin")
    install(here / "site", "gaps", {"metrics": ("mean-gap", "gap:METRIC")}, {"gap": GAP})
    install(here / "site", "spreads", {"metrics": ("spread", "spread:METRIC")}, {"spread": SPREAD})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BENCH_CACHE", str(shared_cache))
        patch.syspath_prepend(here / "site")
        patch.chdir(here)
        images = blends()
        for name, made in (("one", images), ("other", images // 2)):
            save(here / name, made)
            good("submit", name, "--track", "digits", "--name", name)
        undrawn(patch)
        good("run", "--model", "pixel-gaussian", "--dataset", "digits")
        yield here / "my-results"


@pytest.fixture(autouse=True)
def there(results, monkeypatch):
    monkeypatch.chdir(results.parent)


def asked(*arguments):
    return json.loads(good(*arguments, "--json").stdout)


def test_score_computes_both_with_the_option_and_the_note():
    once = asked("score", *SETS, "--metrics", "mean-gap,spread")
    twice = asked("score", *SETS, "--metrics", "mean-gap", "--mean-gap-times", "2")
    assert twice["gap"] == 2 * once["gap"]
    assert once["spread_a"] > 0
    assert (once["times"], twice["times"]) == (1, 2)
    assert "a gap of 250 images, times 2" in twice["warnings"]


def test_the_terminal_shows_titles_and_interval():
    lines = good("score", *SETS, "--metrics", "mean-gap,spread").stdout.splitlines()
    assert any(line.startswith("Gap ") and " to " in line and "lower is better" in line for line in lines)
    assert any(line.startswith("Spread of digits:real-2") for line in lines)


def test_help_has_the_option_and_the_numbers():
    said = good("score", "--help").stdout
    assert "--mean-gap-times" in said
    assert "What the gap is multiplied by." in said
    assert re.search("mean-gap +gap", said)
    assert re.search("spread +spread", said)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--metrics", "spread", "--mean-gap-times", "2"), "times is an option of none of the metrics spread"),
        (("--metrics", "mean-gap", "--prdc-k", "3"), "k is an option of none of the metrics mean-gap"),
        (("--metrics", "mean-gap", "--mean-gap-times", "0"), "0 is not in the range x>=1"),
    ],
)
def test_an_option_that_nothing_asked_for_has_is_an_error(options, said):
    result = bench("score", *SETS, *options)
    assert result.exit_code == 2
    assert said in result.stderr


def test_the_list_names_both():
    assert {"mean-gap", "spread"} <= {one["name"] for one in asked("list", "metrics")}


def test_a_run_measures_both_in_its_protocol_record_and_tables(results):
    (record,) = read_records(results)
    assert [one.name for one in record.protocol.metrics][-2:] == ["mean-gap", "spread"]
    assert dict(record.protocol.options("mean-gap")) == {"times": 1}
    assert record.pair_scores("real 1", "generated").scores["mean-gap"]["gap"] > 0
    assert record.set_scores("generated").scores["spread"]["spread"] > 0
    tables = {one["name"]: one for one in asked("tables", "--results", results)}
    pair = tables["distances"]["rows"][0]
    assert pair["gap"]["low"] < pair["gap"]["value"] < pair["gap"]["high"]
    assert {row["set"]: row["spread"] > 0 for row in tables["scores"]["rows"]}["generated"]
    titles = {column["title"] for column in tables["distances"]["columns"]}
    assert "Gap [95 %]" in titles


def test_a_track_says_that_both_are_measured(results):
    said = good("tracks", "show", "digits", "--results", results).stdout
    assert "Gap of means version 1 (times 1)" in said
    assert "Spread of features version 1" in said


def test_an_entry_holds_both_and_the_influence(results):
    entry = read_entry(results / "submissions" / "digits" / "one.json")
    assert entry.scores["mean-gap"]["gap_images"] == 250
    assert entry.scores["spread"]["spread"] > 0
    assert np.load(results / "submissions" / "digits" / "one" / "influence.npy").shape == (3, 251)


def test_the_board_ranks_by_both_with_intervals_where_there_are_some(results):
    ranking, *_ = asked("leaderboard", "digits", "--sort", "gap", "--results", results)
    keys = [column["key"] for column in ranking["columns"]]
    assert keys.index("coverage") < keys.index("gap") < keys.index("spread") < keys.index("exact_copies")
    rows = {row["name"]: row for row in ranking["rows"]}
    assert rows["one"]["gap"]["low"] < rows["one"]["gap"]["value"]
    assert rows["one"]["rank"]["low"] == 1
    assert any("paired differences" in note for note in ranking["notes"])
    by_spread, *_ = asked("leaderboard", "digits", "--sort", "spread", "--results", results)
    assert [row["rank"] for row in by_spread["rows"] if row["rank"]] == [1, 2]


def test_the_files_of_a_board_have_both(results):
    good("leaderboard", "--write", "--results", results)
    head, *_ = csv.reader((results / "leaderboards" / "digits.csv").read_text().splitlines())
    assert {"gap", "gap_low", "gap_high", "spread"} <= set(head)


def test_two_entries_are_compared_in_pairs(results):
    lines = {one["key"]: one for one in asked("compare", "digits/one", "digits/other", "--results", results)["lines"]}
    assert lines["gap"]["paired"] is True
    assert lines["gap"]["title"] == "Gap"
    assert lines["gap"]["low"] < lines["gap"]["difference"] < lines["gap"]["high"]
    assert lines["spread"]["low"] is None


def test_the_site_shows_both_and_says_what_they_are(results, tmp_path):
    good("site", "-o", tmp_path / "site", "--results", results)
    pages = {name: (tmp_path / "site" / name).read_text() for name in ("metrics.html", "tracks/digits.html")}
    entry = (tmp_path / "site" / "entries" / "digits" / "one.html").read_text()
    for title, says in (("Gap", "how far the means lie apart"), ("Spread", "how far features lie apart")):
        assert title in pages["tracks/digits.html"]
        assert says in pages["metrics.html"]
        assert says in entry
    assert "Spread of features" in pages["metrics.html"]


WRONG = {
    "a spread below 0": ("spread", {"spread": -1.0}, "spread: spread is -1; it is at least 0"),
    "an interval without its value": ("mean-gap", {"gap_low": 1e6}, "mean-gap: gap"),
    "another count": ("mean-gap", {"gap_images": 251}, "mean-gap: gap_images is 251, the set has 250 images"),
    "another value": ("spread", {"spread": 1.0}, "spread: spread is 1, the stored features give"),
}


@pytest.mark.parametrize("fault", WRONG)
def test_verify_finds_a_value_that_cannot_be(results, fault):
    metric, changes, said = WRONG[fault]
    path = Path(results / "submissions" / "digits" / "one.json")
    before = path.read_text()
    assert good("verify", path).exit_code == 0
    entry = json.loads(before)
    entry["scores"][metric] |= changes
    path.write_text(json.dumps(entry))
    try:
        result = bench("verify", path, "--json")
    finally:
        path.write_text(before)
    assert result.exit_code == 1
    assert said in result.stdout
