"""The commands: results on stdout, JSON keys, exit codes, help that works."""

import json
import re
import shlex
from pathlib import Path
from types import SimpleNamespace

import click
import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

import bench.storage.cache
from bench.cli import main
from bench.sources.opening import TAKEN

ROOT = Path(__file__).resolve().parent.parent
DIGITS = ("--extractor", "digits-cnn")
PIXELS = ("--extractor", "pixels")
MINE = {"cache", "doctor", "fid", "list", "score", "stats", "weights"}
FID_KEYS = {
    "fid", "fid_corrected", "fid_sd", "fid_low", "fid_high", "mean_term", "covariance_term", "n_a", "n_b", "extractor",
    "extractor_sha256", "resize", "tap", "digest_a", "digest_b", "warnings",
}  # fmt: skip


def run(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def refuse(constant):
    raise AssertionError(f"{constant} is not JSON")


def run_json(*arguments, code=0):
    result = run(*arguments, "--json")
    assert result.exit_code == code, result.output
    return json.loads(result.stdout, parse_constant=refuse)


def a_folder(path, count=6, size=8, seed=0):
    path.mkdir()
    for number, image in enumerate(np.random.RandomState(seed).randint(0, 256, (count, size, size, 3))):
        Image.fromarray(image.astype(np.uint8)).save(path / f"{number}.png")
    return path


@pytest.fixture
def folders(tmp_path):
    return a_folder(tmp_path / "real"), a_folder(tmp_path / "made", seed=1)


def commands(group=main, prefix=()):
    """Every command with its words, sub-commands too."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        yield (*prefix, name), command
        if isinstance(command, click.Group):
            yield from commands(command, (*prefix, name))


EVERY = dict(commands())


def examples_of(words):
    return [line.strip() for line in (EVERY[words].epilog or "").splitlines() if line.startswith("  bench ")]


# ---- help


@pytest.mark.parametrize("words", EVERY, ids=" ".join)
def test_every_command_has_two_examples_that_parse(words):
    found = examples_of(words)
    assert len(found) >= 2
    for line in found:
        group, arguments, context = main, shlex.split(line)[1:], None
        while isinstance(group, click.Group) and arguments and not arguments[0].startswith("-"):
            group = group.get_command(click.Context(group), arguments.pop(0))
            assert group is not None, line
        context = group.make_context("bench", arguments, resilient_parsing=False)
        assert context.params is not None


@pytest.mark.parametrize("words", EVERY, ids=" ".join)
def test_every_command_answers_help_and_knows_json(words):
    result = run(*words, "--help")
    assert result.exit_code == 0
    assert "--json" in result.stdout
    assert "Examples:" in result.stdout


@pytest.mark.parametrize("words", EVERY, ids=" ".join)
def test_every_command_and_option_is_documented(words):
    text = (ROOT / "docs" / "commands.md").read_text()
    assert re.search(rf"^##+ bench {' '.join(words)}\b", text, re.MULTILINE), words
    options = {name for parameter in EVERY[words].params for name in parameter.opts if name.startswith("--")}
    assert [name for name in options if f"`{name}" not in text] == []


NUMBER = re.compile(r"-?\d[\d.,]*")


def test_the_output_that_the_docs_show_is_what_is_printed():
    page = (ROOT / "docs" / "commands.md").read_text()
    shown = re.findall(r"^\$ (bench .*)\n((?:.+\n)+?)warning: \.\.\.\n", page, re.MULTILINE)
    assert shown
    for line, expected in shown:
        printed = run(*shlex.split(line)[1:]).stdout
        assert re.sub(" +", " ", NUMBER.sub("N", printed)).startswith(re.sub(" +", " ", NUMBER.sub("N", expected)))
        for said, found in zip(NUMBER.findall(expected), NUMBER.findall(printed), strict=False):
            assert float(said.replace(",", "")) == pytest.approx(float(found.replace(",", "")), abs=2e-4)


@pytest.mark.parametrize(
    "line", [line for words in EVERY if words[0] in MINE and "fetch" not in words for line in examples_of(words)]
)
def test_the_examples_of_the_measuring_commands_run(line, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = run(*shlex.split(line)[1:])
    assert result.exit_code == 0, result.output
    assert result.stdout


def test_help_of_the_group_says_what_each_command_is_for():
    text = run("--help").stdout
    for words, command in EVERY.items():
        if len(words) == 1:
            assert re.search(rf"^  {words[0]} +\S", text, re.MULTILINE), command
    assert run().stdout == text


def test_version_is_the_package_s():
    assert run("--version").stdout.strip().endswith(bench.__version__)


# ---- fid


def test_fid_has_the_keys_that_every_number_carries(folders):
    result = run_json("fid", *folders, *PIXELS)
    assert set(result) >= FID_KEYS
    assert (result["n_a"], result["n_b"], result["extractor"], result["tap"]) == (6, 6, "pixels", "pool")
    assert result["fid"] == pytest.approx(result["mean_term"] + result["covariance_term"])
    assert result["fid_low"] <= result["fid_corrected"] <= result["fid_high"]


def test_fid_of_a_folder_with_itself_is_zero(folders):
    # the trace of the pixels' covariance is about 250; float64 leaves 1e-12 of it
    assert run_json("fid", folders[0], folders[0], *PIXELS)["fid"] == pytest.approx(0, abs=1e-9)


def test_images_that_stand_in_both_sets_are_a_warning(folders):
    (folders[1] / "copy.png").write_bytes(next(iter(sorted(folders[0].iterdir()))).read_bytes())
    for command in (("fid",), ("score", "--metrics", "kid")):
        warnings = run_json(*command, *folders, *PIXELS)["warnings"]
        assert any(f"1 of 7 images of {folders[1].name} are also in {folders[0].name}" in line for line in warnings)


def test_fid_in_words_is_short_and_names_what_it_was_made_with(folders):
    lines = run("fid", *folders, *PIXELS).stdout.splitlines()
    assert lines[0].startswith("FID ")
    assert "95 % interval" in lines[1]
    assert any("pixels, resize clean" in line for line in lines)
    assert all(line.startswith("warning: ") for line in lines[6:])


@pytest.mark.parametrize(("kind", "row"), [("csv", "FID,"), ("md", "| FID |"), ("latex", "FID & "), ("html", "FID</")])
@pytest.mark.parametrize("command", [("fid",), ("score", "--metrics", "fid")])
def test_a_result_is_printed_in_every_format(folders, command, kind, row):
    result = run(*command, *folders, *PIXELS, "--format", kind)
    assert (result.exit_code, row in result.stdout) == (0, True), result.output
    assert run_json(*command, *folders, *PIXELS) == json.loads(run(*command, *folders, *PIXELS, "--format=json").stdout)


def test_fid_is_the_same_from_the_cache_and_without_it(folders):
    first = run_json("fid", *folders, *PIXELS)
    assert run_json("fid", *folders, *PIXELS) == first
    assert run_json("fid", *folders, *PIXELS, "--no-cache") == first
    assert len([entry for entry in bench.storage.cache.open_cache().entries() if "features" in entry.what]) == 2


def test_no_cache_keeps_nothing(folders):
    run_json("fid", *folders, *PIXELS, "--no-cache")
    assert bench.storage.cache.open_cache().entries() == []


@pytest.mark.parametrize("option", [("--workers", 0), ("--batch-size", 1), ("--device", "cpu")])
def test_fid_does_not_depend_on_how_it_is_computed(folders, option):
    plain = run_json("fid", *folders, *PIXELS, "--no-cache")
    assert run_json("fid", *folders, *PIXELS, "--no-cache", *option) == plain


def test_limit_draws_by_seed_and_says_so():
    args = ("fid", "digits:train", "digits:test", *PIXELS, "--limit", 20)
    first, again, other = run_json(*args), run_json(*args), run_json(*args, "--seed", 7)
    assert first == again
    assert first["digest_a"] != other["digest_a"]
    assert (other["limit"], other["seed"], other["n_a"]) == (20, 7, 20)


def test_influence_lists_the_images_that_move_the_fid_most(folders):
    rows = run_json("fid", *folders, *PIXELS, "--influence", 3)["influence"]
    sizes = [abs(row["influence"]) for row in rows]
    assert len(rows) == 3
    assert sizes == sorted(sizes, reverse=True)
    assert {row["set"] for row in rows} <= {"a", "b"}
    assert all(row["image"].endswith(".png") for row in rows)
    assert "raises the FID by" in run("fid", *folders, *PIXELS, "--influence", 3).stdout


def test_all_estimates_adds_the_jackknife_and_fid_infinity():
    args = ("fid", "digits:real-1", "digits:real-2", *DIGITS, "--all-estimates")
    assert {"fid_jackknife", "fid_jackknife_sd", "fid_infinity"} <= set(run_json(*args))
    assert "FID-infinity" in run(*args).stdout


@pytest.mark.parametrize(
    ("sets", "options", "warning"),
    [
        (("digits:real-1", "digits:real-2"), (*PIXELS, "--limit", 9), "n <= d: 9 images for 3072 features"),
        (("digits:train", "digits:test"), DIGITS, "different n: 1297 against 500"),
        (("digits:real-1", "digits:real-2"), DIGITS, "never compare it with an Inception FID"),
    ],
)
def test_fid_says_what_belongs_beside_the_number(sets, options, warning):
    assert any(warning in line for line in run_json("fid", *sets, *options)["warnings"])


def test_lossy_files_are_a_warning(folders):
    for path in folders[0].iterdir():
        Image.open(path).save(path.with_suffix(".jpg"))
        path.unlink()
    assert any("lossy" in line for line in run_json("fid", *folders, *PIXELS)["warnings"])


def test_a_zip_of_a_folder_is_the_same_set(folders, tmp_path):
    import shutil

    archive = shutil.make_archive(str(tmp_path / "real"), "zip", folders[0])
    first, second = run_json("fid", *folders, *PIXELS), run_json("fid", archive, folders[1], *PIXELS)
    assert (first["digest_a"], first["fid"]) == (second["digest_a"], second["fid"])


# ---- saved statistics


@pytest.fixture
def reference(tmp_path):
    path = tmp_path / "reference.npz"
    assert run("stats", "digits:train", "-o", path, *DIGITS).exit_code == 0
    return path


def test_a_statistics_file_gives_the_same_fid_and_no_interval(reference):
    saved = run_json("fid", reference, "digits:test", *DIGITS)
    direct = run_json("fid", "digits:train", "digits:test", *DIGITS)
    assert saved["fid"] == pytest.approx(direct["fid"], rel=1e-10)
    assert saved["digest_a"] == direct["digest_a"]
    assert [saved[key] for key in ("fid_corrected", "fid_sd", "fid_low", "fid_high")] == [None] * 4
    assert any("no corrected FID and no interval" in line for line in saved["warnings"])
    few = run_json("fid", reference, "digits:test", *DIGITS, "--limit", 9)["warnings"]
    assert any("n <= d" in line and "a corrected one needs the images" in line for line in few)


def test_two_statistics_files_need_no_weights(reference, tmp_path):
    other = tmp_path / "other.npz"
    run("stats", "digits:test", "-o", other, *DIGITS)
    result = run_json("fid", reference, other)
    assert (result["extractor"], result["tap"], result["n_a"]) == ("digits-cnn", "pool", 1_297)
    assert any("never compare it with an Inception FID" in line for line in result["warnings"])
    assert result["fid"] == pytest.approx(run_json("fid", "digits:train", "digits:test", *DIGITS)["fid"], rel=1e-10)


def test_a_file_of_another_tool_may_say_no_count(tmp_path):
    path = tmp_path / "plain.npz"
    np.savez(path, mu=np.zeros(96), sigma=np.eye(96))
    result = run_json("fid", path, "digits:test", *DIGITS)
    assert result["n_a"] is None
    assert any("does not say how it was made" in line for line in result["warnings"])
    assert "? plain.npz against 500" in run("fid", path, "digits:test", *DIGITS).stdout


def test_stats_says_what_it_wrote(tmp_path):
    path = tmp_path / "new.npz"
    result = run_json("stats", "digits:test", "-o", path, *DIGITS)
    assert (result["path"], result["count"], result["dims"]) == (str(path), 500, 96)
    with np.load(path) as saved:
        assert saved["mu"].shape == (96,)
        assert saved["sigma"].dtype == np.float64


def test_stats_keeps_a_file_that_exists_unless_told(reference):
    before = reference.read_bytes()
    refused = run("stats", "digits:test", "-o", reference, *DIGITS)
    assert refused.exit_code == 2
    assert "--force" in refused.stderr
    assert reference.read_bytes() == before
    assert run("stats", "digits:test", "-o", reference, *DIGITS, "--force").exit_code == 0


# ---- score


def test_score_computes_all_metrics_in_one_pass():
    result = run_json("score", "digits:real-1", "digits:real-2", "--metrics", "fid,is,kid,prdc,mse", *DIGITS)
    assert {"fid", "kid", "precision", "coverage", "mse", "inception_score_a", "inception_score_b"} <= set(result)
    assert result["metrics"] == ["fid", "inception-score", "kid", "prdc", "mse"]
    assert (result["tap"], result["tap_logits"], result["splits"]) == ("pool", "logits", 1)
    text = run("score", "digits:real-1", "digits:real-2", "--metrics", "fid,is,kid,prdc,mse", *DIGITS).stdout
    assert "IS (1 split) of digits:real-2" in text
    assert "lower is better" in text


def test_score_of_one_set_ends_in_its_letter():
    result = run_json("score", "digits:test", "--metrics", "is", *DIGITS)
    assert 1 <= result["inception_score_a"] <= 10
    assert "n_b" not in result
    assert "inception_score_b" not in result
    assert run_json("score", "digits:test", *DIGITS) == result


def test_scores_equal_those_of_fid():
    sets = ("digits:real-1", "digits:real-2")
    scores, alone = run_json("score", *sets, "--metrics", "fid", *DIGITS), run_json("fid", *sets, *DIGITS)
    assert {key: scores[key] for key in alone} == alone


def test_paired_errors_need_no_extractor():
    result = run_json("score", "digits:real-1", "digits:real-1", "--metrics", "mse")
    assert (result["mse"], result["extractor"], result["extractor_sha256"]) == (0, None, None)
    assert not any("extractor" in line for line in result["warnings"])
    text = run("score", "digits:real-1", "digits:real-1", "--metrics", "mse").stdout
    assert re.search(r"paired by  name: (\d+) with \1, ", text)


def test_another_tap_is_another_number_and_named(folders):
    usual, other = (run_json("fid", *folders, *DIGITS, *tap) for tap in ((), ("--tap", "logits")))
    assert (usual["tap"], other["tap"]) == ("pool", "logits")
    assert usual["fid"] != pytest.approx(other["fid"])
    assert "tap logits" in run("fid", *folders, *DIGITS, "--tap", "logits").stdout


def test_options_of_metrics_reach_them():
    args = ("score", "digits:real-1", "digits:real-2", *DIGITS, "--metrics", "is,kid,prdc")
    plain = run_json(*args)
    assert any("--kid-subset-size" in line for line in plain["warnings"])
    assert "kid_subsets_mean" not in plain
    chosen = run_json(*args, "--is-splits", 2, "--prdc-k", 3, "--kid-subsets", 4, "--kid-subset-size", 50)
    assert [chosen[key] for key in ("splits", "k", "subsets", "subset_size")] == [2, 3, 4, 50]
    assert "kid_subsets_mean" in chosen
    assert chosen["precision"] != plain["precision"]


# ---- doctor, weights, cache, list


def test_doctor_exits_with_0_for_warnings_at_most():
    result = run_json("doctor", "digits:train", "digits:test", *DIGITS)
    assert [entry["count"] for entry in result["sets"]] == [1_297, 500]
    assert {finding["level"] for finding in result["findings"]} == {"warning", "info"}


def test_doctor_exits_with_1_for_corrupt_files_and_names_them(folders):
    (folders[0] / "2.png").write_bytes(b"no image")
    result = run("doctor", *folders)
    assert result.exit_code == 1
    assert "2.png" in result.stdout
    findings = run_json("doctor", *folders, code=1)["findings"]
    assert findings[0]["code"] == "corrupt"


def test_doctor_finds_what_two_sets_share(folders):
    (folders[1] / "copy.png").write_bytes((folders[0] / "0.png").read_bytes())
    assert "byte-identical" in run("doctor", *folders).stdout


def test_doctor_shows_the_good_sets_before_it_ends_with_2(folders):
    result = run("doctor", folders[0], "absent")
    assert result.exit_code == 2
    assert "real" in result.stdout
    assert result.stderr == f"bench: absent does not exist. Expected {TAKEN}\n"


def test_weights_are_listed_with_their_address(monkeypatch, tmp_path):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    rows = {row["name"]: row for row in run_json("weights")}
    assert rows["digits_cnn.safetensors"]["place"] == "shipped"
    inception = [row for row in rows.values() if row["used_by"] == "inception"]
    assert all(row["path"] is None and row["url"].startswith("https://") for row in inception)
    text = run("weights").stdout
    assert "missing" in text
    assert "bench weights fetch" in text


def test_fetching_offline_or_for_nothing_is_refused(monkeypatch, tmp_path):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    assert "--offline forbids" in run("weights", "fetch", "inception", "--offline").stderr
    refused = run("weights", "fetch", "pixels")
    assert refused.exit_code == 2
    assert "no weights to fetch" in refused.stderr


def test_fetching_tells_where_the_file_lies(monkeypatch, tmp_path):
    import bench.weights

    monkeypatch.setattr(bench.weights, "fetch", lambda name, progress, offline: tmp_path / f"{name}.pth")
    assert run_json("weights", "fetch", "inception") == {
        "used_by": "inception",
        "path": str(tmp_path / "inception.pth"),
        "checked": True,
    }
    assert run_json("weights", "fetch", "biggan-deep-512")["checked"] is False
    assert "the sha256 is not on record" in run("weights", "fetch", "biggan_deep_512").stderr


def test_cache_is_shown_verified_and_emptied(folders):
    run("fid", *folders, *PIXELS)
    shown = run_json("cache")
    assert shown == run_json("cache", "show")
    assert [entry["source"] for entry in shown["entries"] if "features" in entry["what"]] == ["real", "made"]
    assert [entry["source"] for entry in shown["entries"] if "lowest and highest" in entry["what"]] == ["real", "made"]
    assert shown["size_bytes"] == sum(entry["size_bytes"] for entry in shown["entries"])
    assert "features pixels pool clean" in run("cache").stdout
    assert run_json("cache", "verify")["damaged"] == []
    assert run_json("cache", "empty", "--older-than", 1)["freed_bytes"] == 0
    assert run_json("cache", "empty")["freed_bytes"] == shown["size_bytes"]
    assert run_json("cache")["entries"] == []


def test_compiled_networks_count_and_are_emptied_too():
    engines = bench.storage.cache.cache_folder() / "engines"
    engines.mkdir(parents=True)
    (engines / "one.engine").write_bytes(b"12345")
    assert run_json("cache")["engines_bytes"] == 5
    assert run_json("cache", "empty", "--older-than", 1)["freed_bytes"] == 0
    assert run_json("cache", "empty")["freed_bytes"] == 5
    assert not list(engines.iterdir())


def test_a_damaged_entry_is_found_and_computed_again(folders):
    first = run_json("fid", *folders, *PIXELS)
    entry = next(bench.storage.cache.open_cache().root.glob("*/features.npy"))
    entry.write_bytes(entry.read_bytes()[:-4] + b"abcd")
    damaged = run_json("cache", "verify", code=1)["damaged"]
    assert [row["key"] for row in damaged] == [entry.parent.name]
    again = run_json("fid", *folders, *PIXELS)
    assert again["fid"] == first["fid"]
    assert any("damaged" in line for line in again["warnings"])
    assert run("cache", "verify").exit_code == 0


@pytest.mark.parametrize("kind", ["metrics", "extractors", "datasets", "models", "pretrained"])
def test_list_names_every_plug_in_with_title_and_source(kind):
    from bench import registry

    rows = run_json("list", kind)
    assert [row["name"] for row in rows] == registry.names(kind)
    assert all(row["title"] and row["source"] and row["kind"] == kind for row in rows)
    listed = run("list").stdout
    assert all(row["name"] in listed for row in rows)


def test_list_names_the_trained_models_with_the_command_that_samples_them():
    from bench.storage.trained import trained_names

    rows = run_json("list", "trained")
    assert [row["name"] for row in rows] == trained_names()
    assert {row["source"] for row in rows} == {f"bench sample {name} -n 16" for name in trained_names()}
    (one,) = (row for row in rows if row["name"] == "dcgan-digits")
    assert (one["model"], one["dataset"], one["steps"], len(one["sha256"])) == ("dcgan", "digits", 2432, 64)
    assert "bench sample dcgan-digits -n 16" in run("list").stdout


def test_list_reads_each_file_twice_and_looks_at_the_installed_packages_once(monkeypatch):
    from collections import Counter
    from importlib import metadata
    from pathlib import Path

    from bench import registry

    reads, looks, read_text, entry_points = Counter(), [], Path.read_text, metadata.entry_points
    monkeypatch.setattr(Path, "read_text", lambda path, **how: reads.update([path]) or read_text(path, **how))
    monkeypatch.setattr(metadata, "entry_points", lambda: looks.append(1) or entry_points())
    monkeypatch.setattr(registry, "_may_offer", lambda folder: True)
    registry._offered.cache_clear()
    registry._declares.cache_clear()
    assert run("list").exit_code == 0
    assert max(count for path, count in reads.items() if path.suffix == ".py") == 2
    assert len(looks) == 1


# ---- progress


def test_progress_goes_to_stderr_when_it_takes_long(folders, monkeypatch):
    monkeypatch.setattr("bench.cli._output.PLAIN_SECONDS", 0.0)
    result = run("fid", *folders, *PIXELS, "--json")
    assert "real: 6 of 6 images" in result.stderr
    json.loads(result.stdout)


def test_progress_that_was_begun_in_a_log_is_told_to_its_end(monkeypatch, capsys):
    from bench.cli import _output

    clock = iter([0.0, 1.0, 40.0, 41.0, 42.0, 43.0])
    monkeypatch.setattr(_output, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    with _output.progress() as tell:
        for name, done in (("a", 32), ("a", 64), ("b", 1_000), ("a", 500), ("a", 1_000)):
            tell(name, done, 1_000)
    assert capsys.readouterr().err.splitlines() == ["a: 64 of 1,000 images", "a: 1,000 of 1,000 images"]


def test_a_terminal_gets_a_bar(folders, monkeypatch):
    from bench.cli import _output

    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    with _output.progress() as tell:
        tell("real", 1, 2)
        tell("real", 2, 2)
    with _output.progress("bytes") as tell:
        tell("weights", 10, 20)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"),
        (1_297, "1,297"),
        (0.0, "0.00000"),
        (12.5, "12.5000"),
        (-958_357.6, "-958,358"),
        (3.2e-14, "3.20000e-14"),
    ],
)
def test_figures_have_six_digits(value, text):
    from bench.tables.scores import figure

    assert figure(value) == text
