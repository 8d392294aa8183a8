"""The pages: what they link to is there, and no model, data set or command of theirs is made up."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest

from bench import registry
from bench.cli import main
from bench.reproducing.plan import read_plan
from bench.storage.records import run_name, slug
from bench.tables.notes import COMPLETE
from reference_models.loop import changed_settings, with_settings

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
TABLE = r"\((\.\./results/tables/[^)]+)\.md\)"
SHARE = r"(full recipe|[\d.]+ %)"
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_of_a_page_leads_somewhere(page):
    links = [link for link in LINK.findall(page.read_text()) if not link.startswith(("http://", "https://"))]
    links += re.findall(r'(?:src|href)="(?!http)([^"#]+)"', page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_link_of_the_published_tables_leads_somewhere():
    pages = sorted((ROOT / "results").rglob("*.md"))
    links = [(page, link) for page in pages for link in LINK.findall(page.read_text()) if not link.startswith("http")]
    assert len(links) > 80
    assert [f"{page.name}: {link}" for page, link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_models_and_data_sets_in_the_commands_of_a_page_exist(page):
    made = re.findall(r"bench tracks new (\S+)", page.read_text())
    known = {"--model": registry.names("models"), "--dataset": [*registry.names("datasets"), *made]}
    for command in re.findall(r"bench (?:run|train) [^`\n#]*", page.read_text()):
        words = shlex.split(command)
        for option, names in known.items():
            for place in [place for place, word in enumerate(words[:-1]) if word == option]:
                name = words[place + 1].partition("/")[0].partition(":")[0]
                assert name in [*names, "folder", "NAME", "DATA", "D", "X", "pixel-normal"], command


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_options_in_the_commands_of_a_page_are_those_of_the_command(page):
    for line in re.findall(r"`(bench [^`]+)`|^(bench [^\n]+)", page.read_text(), re.MULTILINE):
        words = shlex.split("".join(line).partition(" && ")[0], comments=True)[1:]
        command: click.Command | None = main
        while isinstance(command, click.Group) and words and words[0] in command.list_commands(click.Context(command)):
            command = command.get_command(click.Context(command), words.pop(0))
        assert command is not None
        options = {"--help", *(name for one in command.get_params(click.Context(command)) for name in one.opts)}
        assert {word for word in words if re.match("--?[a-z]", word)} <= options, line
        if "explore" in line[0] and set(words) & set(registry.names("pretrained")):
            assert "--weights" not in words or "--generator-weights" in words, line


def test_runs_in_the_page_of_the_documents_are_those_that_its_commands_train():
    page = (ROOT / "docs" / "seeds.md").read_text()
    made = set()
    for line in re.findall(r"`bench (?:run|train) ([^`]+)`", page):
        words = shlex.split(line)
        asked = dict(zip(words[::2], words[1::2], strict=True))
        spec = registry.load("models", asked["--model"])
        recipe = spec.recipe(asked["--dataset"].partition("/")[0])
        settings = [value for option, value in zip(words[::2], words[1::2], strict=True) if option == "--set"]
        changes = changed_settings(with_settings(recipe, settings), recipe)
        made.add(run_name(f"{spec.name}-{slug(asked['--dataset'])}", int(asked.get("--seed", 0)), changes))
    named = set(re.findall(r"runs/([\w.-]+-seed\d+)[ `]", page))
    assert len(named) > 10
    assert named <= made


def test_every_model_stands_in_the_page_of_models_and_where_a_document_asks_for_it_in_theirs():
    models, tasks = (ROOT / "docs" / "models.md").read_text(), (ROOT / "docs" / "seeds.md").read_text()
    assert [name for name in registry.names("models") if f"| `{name}` |" not in models] == []
    sources = {name: registry.load("models", name).source for name in registry.names("models")}
    asked = [name for name, source in sources.items() if re.search("assignment|report", source)]
    assert len(asked) > 20
    assert [name for name in asked if f"--model {name}" not in tasks] == []


@pytest.mark.parametrize(
    ("page", "words"),
    [("models.md", rf"\]{TABLE} {SHARE}"), ("seeds.md", rf"{SHARE}(?: of the recipe)?: \[table\]{TABLE}")],
)
def test_how_much_of_a_recipe_was_trained_is_what_the_record_says(page, words):
    found = re.findall(words, (ROOT / "docs" / page).read_text())
    assert len(found) > 20
    for pair in found:
        table, told = sorted(pair, key=lambda one: not one.startswith(".."))
        record = json.loads((ROOT / "docs" / f"{table.replace('/tables/', '/runs/')}.json").read_text())
        share = record["training"]["epochs"] / record["training"]["full_epochs"]
        assert told == ("full recipe" if share >= COMPLETE else f"{100 * share:.2g} %"), table


def test_every_run_of_the_plan_has_a_row_that_says_whether_it_is_there():
    pages = [(ROOT / "docs" / f"models-{task}.md").read_text() for task in ("generate", "reconstruct", "translate")]
    rows = re.findall(r"^\| `([\w-]+)[^`]*` \| `([^`]+)` \| `[^`]+` \| ([^|]+) \|", "\n".join(pages), re.MULTILINE)
    plan = read_plan(ROOT / "results" / "plan.toml")
    for name, run in plan.runs.items():
        of_it = {told for model, data, told in rows if (model, data.partition(",")[0]) == (run.model, run.dataset)}
        assert {told == "**not run**" for told in of_it} >= {not run.fid}, name
    seeds = re.findall(r"<!-- run ([^ ;]+)[^>]*-->", (ROOT / "docs" / "seeds.md").read_text())
    assert len(seeds) > 40
    assert [name for name in seeds if name not in plan.runs] == []


def test_what_pages_say_of_models_and_commands_is_what_is_known_of_them():
    done = subprocess.run([sys.executable, ROOT / "scripts" / "pages.py", "--check"], capture_output=True, text=True)
    assert done.stdout == "out of date: none\n", done.stdout + done.stderr


def test_the_gallery_shows_no_data_set_whose_licence_forbids_it():
    shown = re.findall(r'<img src="([^"]+)"', (ROOT / "docs" / "gallery.md").read_text())
    forbidden = [name for name in registry.names("datasets") if not registry.load("datasets", name).publishable]
    assert len(shown) > 20
    assert {"celeba", "cufs", "emoji", "horse2zebra", "tiny-imagenet"} <= set(forbidden)
    places = [*shown, *(path.name for path in (ROOT / "docs" / "gallery").iterdir())]
    pattern = re.compile(rf"(^|/)({'|'.join(forbidden)})[-/]")
    assert [place for place in places if pattern.search(place)] == []


def test_the_first_table_of_the_readme_is_the_committed_one():
    rows = re.findall(r"^\| real 1 vs .*$", (ROOT / "README.md").read_text(), re.MULTILINE)
    committed = ROOT / "results" / "tables" / "digits" / "3cad8c43eb34" / "dcgan-seed0.md"
    assert len(rows) == 5
    assert set(rows) <= set(committed.read_text().splitlines())


def test_the_readme_counts_the_generators_that_are_there():
    told = re.findall(r"(\d+) (?:reference )?generators", (ROOT / "README.md").read_text())
    assert len(told) == 2
    assert set(told) == {str(len(registry.names("models")) - 2)}  # without the two controls


def test_the_map_of_the_readme_names_every_room_and_every_file_at_the_root():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    rooms = {path.split("/")[1] for path in listed if re.match(r"bench/(\w+/|[a-z]\w*\.py)", path)}
    at_root = {path.split("/")[0] for path in listed} - {
        "bench",
        "README.md",
        "LICENSE",
        ".gitignore",
        ".gitattributes",
    }
    mapped = (ROOT / "README.md").read_text().partition("| folder or file |")[2]
    assert {place for place in rooms | at_root if place not in mapped} == set()
