"""What can be taken away from a site: CSV, JSON, BibTeX, Atom feeds, and what its publisher says."""

import json
import re
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest
from leaderboard_entries import entry, place, write_results
from site_pages import pages

import bench
from bench.leaderboard.board import read_board
from bench.leaderboard.board_tables import everything
from bench.leaderboard.entry_places import entry_path
from bench.leaderboard.relations import relations
from bench.site import write_site
from bench.site.feed import ATOM, feed
from bench.site.published import Published
from bench.storage.provenance import time_of
from bench.tables.csv_text import csv_text
from metrics.errors import InputError

ABOUT = Published("Faces, spring term", "https://example.org/class/results", "CC BY 4.0")
ODD = {"name": "Odd {one} & \\two", "authors": "A_B \x0b& <C>", "link": "https://example.org/}{"}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A results folder of eight entries, one of which has an odd name, and its site."""
    folder = tmp_path_factory.mktemp("data")
    write_results(folder / "results", 7, pictures=False)
    place(folder / "results", entry(8, about=ODD), 8, picture=False)
    write_site(folder / "results", folder / "site", about=ABOUT)
    return folder


def atom(name):
    return f"{{{ATOM}}}{name}"


# ----- verdicts


def test_an_entry_is_better_worse_or_not_told_apart_from_each_other_one(made):
    board = read_board(made / "results", "digits")
    for place_, one in enumerate(board.ranked):
        found = relations(board, place_)
        assert len(found.better) + len(found.alike) + len(found.worse) == len(board.ranked) - 1
        assert (one.rank.first, one.rank.last) == (1 + len(found.worse), len(board.ranked) - len(found.better))
        assert one not in found.alike
    first = relations(board, 0)
    assert first.words == f"better than {len(first.better)}, not told apart from {len(first.alike)}, worse than 0"
    assert list(first.better) == sorted(first.better, key=lambda one: one.rank.number)


# ----- tracks


def test_the_csv_of_a_track_is_that_of_its_board(made):
    text = (made / "site/tracks/digits.csv").read_text(encoding="utf-8")
    assert text == csv_text(everything(read_board(made / "results", "digits")))


def test_the_json_of_a_track_holds_every_entry_with_its_verdicts_and_scores(made):
    found = json.loads((made / "site/tracks/digits.json").read_text(encoding="utf-8"), parse_constant=pytest.fail)
    assert (found["title"], found["source"], found["licence"]) == (ABOUT.title, ABOUT.source, ABOUT.licence)
    assert {one["status"] for one in found["entries"]} == {"ranked", "control"}
    first = found["entries"][0]
    assert first["better_than"] + first["not_told_apart_from"] + first["worse_than"] == 5
    stored = json.loads(entry_path(made / "results", "digits", first["slug"]).read_text(encoding="utf-8"))
    assert {name: first["scores"][name] for name in stored["scores"]} == stored["scores"]
    assert found["date_utc"] == max(one["created_utc"] for one in found["entries"])
    for one in found["entries"]:
        assert (made / "site/tracks" / one["page"]).is_file() and (made / "site/tracks" / one["json"]).is_file()


def test_bibtex_of_a_track_and_of_an_entry_name_what_measured_and_what_made_it(made):
    track = (made / "site/tracks/digits.bib").read_text(encoding="utf-8")
    assert {"@inproceedings{heusel2017gans,", "@misc{genbench,"} <= set(track.splitlines())
    model = (made / "site/entries/digits/dcgan.bib").read_text(encoding="utf-8")
    assert model.startswith("@misc{digits-dcgan,") and "radford" in model and "heusel2017gans" in model


def test_words_of_a_submitter_break_no_bibtex(made):
    (text,) = [path.read_text(encoding="utf-8") for path in made.glob("site/entries/digits/odd-*.bib")]
    first = text.split("\n\n")[0]
    assert first.count("{") == first.count("}")
    assert r"Odd (one) \& /two" in first and "https://example.org/%7D%7B" in first


def test_the_json_of_an_entry_has_the_bytes_that_were_verified(made):
    for path in (made / "results/submissions/digits").glob("*.json"):
        assert (made / "site/entries/digits" / path.name).read_bytes() == path.read_bytes()


def test_pages_link_to_their_data(made):
    site = pages(made / "site")
    hrefs = {link["href"] for link in site["tracks/digits.html"].of("a")}
    assert {f"../tracks/digits.{kind}" for kind in ("csv", "json", "bib", "atom")} <= hrefs
    hrefs = {link["href"] for link in site["entries/digits/dcgan.html"].of("a")}
    assert {"../../entries/digits/dcgan.json", "../../entries/digits/dcgan.bib"} <= hrefs


# ----- feeds


@pytest.mark.parametrize("name", ["feed.atom", "tracks/digits.atom"])
def test_a_feed_has_all_that_rfc_4287_asks_for(made, name):
    root = ElementTree.fromstring((made / "site" / name).read_bytes())
    assert root.tag == atom("feed") and root.find(atom("author")).find(atom("name")).text
    assert root.find(atom("rights")).text == ABOUT.licence
    entries = root.findall(atom("entry"))
    assert len(entries) == 8
    ids = [one.find(atom("id")).text for one in (root, *entries)]
    assert len(set(ids)) == 9 and all(one.startswith("urn:uuid:") for one in ids)
    times = [one.find(atom("updated")).text for one in entries]
    assert times == sorted(times, reverse=True) and root.find(atom("updated")).text == times[0]
    assert all(map(time_of, times))
    for one in entries:
        assert one.find(atom("title")).text and one.find(atom("summary")).text
        (link,) = one.findall(atom("link"))
        assert (made / "site" / Path(name).parent / unquote(link.get("href"))).is_file()


def test_a_feed_tells_the_rank_and_why_something_is_not_ranked(made):
    text = (made / "site/feed.atom").read_text(encoding="utf-8")
    assert re.search(r"<summary>Rank 1 of 6 \(95 %: 1[–\d]*\)\. way to noise", text)
    assert "<summary>A control, not ranked. way to noise" in text


def test_letters_that_xml_has_no_place_for_and_times_that_are_none_break_no_feed(made):
    text = (made / "site/feed.atom").read_text(encoding="utf-8")
    assert "A_B \ufffd&amp; &lt;C&gt;" in text
    empty = ElementTree.fromstring(feed("feed.atom", "t", ABOUT, []))
    assert empty.find(atom("updated")).text == "1970-01-01T00:00:00Z"


# ----- what a publisher says


def test_title_source_licence_and_the_date_of_the_data_stand_on_every_page(made):
    for name, page in pages(made / "site").items():
        for words in (ABOUT.title, ABOUT.licence, "The newest entry is of 2026-01-"):
            assert words in page.text, name
        assert {"href": ABOUT.source, "rel": "nofollow noopener"} in page.of("a"), name


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"source": "example.org"}, "--source is 'example.org'; expected the http or https address"),
        ({"source": "javascript:alert(1)"}, "expected the http or https address"),
        ({"title": " "}, "--title is ' '; expected 1 to 200 letters in one line"),
        ({"licence": "a\nb"}, "--licence is 'a"),
    ],
)
def test_what_cannot_stand_on_a_page_is_told_in_a_line(made, tmp_path, said, told):
    with pytest.raises(InputError) as error:
        bench.site(tmp_path / "site", results=made / "results", **said)
    assert told in str(error.value) and not (tmp_path / "site").exists()
