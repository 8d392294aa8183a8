"""What others have named cannot act on a terminal, and no name forges a line."""

import ast
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from bench import cli
from bench.cli import main
from bench.names import counted, shown
from bench.tables.renderers import RENDERERS
from bench.tables.table import Cell, Column, Table
from genbench.names import did_you_mean

ROOT = Path(__file__).resolve().parent.parent
NASTY = "a\x1b[2Jb\nwarning: forged\u202e\x9bc"
ESCAPED = r"a\x1b[2Jb\nwarning: forged\u202e\x9bc"


def folder_of(place, name, file_name="image"):
    folder = place / name
    folder.mkdir()
    for number in range(4):
        pixels = np.random.default_rng(number).integers(0, 256, (8, 8, 3), np.uint8)
        Image.fromarray(pixels).save(folder / f"{file_name}{number}.png")
    return folder


def run(*words):
    done = CliRunner().invoke(main, list(map(str, words)))
    return done.stdout + done.stderr


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        (NASTY, ESCAPED),
        ("Zoë's 模型 – 100 %.png", "Zoë's 模型 – 100 %.png"),
        ("\udcff\ud800.png", r"\xff\ud800.png"),
        ("a\r\tb\u2028", r"a\r\tb\u2028"),
        ("two\u00a0words", "two\u00a0words"),
    ],
)
def test_letters_that_do_more_than_stand_there_are_escaped(text, safe):
    assert shown(text) == safe


@pytest.mark.parametrize("words", [("doctor",), ("doctor", "--json"), ("fid",), ("fid", "--json"), ("score",)])
def test_names_of_folders_and_files_reach_no_terminal_as_they_are(tmp_path, words):
    nasty, plain = folder_of(tmp_path, NASTY, NASTY), folder_of(tmp_path, "plain")
    (nasty / f"{NASTY}.png").write_bytes(b"no image")
    for extra in ((), ("--skip-corrupt",)) if words[0] != "doctor" else ((),):
        options = () if words[0] == "doctor" else ("--extractor", "pixels", *extra)
        said = run(*words, nasty, plain, *options)
        assert not {"\x1b", "\x9b", "\u202e"} & set(said), ascii(said)
        assert "\nwarning: forged" not in said
        assert "x1b[2Jb" in said or "u001b[2Jb" in said


def test_a_warning_of_a_name_is_one_line_and_whole_however_long_the_path_is(tmp_path):
    missing = tmp_path / ("long" * 40) / NASTY.replace("[", "")  # with it the name would be a pattern
    said = run("fid", missing, tmp_path)
    assert said.count("\n") == 1 and said.startswith("bench: ")
    assert f"long/{ESCAPED.replace('[', '')} does not exist" in said


@pytest.mark.parametrize("kind", ["terminal", "md", "csv"])
def test_a_table_keeps_each_row_on_its_line(kind):
    table = Table("t", NASTY, (Column("name", "Name"),), ((Cell(NASTY),), (Cell(f"={NASTY}"),)), (NASTY,))
    text = RENDERERS[kind](table)
    assert "\x1b" not in text and "\nwarning: forged" not in text


def test_text_leaves_by_one_exit():
    for path in Path(cli.__file__).parent.glob("*.py"):
        if path.name in ("_output.py", "__init__.py"):
            continue
        calls = [node.func for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
        assert "echo" not in {call.attr for call in calls if isinstance(call, ast.Attribute)}, path


@pytest.mark.parametrize(("count", "words"), [(0, "0 images"), (1, "1 image"), (2_000, "2,000 images")])
def test_words_fit_their_number(count, words):
    assert counted(count, "image") == words
    assert counted(1, "entry", "entries") == "1 entry" and counted(2, "entry", "entries") == "2 entries"


# ---- names that nobody knows


@pytest.mark.parametrize(
    ("name", "known", "answer"),
    [
        ("fud", ["kid", "fid", "prdc"], "Did you mean 'fid'?"),
        ("fid-kid", ["prdc", "fid", "kid"], "Did you mean 'kid' or 'fid'?"),
        ("FUD", ["kid", "fid"], "Did you mean 'fid'?"),
        ("smiling", ["Smiling", "Male"], "Did you mean 'Smiling'?"),
        ("edges", ["edges2shapes", "vgg16"], "Did you mean 'edges2shapes'?"),
        ("VGG", ["edges2shapes", "vgg16-random"], "Did you mean 'vgg16-random'?"),
        ("nope", ["train-copies", "dcgan"], "There are: train-copies, dcgan."),
        ("g", ["gan", "dcgan"], "There are: gan, dcgan."),
        ("xyz", ["kid", "fid"], "There are: kid, fid."),
        ("xyz", [], "There are: none."),
    ],
)
def test_an_unknown_name_is_answered_with_the_close_ones_or_with_all(name, known, answer):
    assert did_you_mean(name, iter(known)) == answer


def test_where_no_name_is_close_something_else_can_be_said():
    assert did_you_mean("xyz", ["fid"], "`bench list` has them.") == "`bench list` has them."


def test_close_names_are_looked_for_in_one_place():
    packages = ("bench", "metrics", "reference_models", "genbench")
    modules = (path for package in packages for path in (ROOT / package).rglob("*.py"))
    found = {path.relative_to(ROOT).as_posix() for path in modules if "get_close_matches" in path.read_text("utf-8")}
    assert found == {"genbench/names.py"}
