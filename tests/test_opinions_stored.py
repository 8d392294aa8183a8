"""Ratios out of what is stored: of the record of a run, and on the page of an entry."""

import math

import pytest
from leaderboard_entries import entry, place, scores, track_record
from run_records import record

import bench
from bench.leaderboard.entries import write_track
from bench.leaderboard.entry_places import track_path
from bench.second_opinions.stored import record_table, stored_opinions, stored_words
from bench.storage.records import record_path, write_record
from bench.tables.run_tables import run_tables

FID = {"fid": 2.0, "fid_corrected": 1.8, "fid_sd": 0.2, "fid_low": 1.4, "fid_high": 2.2}
REAL = {"fid": 0.5, "fid_corrected": 0.0, "fid_sd": 0.1, "fid_low": -0.2, "fid_high": 0.2}


def test_the_relative_errors_of_two_distances_to_one_real_set_are_added():
    (one,) = stored_opinions("a", {"fid": FID}, {"fid": REAL})
    assert (one.key, one.value, one.real, one.ratio) == ("fid", 2.0, 0.5, 4.0)
    assert math.log(one.high / 4) == pytest.approx(1.959964 * (0.1 + 0.2))
    assert one.verdict == "worse"


def test_scores_of_sets_have_the_root_of_their_squares():
    key = "inception_score"
    made, real = ({key: value, f"{key}_se": 0.3 * value} for value in (4.0, 8.0))
    (one,) = stored_opinions("a", {"inception-score": made}, {"inception-score": real})
    assert math.log(one.high / 0.5) == pytest.approx(1.959964 * math.hypot(0.3, 0.3))


def test_a_number_without_a_standard_error_has_a_ratio_only():
    prdc = {"precision": 0.4}, {"precision": 0.8}
    (one,) = stored_opinions("a", {"prdc": prdc[0]}, {"prdc": prdc[1]})
    assert (one.ratio, one.low, one.verdict) == (0.5, None, None)


def test_an_unbiased_distance_has_no_ratio():
    assert stored_opinions("a", {"kid": {"kid": 0.1, "kid_sd": 0.01}}, {"kid": {"kid": 0.0, "kid_sd": 0.01}}) == ()


def test_one_number_against_one_is_no_agreement():
    key = "inception_score"
    made = {"fid": FID, "inception-score": {key: 7.0, f"{key}_se": 0.1}}
    real = {"fid": REAL, "inception-score": {key: 7.0, f"{key}_se": 0.1}}
    words = stored_words(stored_opinions("a", made, real), made)
    assert words == "They are divided: 1 worse than real images, 1 not told from real images"


def test_copies_of_an_entry_enter_the_words():
    copied = scores(1.0, copied=1.0)
    assert "Copies: 100 % of the images are training images" in stored_words((), copied)


def test_a_run_has_its_ratios_beside_its_tables_and_not_in_their_files(tmp_path):
    one = record(labels=("edges", "shoes"), task="unpaired")
    table = record_table(one)
    assert {row[0].value.split()[-2] for row in table.rows} == {"edges", "shoes"}
    assert table.notes[0].startswith("edges: ")
    write_record(record_path(tmp_path, one.dataset, one.protocol_id, one.name), one)
    assert [shown.name for shown in bench.tables(results=tmp_path)][-1] == "ratios"
    assert "ratios" not in [written.name for written in run_tables(one)]


def test_the_page_of_an_entry_has_the_ratios_and_the_line(tmp_path):
    write_track(track_path(tmp_path, "digits"), track_record())
    place(tmp_path, entry(3), picture=False)
    bench.site(tmp_path / "site", results=tmp_path)
    page = (tmp_path / "site" / "entries" / "digits" / f"{entry(3).slug}.html").read_text()
    assert "They agree: worse than real images (2 of 2 numbers). No sign of copies" in page
    assert ">Over real 2</th>" in page
