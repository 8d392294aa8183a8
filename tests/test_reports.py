"""`bench report`: what stands in one, in which order, and what is refused."""

import re
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner
from reported_runs import collapsed, report_run
from run_records import record
from tiny_runs import values

import bench
from bench import registry
from bench.cli import main
from bench.reporting.architecture import architecture
from bench.reporting.assignments import Moments, names, open_assignment
from bench.reporting.document import Bullets, Code, Heading, Paragraph
from bench.reporting.given import Given, open_given
from bench.reporting.observations import observations
from bench.reporting.recipe import settings_table
from bench.reporting.reproducing import not_trained
from bench.storage.records import write_record
from metrics.errors import InputError
from reference_models.loop import with_settings
from reference_models.types import ImageShape


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A VAE and a second seed of it, a GAN that has collapsed, and a run that was not measured."""
    folder = tmp_path_factory.mktemp("reported")
    report_run(folder, "vae")
    report_run(folder, "vae", seed=1)
    report_run(folder, "gan", scores=collapsed())
    report_run(folder, "autoencoder", measured=False)
    return folder


def made(home, *names, **keywords):
    return bench.report(*(home / "runs" / name for name in names), results=home / "results", **keywords)


def opened(home, name):
    (run,) = open_given([home / "runs" / name], home / "results", home)
    return run


def headings(report, level=1):
    return [one.text for one in report if isinstance(one, Heading) and one.level == level]


def words(report):
    texts = [one.text for one in report if isinstance(one, Paragraph | Code | Heading)]
    return "\n".join([*texts, *(item for one in report if isinstance(one, Bullets) for item in one.items)])


# ----- what stands in a report


def test_one_run_is_told_from_its_layers_to_what_to_cite(home):
    report = made(home, "vae-digits-seed0")
    assert headings(report) == [
        "vae on digits, seed 0", "How to read the numbers", "What was not run", "How it was made", "References",
    ]  # fmt: skip
    assert headings(report, 3) == [
        "Architecture", "Settings", "Training curves", "Over the training", "Results", "Numbers", "Observations",
    ]  # fmt: skip
    assert {"architecture-encoder", "settings", "table-5"} <= {table.name for table in report.tables}
    assert [figure.name.removeprefix("vae-digits-seed0-") for figure in report.figures] == [
        *("reconstruction", "kl-divergence", "evaluation-reconstruction-mse", "samples-over-training"),
        *("sample-grids-1", "sample-grids-2", "reconstructions-over-training", "samples"),
    ]
    said = words(report)
    assert "bench run --model vae --dataset digits --steps 30" in said
    assert "@inproceedings{kingma2014auto," in said and "Some CPU" in said


def test_the_command_that_trains_the_rest_of_a_recipe_goes_on_with_the_run_under_its_extractor(home):
    run = opened(home, "vae-digits-seed1")
    other = replace(run.records[0], protocol=replace(run.records[0].protocol, extractor="pixels"))
    assert "`bench run --model vae --dataset digits --seed 1 --extractor pixels --resume` trains all of it" in " ".join(
        not_trained(replace(run, records=(other,)))
    )
    assert "--extractor pixels` trains" in " ".join(not_trained(replace(run, records=(other,), folder=None)))


def test_several_runs_are_compared_and_each_is_named_by_its_seed(home):
    report = made(home, "vae-digits-seed0", "vae-digits-seed1", "gan-digits-seed0")
    assert headings(report)[:4] == [
        "vae on digits, seed 0", "vae on digits, seed 1", "gan on digits, seed 0", "Comparison",
    ]  # fmt: skip
    compared = report["comparison"]
    assert [row[0].value for row in compared.rows][1:-1] == ["gan, seed 0", "vae, mean"]
    assert report["seeds"].title.startswith("vae on digits: mean over 2 training seeds (0 and 1)")
    notes = [table.notes[-1].partition(":")[0] for table in report.tables if table.name.startswith("table")]
    assert notes == [*["one of several training seeds"] * 2, "one training seed"]
    layers = [table.name for table in report.tables if table.name.startswith("architecture")]
    assert len(layers) == 4  # two networks of each model, and those of the VAE once
    assert len({one.name for one in (*report.tables, *report.figures)}) == len(report.tables) + len(report.figures)


def test_a_run_named_twice_is_told_once(home):
    assert len(made(home, "vae-digits-seed0", "vae-digits-seed0").tables) == len(made(home, "vae-digits-seed0").tables)


def test_a_record_alone_has_its_tables_and_finds_its_folder(home, monkeypatch):
    (path,) = (home / "results").glob("runs/digits/*/vae-seed0.json")
    assert not bench.report(path).figures
    assert len(bench.report(path, workdir=home).figures) == 8


def test_a_run_that_was_not_measured_says_how_to_measure_it(home):
    report = made(home, "autoencoder-digits-seed0")
    assert "Numbers" not in headings(report, 3)
    assert f"not measured; `bench evaluate {home / 'runs' / 'autoencoder-digits-seed0'}` does it" in words(report)


def test_settings_say_where_they_are_from(home, tmp_path):
    table = settings_table(opened(home, "vae-digits-seed0"))
    told = dict(zip(values(table, "setting"), values(table, "source"), strict=True))
    assert told["hidden"] == "Tables 1 and 2"
    assert told["epochs"].startswith("recipe for digits (1,297 images")
    assert told["relu_on_code"] == "Table 1 has it; see the first lines of reference_models/vae.py"
    report_run(tmp_path, "vae", hidden=99)
    table = settings_table(opened(tmp_path, "vae-digits-hidden-99-seed0"))
    assert "set here; the recipe has 400" in values(table, "source")


def test_an_average_that_the_recipe_has_no_field_for_is_said_to_be_set_here(tmp_path):
    spec = registry.load("models", "gan")
    recipe = spec.recipe("digits")
    about = {"folder": tmp_path, "training": None, "records": ()}
    config = with_settings(recipe, ["average=0.999"])
    given = Given("x", spec, config, "digits", 0, "train", **about)
    table = settings_table(given)
    told = dict(zip(values(table, "setting"), values(table, "source"), strict=True))
    assert told["average"] == "set here; the recipe has 0.0"
    assert told["hidden"] == "sections 4.1.1 and 4.1.2"


def test_layers_have_the_shape_of_their_output_and_their_parameters():
    spec = registry.load("models", "vae")
    encoder, decoder = architecture(spec, spec.recipe("fashion-mnist"), ImageShape(1, 28, 28), 0)
    assert encoder.title == "vae: encoder, 318,010 parameters"
    assert values(encoder, "parameters") == [0, 784 * 400 + 400, 0, 2005, 2005]
    assert values(encoder, "output") == ["784", "400", "400", "5", "5"]
    assert values(decoder, "output")[-1] == "1\u00a0×\u00a028\u00a0×\u00a028"


def test_networks_of_the_same_layers_share_a_table_and_equal_blocks_are_told_once():
    spec = registry.load("models", "cyclegan")
    tables = architecture(spec, spec.recipes["tiny"], ImageShape(3, 32, 32), 0)
    assert [table.title.partition(",")[0] for table in tables] == ["cyclegan: G and F", "cyclegan: D_X and D_Y"]
    twice = architecture(spec, replace(spec.recipes["tiny"], blocks=2), ImageShape(3, 32, 32), 0)
    assert len(twice[0].rows) == len(tables[0].rows)
    assert any(str(row[1].value).endswith(", 2 times") for row in twice[0].rows)


def test_observations_follow_from_the_numbers(home):
    vae, gan = (observations(opened(home, f"{name}-digits-seed0")) for name in ("vae", "gan"))
    assert any("the interval contains 0" in line for line in vae)
    assert any("lies above that of real images" in line for line in vae)
    assert any("lowest at step 10 (0.2) and rose to 0.4: the model over-fits" in line for line in vae)
    assert not any("collapse" in line for line in vae)
    assert (
        "Recall is 0.01, where real images have 0.97, and precision is 0.90: most images lie among the real ones, but "
        in (" ".join(gan))
    )


# ----- assignments


def test_every_assignment_can_be_read_and_names_models_and_data_sets_that_are_here():
    assert names() == ["cis680-2017", "cis680-a4", "csc413-a4", "dtu", "ouc-a3"]
    for name in names():
        for part in open_assignment(name).parts:
            assert part.asked and part.commands
            assert {*part.models} <= set(registry.names("models"))
            assert part.dataset.partition("/")[0] in ("", *registry.names("datasets"))
            for model in part.models:
                fields = vars(registry.load("models", model).recipes["default"])
                assert {*part.settings, *part.changed} <= set(fields) or len(part.models) > 1


def test_parts_come_in_the_order_of_the_assignment_and_those_without_a_run_are_listed(home):
    report = made(home, "gan-digits-seed0", "autoencoder-digits-seed0", "vae-digits-seed0", assignment="ouc-a3")
    assert headings(report)[:5] == [
        "Autoencoder", "Basic GAN", "Deep convolutional GAN", "Bonus: emoji CycleGAN", "Other runs",
    ]  # fmt: skip
    said = words(report)
    assert "Asked for on fashion-mnist-24; this run is on digits" in said
    assert "Deep convolutional GAN: `bench run --model dcgan-small --dataset fashion-mnist-24`" in said


def test_a_run_stands_in_the_narrowest_part_that_it_fits(tmp_path):
    runs = [report_run(tmp_path, "gan-deep"), report_run(tmp_path, "gan-deep", loss="vanilla")]
    report = bench.report(*runs, results=tmp_path / "results", assignment="dtu")
    order = [one.text for one in report if isinstance(one, Heading) and one.level < 3]
    assert order[:4] == [
        *("GAN with the vanilla loss", "gan-deep on digits, loss=vanilla, seed 0"),
        *("GAN with the least-squares loss", "gan-deep on digits, seed 0"),
    ]


def test_another_seed_is_a_part_of_its_own(tmp_path):
    runs = [report_run(tmp_path, "cyclegan-emoji", "digits2styles", seed=seed, measured=False) for seed in (3, 4)]
    report = bench.report(*runs, results=tmp_path / "results", assignment="csc413-a4")
    order = [one.text for one in report if isinstance(one, Heading) and one.level < 3]
    assert order[order.index("2.2 Another seed") + 1] == "cyclegan-emoji on digits2styles, seed 4"


@pytest.mark.parametrize(
    ("moments", "wanted"),
    [
        (Moments(count=3), [0, 20, 40]),
        (Moments(every=20), [0, 20, 40]),
        (Moments(every=1000), [0, 10, 20, 20, 30, 40]),
        (Moments(steps=(12, -1)), [12, 40]),
    ],
)
def test_the_moments_that_an_assignment_asks_for(moments, wanted):
    assert moments.of((0, 10, 20, 30, 40)) == wanted
    assert moments.of(()) == []


def test_an_assignment_may_be_a_file_of_ones_own(home, tmp_path):
    (tmp_path / "mine.toml").write_text('title = "Mine"\n[[parts]]\ntitle = "A"\nasked = "train"\nmodels = ["vae"]\n')
    report = made(home, "vae-digits-seed0", assignment=str(tmp_path / "mine.toml"))
    assert report.document.title == "Mine" and headings(report)[0] == "A"


# ----- what is refused


def refused(*arguments):
    found = CliRunner().invoke(main, ["report", *map(str, arguments)], prog_name="bench")
    assert found.exit_code == 2 and found.stdout == ""
    return found.stderr


def test_a_report_of_nothing_is_one_line(home, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert refused().startswith("bench: a report of nothing: name at least one run; expected the folder of a run")
    assert "does not exist; expected the folder of a run" in refused("nowhere")
    (tmp_path / "empty").mkdir()
    assert "empty is not the folder of a run (it has no run.json)" in refused("empty")
    assert "names no format" in refused("empty", "-o", "report.txt")
    assert "no format 'word'" in refused("empty", "--format", "word")
    assert "report.pdf is no name for --format html" in refused("empty", "--format", "html", "-o", "report.pdf")
    assert "no assignment 'cis680'. Did you mean" in refused("empty", "--for", "cis680")
    assert "figure_scale is 9; expected a number from 0.1 to 2" in refused("empty", "--figure-scale", "9")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty"]


def test_runs_that_failed_or_have_not_finished_are_refused(tmp_path):
    folder = report_run(tmp_path, "vae", measured=False)
    (folder / "training.json").unlink()
    with pytest.raises(InputError, match="has not finished, so there is nothing to report; continue it with --resume"):
        bench.report(folder, results=tmp_path / "results")
    path = tmp_path / "failed.json"
    write_record(path, record(status="failed", error="out of memory", sets=(), pairs=()))
    with pytest.raises(InputError, match="failed: out of memory; run it again"):
        bench.report(path)


def test_runs_that_answer_no_part_of_an_assignment_are_refused(home):
    with pytest.raises(InputError, match=r"none of these runs \(vae\) answers a part of dtu, which is about gan-deep"):
        made(home, "vae-digits-seed0", assignment="dtu")


# ----- HTML


def test_html_is_one_file_that_loads_nothing_and_escapes_what_others_have_chosen(home, tmp_path):
    output = tmp_path / "report.html"
    report = made(home, "gan-digits-seed0", output=output, title="<script>x</script>", authors="A & `B`")
    text = output.read_text(encoding="utf-8")
    assert (report.path, report.format) == (output, "html")
    assert "<script" not in text and "&lt;script&gt;x&lt;/script&gt;" in text and "A &amp; <code>B</code>" in text
    assert "default-src 'none'; img-src data:; style-src 'sha256-" in text
    assert not re.findall(r'(?:src|href)="(?!data:|#)', text)
    assert text.count("<figure") == len(report.figures) and text.count("<table") == len(report.tables)
    with pytest.raises(InputError, match="exists; replace it with --force"):
        made(home, "gan-digits-seed0", output=output)


def test_figures_are_smaller_on_paper_where_that_is_asked_and_keep_their_letters(home):
    from bench.reporting.figures import TEXT_WIDTH, drawn, width_of

    curves, *_, samples = made(home, "gan-digits-seed0").figures
    assert width_of(curves) == 0.75 and width_of(curves, 0.5) == 0.375 and width_of(curves, 2) == 1
    assert drawn(curves, 0.5).get_size_inches()[0] == pytest.approx(0.375 * TEXT_WIDTH)
    assert np.allclose(drawn(samples, 0.5).get_size_inches(), drawn(samples, 1).get_size_inches())
    assert curves._repr_png_().startswith(b"\x89PNG")


def test_the_command_writes_a_report_and_says_what_is_in_it(home, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (record_file,) = (home / "results").glob("runs/digits/*/gan-seed0.json")
    where = ["report", str(record_file)]
    found = CliRunner().invoke(main, where, prog_name="bench")
    assert (found.exit_code, found.stdout) == (0, "report.html\n"), found.stderr
    found = CliRunner().invoke(main, [*where, "--json", "--force"], prog_name="bench")
    assert '"format": "html"' in found.stdout and '"path": "report.html"' in found.stdout
