"""A checkout whose texts have CRLF at the ends of their lines is the same results folder."""

import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest

from bench.leaderboard.board_tables import out_of_date, write_boards
from bench.leaderboard.entry_places import entry_path
from bench.storage.line_ends import GITATTRIBUTES, keep_line_ends
from bench.storage.reading import file_sha256
from bench.submissions.levels import verify_all

ROOT = Path(__file__).resolve().parent.parent
TRACK, NAME = "digits", "dcgan"
pytestmark = pytest.mark.skipif(not shutil.which("git"), reason="git is not installed")


def git(*arguments):
    subprocess.run(["git", *map(str, arguments)], check=True, capture_output=True)


def content(folder):
    found = (path for path in folder.rglob("*") if path.is_file() and ".git" not in path.parts)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


@pytest.fixture
def results(tmp_path):
    """One entry of this repository, its track and the board."""
    made, path = tmp_path / "repository/results", entry_path(Path(), TRACK, NAME)
    for name in (f"tracks/{TRACK}", path.with_suffix("").as_posix()):
        shutil.copytree(ROOT / "results" / name, made / name)
        shutil.copy(ROOT / "results" / f"{name}.json", made / f"{name}.json")
    write_boards(made)
    return made


def cloned(results, place):
    """What git checks out on a Windows with its usual settings."""
    repository = results.parent
    git("init", "-q", repository)
    git("-C", repository, "-c", "core.autocrlf=false", "add", ".")
    who = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false")
    git("-C", repository, *who, "commit", "-qm", "results")
    git("clone", "-q", "-c", "core.autocrlf=true", repository, place)
    return place / "results"


def test_git_leaves_the_bytes_of_a_results_folder_alone(results, tmp_path):
    assert content(cloned(results, tmp_path / "clone")) == content(results)


def test_a_checkout_with_crlf_verifies_and_its_boards_are_up_to_date(results, tmp_path):
    (results / ".gitattributes").unlink()
    checkout = cloned(results, tmp_path / "clone")
    assert b"\r\n" in entry_path(checkout, TRACK, NAME).read_bytes()
    verdicts = verify_all(checkout)
    assert [(verdict.level > 0, verdict.problems) for verdict in verdicts] == [(True, ())]
    assert out_of_date(checkout) == []


@pytest.mark.parametrize("chunk", [1, 2, 3, 2**20])
def test_text_has_one_hash_whatever_its_line_ends_and_other_bytes_have_their_own(chunk, tmp_path, monkeypatch):
    monkeypatch.setattr("bench.storage.reading.CHUNK", chunk)
    text, crlf = b"a\nb\r\rc\n", b"a\r\nb\r\rc\r\n"
    for name, content in (("a.json", text), ("b.json", crlf), ("c.npy", crlf)):
        (tmp_path / name).write_bytes(content)
    assert file_sha256(tmp_path / "a.json") == file_sha256(tmp_path / "b.json") == hashlib.sha256(text).hexdigest()
    assert file_sha256(tmp_path / "c.npy") == hashlib.sha256(crlf).hexdigest()


def test_what_somebody_has_told_git_stays(tmp_path):
    (tmp_path / ".gitattributes").write_text("* text\n")
    keep_line_ends(tmp_path)
    assert (tmp_path / ".gitattributes").read_text() == "* text\n"


def test_the_results_of_this_repository_are_left_alone_too():
    assert (ROOT / "results/.gitattributes").read_text() == GITATTRIBUTES
