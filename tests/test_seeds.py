"""Several training seeds: which ones are asked for, how they are trained, and the tables over them."""

import json
import sys
from dataclasses import replace
from io import StringIO
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner
from run_records import TRAINING, record
from tiny_runs import values

import bench
from bench.api import one_seed
from bench.api.one_seed import Seed, side_by_side
from bench.cli import main
from bench.runs import run as runner
from bench.runs.jobs import RUN as RUN_FILE
from bench.runs.seeds import seed_list
from bench.storage.families import Family, families
from bench.storage.records import write_record
from bench.tables.comparison import comparison_tables
from bench.tables.seed_tables import seed_tables, seeds_in_words
from metrics.errors import InputError
from reference_models.errors import ModelError
from reference_models.loop import to_json

RUN = (*("run", "--model", "dcgan", "--dataset", "digits", "--set", "width=4", "--set", "latent=8", "--device", "cpu"),
       *("--set", "batch_size=4", "--extractor", "pixels", "--steps"))  # fmt: skip


def command(*words):
    return CliRunner().invoke(main, [str(word) for word in words], prog_name="bench")


# ----- the list


@pytest.mark.parametrize(
    ("given", "seeds"),
    [("0-4", (0, 1, 2, 3, 4)), ("7,0,3", (0, 3, 7)), ("0-2, 9", (0, 1, 2, 9)), ([3], (3,)), (range(2), (0, 1))],
)
def test_seeds_are_a_range_or_a_list(given, seeds):
    assert seed_list(given) == seeds


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("", "--seeds is empty; expected a range such as 0-4"),
        ("0,,2", "cannot be read at ''"),
        ("1.5", "cannot be read at '1.5'"),
        ("-1", "cannot be read at '-1'"),
        ("4-0", "has the range 4-0"),
        ("0-4,3", "names seed 3 twice"),
        ("5", "is one seed. For this seed give --seed 5, for 5 seeds --seeds 0-4"),
        ("4294967295-4294967296", "up to 4294967295"),
        ("0-99999", "at most 1,000 seeds"),
        ([], "seeds is empty"),
        ([0, 0], "names seed 0 twice"),
        ([-1], "a seed is -1"),
        ([0.5], "a seed is 0.5"),
        (5, "expected a text such as '0-4'"),
    ],
)
def test_what_is_no_list_of_seeds_is_told(given, told):
    with pytest.raises(InputError) as error:
        seed_list(given)
    assert told in str(error.value)


@pytest.mark.parametrize(
    ("words", "told"),
    [(("--seeds", "0-1", "--seed", "3"), "--seed 3 and --seeds"), (("--jobs", "2"), "jobs is 2"),
     (("--seeds", ""), "--seeds is empty")],
)  # fmt: skip
def test_what_says_nothing_about_seeds_is_one_line_and_trains_nothing(tmp_path, monkeypatch, words, told):
    monkeypatch.chdir(tmp_path)
    result = command(*RUN, 1, *words)
    assert (result.exit_code, result.stderr.count("\n"), list(tmp_path.iterdir())) == (2, 1, [])
    assert told in result.stderr


# ----- training


@pytest.fixture
def training(tmp_path, monkeypatch):
    """A training that only writes its record; seeds in `failing` fail; `trained` lists what was trained, and whether it
    went on."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("bench.tables.files.plot_intervals", lambda *given, **named: None)
    done = SimpleNamespace(failing=set(), trained=[])

    def train(job, way, evaluation, results, report):
        done.trained.append((job.seed, way.resume))
        job.folder.mkdir(parents=True, exist_ok=True)
        (job.folder / RUN_FILE).touch()
        asked = replace(TRAINING, asked=way.asked)
        how = {"config": to_json(job.config), "recipe_changes": job.changes, "training": asked}
        made = record(seed=job.seed, fid=5.0 + job.seed, chosen=evaluation.protocol, **how)
        failed = {"status": "failed", "error": "nan", "sets": (), "pairs": ()} if job.seed in done.failing else {}
        write_record(runner.place_of(made, results), replace(made, **failed))
        if failed:
            raise ModelError("the loss is nan")
        return made

    monkeypatch.setattr(runner, "run", train)
    return done


def test_a_seed_that_fails_is_named_and_loses_no_other_one(training):
    training.failing = {1}
    result = command(*RUN, 1, "--seeds", "0-2")
    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1] == "bench: seed 1 failed and is in no mean: the loss is nan"
    assert "mean over 2 training seeds (0 and 2, of 3 tried)" in result.stdout


def test_what_is_there_stays_and_what_has_begun_goes_on(training):
    training.failing = {1}
    command(*RUN, 1, "--seeds", "0-2")
    training.failing, training.trained = set(), []
    again = json.loads(command(*RUN, 1, "--seeds", "0-3", "--json").stdout)
    assert training.trained == [(1, True), (3, False)]
    assert ([one["seed"] for one in again["runs"]], again["failed"]) == ([0, 1, 2, 3], {})
    assert [one["name"] for one in again["tables"]] == ["seeds", "each-seed"]


def test_a_record_of_another_budget_stops_all_seeds_before_the_first_is_trained(training):
    command(*RUN, 1, "--seeds", "1-2")
    training.trained = []
    assert "another budget" in command(*RUN, 2, "--seeds", "0-1").stderr
    assert training.trained == []
    assert command(*RUN, 2, "--seeds", "0-1", "--resume").exit_code == 0
    assert training.trained == [(0, False), (1, True)]


def test_force_trains_every_seed_again(training):
    for _ in range(2):
        command(*RUN, 1, "--seeds", "0-1", "--force")
    assert training.trained == [(0, False), (1, False)] * 2


def test_of_seeds_that_all_fail_the_first_error_is_told(training):
    training.failing = {0, 1}
    result = command(*RUN, 1, "--seeds", "0,1")
    assert (result.exit_code, result.stderr.splitlines()[-1]) == (2, "bench: the loss is nan")


def test_a_plan_names_all_seeds_and_what_would_not_be_trained(training):
    command(*RUN, 1, "--seeds", "0-1")
    shown = command(*RUN, 1, "--seeds", "1-3", "--jobs", 2, "--plan").stdout
    assert "seeds      1, 2, 3, 2 side by side; all of the above is for each" in shown
    assert "seed 1     nothing to do: its record is there" in shown
    assert "blocked" not in shown
    plans = json.loads(command(*RUN, 1, "--seeds", "1-2", "--plan", "--json").stdout)
    assert [(one["seed"], one["folder"][-5:], one["record"][-10:]) for one in plans] == [
        (1, "seed1", "seed1.json"),
        (2, "seed2", "seed2.json"),
    ]


def test_jobs_train_the_seeds_that_are_left_side_by_side(training, monkeypatch):
    given = []

    def beside(todo, jobs, report):
        given.append(([(one.seed, one.how["resume"]) for one in todo], jobs))
        return dict.fromkeys(range(len(todo)), InputError("nan"))

    monkeypatch.setattr("bench.api.seeds.side_by_side", beside)
    command(*RUN, 1, "--seeds", "0-1")
    result = command(*RUN, 1, "--seeds", "0-3", "--jobs", 2)
    assert given == [([(2, False), (3, False)], 2)]
    assert result.stderr.splitlines()[-2:] == [f"bench: seed {seed} failed and is in no mean: nan" for seed in (2, 3)]


def stub(monkeypatch, code):
    monkeypatch.setattr(one_seed, "CODE", f"import json, sys\nasked = json.load(sys.stdin)\n{code}")


def test_seeds_side_by_side_give_their_errors_and_warnings(monkeypatch):
    stub(monkeypatch, "json.dump({'error': 'nan' * (asked['seed'] == 2), 'warnings': ['w'] * (asked['seed'] == 0)},"
                      " sys.stdout)")  # fmt: skip
    told = []
    with pytest.warns(UserWarning, match="^w$"):
        failed = side_by_side(
            [Seed("m", "d", seed, {"workdir": Path()}) for seed in range(3)], 2, lambda *one: told.append(one)
        )
    assert {seed: str(error) for seed, error in failed.items()} == {2: "nan"}
    assert told[-1] == ("seeds", 3, 3)


def test_a_process_that_ends_without_a_word_has_failed(monkeypatch):
    stub(monkeypatch, "sys.exit(9)")
    (error,) = side_by_side([Seed("m", "d", 4, {})], 2, None).values()
    assert "ended with code 9" in str(error)


WAITS = """
import pathlib, signal, time
signal.signal(signal.SIGINT, signal.default_int_handler)
try:
    pathlib.Path(asked["place"], f"{asked['seed']} began").touch()
    time.sleep(60)
except KeyboardInterrupt:
    pathlib.Path(asked["place"], f"{asked['seed']} saved").touch()
"""


def test_ctrl_c_reaches_all_that_run_side_by_side(monkeypatch, tmp_path):
    stub(monkeypatch, WAITS)
    sleep = one_seed.time.sleep

    def interrupted(seconds):
        if len(list(tmp_path.iterdir())) == 2:
            raise KeyboardInterrupt
        sleep(seconds)

    monkeypatch.setattr("bench.api.one_seed.time.sleep", interrupted)
    with pytest.raises(KeyboardInterrupt) as error:
        side_by_side([Seed("m", "d", seed, {"place": tmp_path}) for seed in (0, 1, 2)], 2, None)
    assert error.value.__notes__ == ["the checkpoints of m seed 0, m seed 1 are in their folders"]
    assert {path.name for path in tmp_path.iterdir()} == {"0 began", "0 saved", "1 began", "1 saved"}


def test_the_process_of_one_seed_answers_with_what_failed(monkeypatch):
    def run(model, dataset, **settings):
        sys.stdout.write("of a library")
        raise InputError(f"{model} {dataset} {settings['seed']} {settings['workdir']}")

    monkeypatch.setattr("bench.api.runs.run", run)
    monkeypatch.setattr(sys, "stdin", StringIO(Seed("m", "d", 3, {"workdir": Path("w"), "progress": print}).to_json()))
    answer = StringIO()
    monkeypatch.setattr(sys, "stdout", answer)
    one_seed.answer()
    assert json.loads(answer.getvalue()) == {"error": "m d 3 w", "warnings": []}


# ----- families and their tables


def test_records_of_one_model_and_other_seeds_are_one_family():
    others = [
        record(seed=0, model="vae"),
        record(seed=1, config={"lr": 1.0}),
        record(seed=2, training=replace(TRAINING, steps=9)),
    ]
    found = families([record(seed=3), record(seed=0), *others, record(seed=0, fid=9.0)])
    assert [one.seeds for one in found] == [(0, 3), (0,), (1,), (2,)]
    assert found[0].first.pair_scores("real 1", "generated").scores["fid"]["fid_corrected"] == 5.0  # the first of two


def test_trainings_of_so_many_minutes_are_one_family_whatever_their_steps():
    done = [replace(TRAINING, asked={"minutes": 5.0}, steps=steps) for steps in (30, 40)]
    assert len(families([record(seed=seed, training=one) for seed, one in enumerate(done)])) == 1


def test_a_seed_that_failed_was_tried():
    (found,) = families([record(seed=0), record(seed=2), record(seed=1, status="failed", error="nan", training=None)])
    assert (found.tried, found.failed) == (3, {1: "nan"})


def with_sd(made, sd):
    pairs = [replace(one, scores={**one.scores, "fid": {**one.scores["fid"], "fid_sd": sd}}) for one in made.pairs]
    return replace(made, pairs=tuple(pairs))


def test_the_table_has_the_mean_the_spread_and_the_sampling_error():
    means, each = seed_tables(Family(tuple(with_sd(record(seed=seed, fid=5.0 + seed), 0.5) for seed in range(3))))
    row = values(means, "score").index("FID, corrected ↓")
    found = {key: values(means, key)[row] for key in ("mean", "spread", "between", "sampling", "seeds")}
    assert found == {"mean": 6, "spread": 1, "between": pytest.approx(0.875**0.5), "sampling": 0.5, "seeds": 3}
    assert values(means, "mean", "low")[row] == pytest.approx(6 - 4.3027 / 3**0.5, abs=1e-3)
    assert values(each, "fid_corrected") == [5, 6, 7]
    assert means.title == "dcgan on digits: mean over 3 training seeds (0 to 2)"


def test_one_seed_says_that_the_spread_is_not_known():
    means, _ = seed_tables(Family((record(),)))
    assert "one training seed: the spread between seeds is not known" in means.notes[0]
    assert set(values(means, "spread") + values(means, "between")) == {None}


def test_domains_and_their_seeds_stand_in_one_table():
    means, each = seed_tables(Family(tuple(record(seed=seed, labels=("a", "b")) for seed in (0, 1))))
    assert {"FID a ↓", "FID b ↓"} <= set(values(means, "score"))
    assert {"fid_a", "fid_b"} <= {column.key for column in each.columns}


@pytest.mark.parametrize(
    ("seeds", "words"), [((0, 1, 2), "0 to 2"), ((0, 1), "0 and 1"), ((0, 3, 7), "0, 3 and 7"), ((4,), "4")]
)
def test_seeds_are_named_shortly(seeds, words):
    assert seeds_in_words(seeds) == words


def test_runs_are_a_sequence_with_a_frame():
    runs = bench.api.seeds.Runs(tuple(bench.api.runs.Run(record(seed=seed), Path(), ()) for seed in (0, 1)))
    assert (len(runs), runs[1].record.seed, repr(runs)) == (2, 1, "Runs(dcgan on digits, seeds 0, 1)")
    assert list(runs.to_frame()["seeds"]) == [2] * len(runs.to_frame())


def test_the_comparison_has_one_row_for_a_model_with_several_seeds():
    several = [record(seed=seed, fid=5.0 + seed) for seed in range(3)]
    (table,) = comparison_tables([*several, record(model="vae", fid=5.5), record(seed=3, status="failed", error="nan")])
    assert values(table, "what") == ["real 2", "vae, seed 0", "dcgan, mean", "noise"]
    assert values(table, "seeds") == [None, 1, 3, None]
    assert values(table, "fid_corrected")[2] == 6
    assert not any(cell.best for row in table.rows for cell in row)
    assert any("seed 3 failed" in note for note in table.notes)


def test_a_model_is_the_best_by_the_interval_over_its_seeds():
    near, far = ([record(seed=seed, model=name, fid=fid + seed / 10) for seed in range(3)]
                 for name, fid in (("dcgan", 5.0), ("vae", 9.0)))  # fmt: skip
    (table,) = comparison_tables([*near, *far])
    place = [column.key for column in table.columns].index("fid_corrected")
    assert [row[place].best for row in table.rows] == [False, True, False, False]


def test_tables_say_what_is_known_of_the_seeds(tmp_path):
    for one in (record(seed=0), record(seed=1), record(model="vae")):
        write_record(runner.place_of(one, tmp_path), one)
    found = bench.tables(results=tmp_path)
    assert [one.name for one in found][:4] == ["comparison", "seeds", "each-seed", "table-6"]
    notes = {one.title: one.notes[-1] for one in found if one.name == "table-6"}
    assert notes["Table 6. dcgan on digits, seed 1"].startswith("one of several training seeds")
    assert "the spread between seeds is not known" in notes["Table 6. vae on digits, seed 0"]
