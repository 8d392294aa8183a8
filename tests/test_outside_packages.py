"""Plug-ins that other installed packages offer, written as CONTRIBUTING.md shows them."""

import json
import re
import shutil
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from installed import install
from tiny_runs import undrawn

from bench import registry
from bench.cli import main
from bench.storage.records import read_records
from metrics.errors import InputError

PAGE = Path(__file__).resolve().parent.parent / "CONTRIBUTING.md"
EXAMPLES = dict(re.findall(r"```python\n# [\w/]+/(\w+)\.py\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL))
OFFERED = {
    "metrics": ("sliced-wasserstein", "sliced_wasserstein:METRIC"),
    "extractors": ("thumbnail", "thumbnail:EXTRACTOR"),
    "datasets": ("stripes", "stripes:DATASET"),
    "models": ("pixel-normal", "pixel_normal:MODEL"),
}


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A folder for packages on the path; what is imported from it is forgotten afterwards."""
    folder, before = tmp_path / "site", set(sys.modules)
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    monkeypatch.chdir(tmp_path)
    yield folder
    for name in set(sys.modules) - before:
        if name.startswith("acme") or name.startswith("other"):
            del sys.modules[name]


@pytest.fixture
def acme(site):
    install(site, "acme", OFFERED, EXAMPLES)


def run(*words, code=0):
    result = CliRunner().invoke(main, [str(word) for word in words])
    assert result.exit_code == code, result.output
    return result


def test_the_page_has_an_example_of_each_kind():
    assert sorted(EXAMPLES) == sorted(target.partition(":")[0] for _, target in OFFERED.values())


@pytest.mark.usefixtures("acme")
def test_everything_that_a_package_offers_is_listed_with_where_it_comes_from():
    for kind, (name, _) in OFFERED.items():
        assert name in registry.names(kind)
        (entry,) = [one for one in json.loads(run("list", kind, "--json").stdout) if one["name"] == name]
        assert entry["package"] == "acme 1.2"
        assert "[from acme 1.2]" in run("list", kind).stdout
    own = [one["package"] for one in json.loads(run("list", "--json").stdout) if one["name"] == "dcgan"]
    assert own == [""]


@pytest.mark.usefixtures("acme")
def test_a_metric_an_extractor_and_a_data_set_of_a_package_are_used_by_name():
    sets = ("stripes:real-1", "stripes:real-2")
    words = ("score", *sets, "--extractor", "thumbnail", "--metrics", "sliced-wasserstein", "--json")
    found = json.loads(run(*words).stdout)
    assert 0 < found["sliced_wasserstein"] < 0.5
    same = json.loads(run(words[0], sets[0], sets[0], *words[3:]).stdout)
    assert same["sliced_wasserstein"] == 0


@pytest.mark.usefixtures("acme")
def test_a_run_says_in_protocol_and_record_which_packages_took_part(monkeypatch):
    undrawn(monkeypatch)
    run("run", "--model", "pixel-normal", "--dataset", "stripes", "--extractor", "thumbnail")
    (record,) = read_records(Path("my-results"))
    assert record.protocol.packages == ("extractor thumbnail of acme 1.2", "data set stripes of acme 1.2")
    assert record.environment.packages["acme"] == "1.2"
    run("run", "--model", "pixel-normal", "--dataset", "digits")
    (own,) = read_records(Path("my-results"), "digits")
    assert own.protocol.packages == ()


def test_a_name_that_two_packages_offer_is_an_error_that_names_both(site):
    for name in ("acme", "other"):
        install(site, name, {"metrics": OFFERED["metrics"]}, {"sliced_wasserstein": EXAMPLES["sliced_wasserstein"]})
    with pytest.raises(InputError, match=r"'sliced-wasserstein' is offered by (acme|other) 1\.2 and (acme|other) 1\.2"):
        registry.load("metrics", "sliced-wasserstein")
    assert registry.load("metrics", "fid").name == "fid"


def test_a_name_of_this_project_cannot_be_taken(site):
    install(site, "acme", {"metrics": ("fid", "mine:METRIC")}, {"mine": "METRIC = None\n"})
    with pytest.raises(InputError, match=r"'fid' is offered by this project and acme 1\.2; remove one"):
        registry.load("metrics", "fid")


BROKEN = {
    "it cannot be imported": ("import nowhere_to_be_found\n", "ModuleNotFoundError: No module named"),
    "its constant is missing": ("", "AttributeError"),
    "it is something else": ("METRIC = 3\n", r"is not of type Metric, or has another name \(acme\.mine:METRIC\)"),
    "it has another name": (EXAMPLES["sliced_wasserstein"], "is not of type Metric, or has another name"),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_package_that_does_not_work_is_named_and_costs_only_itself(site, fault):
    code, said = BROKEN[fault]
    install(site, "acme", {"metrics": ("mine", "mine:METRIC")}, {"mine": code})
    with pytest.raises(InputError, match=said) as error:
        registry.load("metrics", "mine")
    assert "metric 'mine' of acme 1.2" in str(error.value)
    listed = run("list", "metrics").stdout
    assert "does not work" in listed
    assert "fid" in listed


def test_a_package_that_was_removed_is_gone(site):
    install(site, "acme", OFFERED, EXAMPLES)
    assert "stripes" in registry.names("datasets")
    shutil.rmtree(site)
    sys.path.remove(str(site))
    assert "stripes" not in registry.names("datasets")
