"""Every command prints on every console: in its encoding, with ASCII for what that cannot show."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from bench.cli import _streams
from bench.cli._output import print_json, say

ROOT = Path(__file__).resolve().parent.parent
ENCODINGS = ("cp1252", "cp437", "cp850", "cp932", "latin-1", "ascii", "utf-8")
SHOWN = "FID \u2193 1 \u2212 2 \u2013 3 \u2191 \u00e9 \u00b1 \u00d7 \u6a21\u578b \u2500\u2501"


def console(monkeypatch, encoding):
    """stdout and stderr of a console with this encoding: what they are sent, as bytes."""
    streams = [io.TextIOWrapper(io.BytesIO(), encoding=encoding, write_through=True) for _ in range(2)]
    for name, stream in zip(("stdout", "stderr"), streams, strict=True):
        monkeypatch.setattr(sys, name, stream)
    _streams.fit()
    return [stream.buffer for stream in streams]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_any_text_is_printed(encoding, monkeypatch):
    out, err = console(monkeypatch, encoding)
    click.echo(SHOWN)
    say(SHOWN)
    assert out.getvalue() == err.getvalue()
    assert "FID " in out.getvalue().decode(encoding)


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("name", [SHOWN, "caf\udce9"])
def test_json_is_utf_8_or_escaped(encoding, name, monkeypatch):
    out, _ = console(monkeypatch, encoding)
    print_json({"name": name})
    assert json.loads(out.getvalue().decode("utf-8")) == {"name": name}


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_bar_of_progress_is_drawn(encoding, monkeypatch):
    from rich.console import Console
    from rich.progress import Progress

    _, err = console(monkeypatch, encoding)
    with Progress(console=Console(stderr=True, force_terminal=True, width=60)) as bars:
        bars.add_task("images \u2193", total=2, completed=1)
    assert "images" in err.getvalue().decode(encoding)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\u2212 \u2013 \u2014", "- - -"),
        ("\u2193 \u2191 \u2192", "v ^ ->"),
        ("\u00e9\u00fc\u00f1", "eun"),
        ("\u00b1 \u00d7 \u2264", "+- x <="),
        ("\u6a21", "\\u6a21"),
        ("caf\udce9", "caf\\xe9"),
        ("\ud800", "\\ud800"),
    ],
)
def test_what_ascii_cannot_show_looks_alike_or_is_numbered(text, shown, monkeypatch):
    out, _ = console(monkeypatch, "ascii")
    click.echo(text, nl=False)
    assert out.getvalue().decode("ascii") == shown


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_characters_that_the_console_has_are_left_alone(encoding, monkeypatch):
    out, _ = console(monkeypatch, encoding)
    known = "".join(letter for letter in SHOWN if letter == letter.encode(encoding, "ignore").decode(encoding))
    click.echo(known, nl=False)
    assert out.getvalue().decode(encoding) == known


@pytest.mark.parametrize(
    "setting", [{"PYTHONIOENCODING": "cp437"}, {"PYTHONUTF8": "0", "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0"}]
)
def test_a_board_and_a_help_are_printed_by_a_process_of_its_own(setting):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **setting}
    for command in (("leaderboard", "digits"), ("run", "--help")):
        done = subprocess.run([sys.executable, "-m", "bench", *command], cwd=ROOT, env=environment, capture_output=True)
        assert (done.returncode, done.stderr) == (0, b"")
        assert done.stdout


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_long_line_breaks_between_words_in_a_terminal_and_stays_one_line_elsewhere(monkeypatch):
    monkeypatch.setenv("COLUMNS", "20")
    line = "bench: no folder /a/long/path-of-a-folder here"
    assert _streams.folded(line, io.StringIO()) == line
    assert _streams.folded(line, Terminal()) == "bench: no folder\n  /a/long/path-of-a-folder\n  here"
    assert _streams.folded("bench: short", Terminal()) == "bench: short"
