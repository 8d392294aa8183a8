"""`bench reproduce`: what the plan says, how the published runs stand, and whether what is made again agrees."""

import json
import re
import shlex
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner
from run_records import record

from bench.api import reproduction
from bench.api.one_seed import TimeIsUp
from bench.cli import main
from bench.measuring.evaluation import find_measure, protocol_of
from bench.measuring.subject import open_subject
from bench.protocol import RealSet
from bench.reproducing.comparing import compared
from bench.reproducing.plan import PlannedRun, plan_of, read_plan, unnamed
from bench.reproducing.published import config_of, of_record, published
from bench.runs.model_code import code_of
from bench.runs.run import place_of
from bench.storage.records import read_records, write_record
from metrics.errors import InputError
from reference_models.errors import ModelError

ROOT = Path(__file__).resolve().parent.parent
RUN = {"model": "vae", "dataset": "digits", "why": "a test", "extractor": "pixels", "budget": {"steps": 30}}
RESULTS = "results"


def written(values):
    """A value as TOML."""
    if isinstance(values, dict):
        return "{ " + ", ".join(f'"{name}" = {written(one)}' for name, one in values.items()) + " }"
    return json.dumps(values)


def write_plan(**runs):
    lines = [line for name, run in runs.items()
             for line in (f'[runs."{name}"]', *(f"{key} = {written(one)}" for key, one in run.items()))]  # fmt: skip
    Path(RESULTS).mkdir(exist_ok=True)
    Path(RESULTS, "plan.toml").write_text("\n".join(lines))


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("bench.tables.files.plot_intervals", lambda *given, **named: None)


def command(*words):
    return CliRunner().invoke(main, ["reproduce", *words, "--results", RESULTS], prog_name="bench")


# ----- the plan


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"seeds": []}, "runs.a: seeds is []; expected different whole numbers"),
        ({"seeds": [1, 1]}, "runs.a: seeds is [1, 1]"),
        ({"budget": {"minutes": 4}}, "runs.a: budget has minutes; expected steps or epochs"),
        ({"fid": {"": [1.0, 2.0]}}, "runs.a: 2 values or entries for 1 seeds"),
        ({"fid": {"": [1.0]}}, "runs.a: fid has no protocol"),
        ({"entries": ["a"]}, "runs.a: entries have no track"),
        ({"fid": {"": [1.0]}, "protocol": "p", "tolerance": {"": -1.0}}, "runs.a: tolerance is -1.0"),
        ({"tolerance": {"x": 1.0}}, "runs.a: tolerance is of ['x'], fid of []"),
        ({"tolerence": 1.0}, "unknown field 'tolerence'"),
    ],
)
def test_what_a_plan_says_that_cannot_be_is_named(given, told):
    write_plan(a={**RUN, **given})
    with pytest.raises(InputError) as error:
        read_plan(Path(RESULTS, "plan.toml"))
    assert told in str(error.value)


def test_a_setting_that_a_model_lacks_is_told_with_the_run_that_names_it():
    write_plan(a={**RUN, "settings": {"widht": 4}})
    result = command("--list")
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert "runs.a of the plan: no setting 'widht'" in result.stderr


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "give the NAME of a run, or --all"),
        (("--all", "a"), "two ways"),
        (("noraml",), "no run 'noraml'. Did you mean 'normal'?"),
    ],
)
def test_what_names_no_run_is_one_line(words, told):
    write_plan(normal=RUN)
    result = command(*words)
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert told in result.stderr


def test_without_a_plan_one_line_says_where_it_is():
    with pytest.raises(InputError, match=r"no plan\.toml in results; start in a checkout"):
        plan_of(Path(RESULTS))


# ----- how runs stand


def stored(run, seed=0, fid=5.0, **changes):
    """The record of a planned run as of today, below the results."""
    planned = PlannedRun(**run)
    subject = open_subject(planned.dataset)
    real = [RealSet(name, "", split, count, "d") for name, (split, count) in subject.dataset.eval_sets.items()]
    chosen = protocol_of(subject, find_measure(subject, planned.extractor), real)
    config, others = config_of(planned)
    made = record(planned.model, seed=seed, fid=fid, chosen=changes.pop("chosen", chosen))
    made = replace(made, config=config, recipe_changes=others, samples={"generated": f"images {seed}"})
    made = replace(made, **changes)
    write_record(place_of(made, Path(RESULTS)), made)
    return made


def states():
    found = json.loads(command("--list", "--json").stdout)
    return {(one["name"], one["seed"]): (one["state"], one["why"]) for one in found}


def test_a_list_says_which_are_there_missing_stale_or_failed():
    write_plan(
        good={**RUN, "seeds": [0, 1]},
        failed={**RUN, "settings": {"zdim": 2}},
        protocol={**RUN, "settings": {"zdim": 3}},
        code={**RUN, "settings": {"zdim": 4}, "code": "0123456789ab"},
        recipe={**RUN, "settings": {"zdim": 5}},
        large={**RUN, "settings": {"zdim": 6}, "needs": "a GPU"},
    )
    first = stored(RUN)
    stored({**RUN, "settings": {"zdim": 2}}, status="failed", error="nan", sets=(), pairs=())
    stored({**RUN, "settings": {"zdim": 3}}, chosen=replace(first.protocol, resize="tf1"))
    stored({**RUN, "settings": {"zdim": 4}})
    stored({**RUN, "settings": {"zdim": 5}}, config={**first.config, "zdim": 5, "hidden": 1})
    assert states() == {
        ("good", 0): ("there", ""),
        ("good", 1): ("missing", ""),
        ("failed", 0): ("failed", "nan"),
        ("protocol", 0): ("stale", "protocol (resize)"),
        ("code", 0): ("stale", "code of vae"),
        ("recipe", 0): ("stale", "settings of the recipe"),
        ("large", 0): ("missing", "it needs a GPU"),
    }


def test_the_code_of_a_record_counts_more_than_that_of_the_plan():
    write_plan(a={**RUN, "code": "0123456789ab"})
    made = stored(RUN)
    stored(RUN, training=replace(made.training, code=code_of("vae")))
    assert states() == {("a", 0): ("there", "")}


def test_comments_docstrings_and_layout_are_no_other_code(tmp_path):
    folder = tmp_path / "reference_models"
    folder.mkdir()
    texts = ['"""A."""\nX = 1\n', '"""B."""\n\n# why\nX = (1)\n'.replace("(1)", "1"), "X = 2\n"]
    found = []
    for number, text in enumerate(texts):
        (folder / f"m{number}.py").write_text(f"from reference_models.part{number} import X\n")
        (folder / f"part{number}.py").write_text(text)
        found.append(code_of(f"m{number}", tmp_path))
    assert len({code.replace(str(place), "") for place, code in enumerate(found)}) == 3  # names of modules are code
    for text in texts:
        (folder / "part0.py").write_text(text)
        code_of.cache_clear()
        found.append(code_of("m0", tmp_path))
    assert found[3] == found[4] != found[5]
    code_of.cache_clear()


# ----- what is made again


def of(fid, digest, **changes):
    return of_record(replace(record(fid=fid), samples={"generated": digest}, **changes))


def test_what_is_made_again_agrees_within_the_tolerance_or_bit_for_bit():
    known = record()
    run = PlannedRun("dcgan", "digits", "why", protocol=known.protocol_id, fid={"": (5.4,)}, tolerance={"": 0.3})
    told = {
        (fid, digest): next(compared("a", run, 0, of(fid, digest), of(5.0, "same"), "")).verdict
        for fid, digest in ((5.2, "other"), (5.5, "other"), (9.0, "same"))
    }
    assert told == {(5.2, "other"): "agrees", (5.5, "other"): "differs", (9.0, "same"): "same images"}
    other = replace(run, protocol="0" * 12)
    assert next(compared("a", other, 0, of(5.0, "other"), None, "")).verdict == "not comparable"
    unknown = replace(run, fid={}, tolerance={})
    assert next(compared("a", unknown, 0, of(5.0, "other"), None, "")).verdict == "not published"


@pytest.fixture
def training(monkeypatch):
    """Trainings that only write their records: what was asked for is kept; seeds in `ends` end with these errors."""
    done = SimpleNamespace(asked=[], ends={})

    def side_by_side(todo, jobs, report, limits):
        done.asked.append(([(one.model, one.seed, one.how["steps"], one.how["resume"]) for one in todo], jobs, limits))
        for one in todo:
            if one.seed not in done.ends:
                job = reproduction.opened_job(one.model, one.dataset, {**one.how, "progress": None})
                made = record(one.model, seed=one.seed, fid=5.0, chosen=job.evaluation.protocol)
                path = job.record(Path(one.how["results"]))
                write_record(path, replace(made, samples={"generated": f"images {one.seed}"}))
        return {place: done.ends[one.seed] for place, one in enumerate(todo) if one.seed in done.ends}

    monkeypatch.setattr(reproduction, "side_by_side", side_by_side)
    return done


def test_seeds_are_trained_as_the_plan_says_and_what_goes_wrong_is_told_beside_the_others(training):
    write_plan(a={**RUN, "budget": {"steps": 7}, "seeds": [0, 1, 2]}, gone={**RUN, "dataset": "cufs-sketches"})
    training.ends = {1: ModelError("nan"), 2: TimeIsUp("not finished")}
    result = command("--all", "--jobs", "2", "--threads", "1", "--minutes", "3", "--json", "--data-root", "nowhere")
    ((todo, jobs, limits),) = training.asked
    assert (todo, jobs) == ([("vae", seed, 7, False) for seed in (0, 1, 2)], 2)
    assert (limits.minutes, limits.threads) == (3.0, 1)
    found = {(one["name"], one["seed"]): one["verdict"] for one in json.loads(result.stdout)}
    assert found == {("gone", 0): "failed", ("a", 0): "not published", ("a", 1): "failed", ("a", 2): "not finished"}
    assert result.exit_code == 2


def test_a_check_writes_nothing_and_fails_where_nothing_agrees(training):
    write_plan(a={**RUN, "check": True}, b={**RUN, "settings": {"zdim": 2}})
    before = sorted(Path.cwd().rglob("*"))
    result = command("--check")
    assert (result.exit_code, sorted(Path.cwd().rglob("*"))) == (1, before)
    assert "not published" in result.stdout
    known = stored(RUN)
    write_plan(a={**RUN, "check": True, "fid": {"": [5.4]}, "tolerance": {"": 0.1}, "protocol": known.protocol_id})
    assert "same images" in command("--check").stdout
    assert command("--check").exit_code == 0


# ----- the plan of this project


@pytest.fixture(scope="module")
def of_the_project():
    """The plan in results/, its runs with the settings that are not their recipes', and its records and entries."""
    folder = ROOT / RESULTS
    plan = read_plan(folder / "plan.toml")
    changes = {name: config_of(run)[1] for name, run in plan.runs.items()}
    return SimpleNamespace(plan=plan, changes=changes, records=read_records(folder), folder=folder)


def test_nothing_lies_in_results_that_the_plan_does_not_name(of_the_project):
    folder = of_the_project.folder
    paths = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
    assert len(paths) > 1000
    assert unnamed(of_the_project.plan, paths, of_the_project.changes) == []
    more = ["runs/digits/3cad8c43eb34/dcgan-seed7.json", "submissions/digits/me.json", "explore/digits/new/a.csv"]
    assert unnamed(of_the_project.plan, more, of_the_project.changes) == more


def test_the_values_of_the_plan_are_those_of_records_and_entries(of_the_project):
    compared = 0
    for name, run in of_the_project.plan.runs.items():
        for seed in run.seeds:
            expected = run.expected(seed)
            found = published(run, seed, of_the_project.changes[name], of_the_project.records, of_the_project.folder)
            assert (found is not None) == bool(expected), (name, seed)
            if found:
                assert found.fid == pytest.approx(expected, rel=1e-5), name
                assert found.protocol.id == run.protocol, name
                compared += 1
    assert compared > 100


def test_every_run_that_the_page_of_the_documents_asks_for_is_planned(of_the_project):
    known = {(run.model, run.dataset, tuple(sorted(of_the_project.changes[name].items())))
             for name, run in of_the_project.plan.runs.items()}  # fmt: skip
    asked = re.findall(r"`bench run ([^`]+)`", (ROOT / "docs" / "seeds.md").read_text())
    assert len(asked) > 40
    for line in asked:
        words = shlex.split(line)
        pairs = list(zip(words[::2], words[1::2], strict=True))
        settings = dict(word.split("=") for option, word in pairs if option == "--set")
        run = PlannedRun(dict(pairs)["--model"], dict(pairs)["--dataset"], "", settings=settings)
        assert (run.model, run.dataset, tuple(sorted(config_of(run)[1].items()))) in known, line
