"""What a user makes goes to my-results; what is published in results beside it is read too and never written."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from leaderboard_entries import write_results
from run_records import record

import bench
from bench.leaderboard.board import read_board
from bench.leaderboard.board_tables import everything
from bench.leaderboard.entries import VERIFIED_SCHEMA, Verified, read_track, read_verified, write_track, write_verified
from bench.leaderboard.entry_places import beside, entry_path, entry_paths
from bench.runs.run import place_of
from bench.site import write_site
from bench.storage.reading import file_sha256
from bench.storage.records import read_records, write_record
from bench.storage.result_places import OWN, first_of, in_words, read_from
from bench.submissions.levels import find_entry, verify_all
from bench.submissions.writing import new_path
from bench.tables.comparison import comparison_tables
from bench.tables.files import write_tables
from metrics.errors import InputError

PUBLISHED = Path("results")


def content(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A checkout with three published entries, dcgan among them, and two entries of a user."""
    monkeypatch.chdir(tmp_path)
    write_results(PUBLISHED, 5)
    write_results(OWN, 5)
    for number, path in enumerate(entry_paths(PUBLISHED, "digits")):
        other = OWN if number < 3 else PUBLISHED
        other /= path.relative_to(PUBLISHED)
        other.unlink()
        shutil.rmtree(other.with_suffix(""))
    return content(PUBLISHED)


@pytest.mark.parametrize(
    ("results", "read"),
    [("my-results", ["my-results", "results"]), ("results", ["results"]), ("elsewhere", ["elsewhere"])],
)
def test_only_my_results_is_read_with_what_is_published_beside_it(here, results, read):
    assert list(map(str, read_from(Path(results)))) == read
    assert in_words(Path(results)) == " and ".join(read)


def test_without_a_checkout_there_is_nothing_else_to_read(tmp_path):
    assert read_from(tmp_path / OWN) == (tmp_path / OWN,)


def test_a_file_is_read_where_it_is_first_and_written_to_the_users_folder(here):
    mine, published = entry_paths(OWN, "digits")[0], entry_paths(PUBLISHED, "digits")[0]
    assert first_of(OWN, mine) == mine
    assert first_of(OWN, OWN / published.relative_to(PUBLISHED)) == published
    assert first_of(OWN, OWN / "nowhere") == OWN / "nowhere"


def test_a_board_ranks_the_entries_of_both_places(here):
    names = {path.stem for path in entry_paths(PUBLISHED, "digits") + list((OWN / "submissions/digits").glob("*.json"))}
    board = read_board(OWN, "digits")
    shown = {one.entry.slug for one in (*board.ranked, *board.flagged, *board.controls)}
    assert (shown, board.damaged, len(names)) == (names, (), 5)


def test_a_site_has_pages_and_pictures_of_both_places_and_writes_neither(here):
    before = content(OWN)
    assert write_site(OWN, Path("site")).entries == 5
    assert (content(PUBLISHED), content(OWN)) == (here, before)


def test_two_entries_of_one_name_are_told_in_one_line_and_the_users_is_shown(here):
    mine = sorted((OWN / "submissions/digits").glob("*.json"))[0]
    theirs = PUBLISHED / mine.relative_to(OWN)
    shutil.copy(mine, theirs)
    shutil.copytree(mine.with_suffix(""), theirs.with_suffix(""))
    board = read_board(OWN, "digits")
    assert len(board.ranked) + len(board.flagged) + len(board.controls) == 5
    assert board.damaged_lines == (f"damaged and not shown: {theirs} has the name of {mine}; rename one of them",)
    assert {one.path for one in verify_all(OWN)} >= {mine, theirs}


def test_a_published_name_is_refused_for_a_new_entry(here):
    published = entry_paths(PUBLISHED, "digits")[0].stem
    with pytest.raises(InputError, match=r"^results/submissions/digits/.* is published; choose another --name$"):
        new_path(OWN, "digits", published)
    assert new_path(OWN, "digits", "mine") == entry_path(OWN, "digits", "mine")
    assert new_path(PUBLISHED, "digits", published) == entry_path(PUBLISHED, "digits", published)


def test_an_entry_is_found_in_either_place_and_verified_in_its_own(here):
    published, mine = (sorted((one / "submissions/digits").glob("*.json"))[0] for one in (PUBLISHED, OWN))
    assert find_entry(f"digits/{published.stem}", OWN) == (published, PUBLISHED)
    assert find_entry(f"digits/{mine.stem}", OWN) == (mine, OWN)


def test_a_check_of_a_published_entry_leaves_its_files_as_they_are_unless_its_place_is_named(here):
    published = entry_paths(PUBLISHED, "digits")[0]
    found = Verified(VERIFIED_SCHEMA, file_sha256(published), 3, "0", "2026-01-01T00:00:00Z")
    write_verified(beside(published) / "verified.json", found)
    before = content(PUBLISHED)
    (one,) = bench.verify(f"digits/{published.stem}")  # its numbers are made up
    assert (one.level, one.claimed) == (0, 0)
    assert one.notes == ("published, so its level is not written; --results results writes it",)
    bench.verify()
    assert content(PUBLISHED) == before
    (one,) = bench.verify(f"digits/{published.stem}", results=PUBLISHED)
    assert (one.claimed, one.notes) == (0, ())
    assert read_verified(published) == 0


def test_records_of_both_places_stand_in_the_users_comparison_and_nothing_published_changes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    published, mine = record(), replace(record(seed=1), created_utc="2030-01-01T00:00:00Z")
    for one, results in ((published, PUBLISHED), (mine, OWN)):
        write_record(place_of(one, results), one)
    before = content(PUBLISHED)
    write_tables(mine, OWN)
    assert {one.seed for one in read_records(OWN)} == {0, 1}
    (comparison,) = OWN.rglob("comparison.md")
    assert "dcgan, mean |" in comparison.read_text()
    assert content(PUBLISHED) == before


def test_two_runs_of_one_name_are_told_apart_by_the_time_they_were_made():
    (table,) = comparison_tables([record(), replace(record(), created_utc="2030-01-01T00:00:00Z"), record(model="vae")])
    names = {str(row[0].value) for row in table.rows}
    assert {f"dcgan, seed 0, made {time}" for time in ("2030-01-01T00:00:00Z", record().created_utc)} <= names
    assert "vae, seed 0" in names
    assert any("made 2030" in note for note in table.notes)


def test_published_entries_of_other_rules_are_told_in_one_line(here):
    track = OWN / "tracks/digits.json"
    record = read_track(track)
    metrics = tuple(replace(one, version=one.version + 1) for one in record.rules.protocol.metrics)
    rules = replace(record.rules, protocol=replace(record.rules.protocol, metrics=metrics))
    write_track(track, replace(record, rules=rules, track_id=rules.id))
    board = read_board(OWN, "digits")
    lines = [line for line in board.damaged_lines if "--results results`" in line]
    assert len(lines) == 1 and lines[0].startswith("measured by other rules and not shown: ")
    assert "--results results` may show them" in lines[0]
    assert "version 1" in lines[0] and "version 2" in lines[0]
    statuses = {row[0].value for row in everything(board).rows}
    assert "other rules" in statuses and "damaged" not in statuses
