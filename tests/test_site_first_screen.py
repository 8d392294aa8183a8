"""What the page of a track says first: who leads, what is an exception, which columns there are, which pictures."""

import json
import shutil
from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from leaderboard_entries import entry, place, rules, write_results
from PIL import Image
from site_pages import pages

from bench.leaderboard.board import read_board
from bench.leaderboard.disputes import Disputes
from bench.leaderboard.entries import Origin
from bench.leaderboard.entry_places import beside, entry_path
from bench.leaderboard.ranking import Rank
from bench.measuring.copies import METRIC as COPIES
from bench.site import write_site
from bench.site.comparing import compare_script
from bench.site.data_files import news_of
from bench.site.entry_views import entry_view
from bench.site.numbers import measured
from bench.site.pictures import Picture
from bench.site.strips import HEIGHT, SHOWN, real_strip, strip_of
from bench.site.verdicts import verdict
from bench.site.views import track_view
from bench.site.widths import widths
from bench.site.words import title_of
from bench.submissions.sheets import sheet_size
from bench.tables.table import Cell


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("first") / "results"
    write_results(folder, 8)
    return folder


@pytest.fixture(scope="module")
def board(results):
    return read_board(results, "digits")


@pytest.fixture(scope="module")
def view(board):
    return track_view(board, Disputes(0, ()))


# ----- who leads


def ranked(board, *ranks):
    """A board whose first entries have these ranks (first, last)."""
    standings = [
        replace(one, rank=Rank(number, *ends, 1))
        for number, (one, ends) in enumerate(zip(board.ranked, ranks, strict=False), 1)
    ]
    return replace(board, ranked=tuple(standings))


@pytest.mark.parametrize(
    ("ranks", "said"),
    [
        ((), ""),
        (((1, 1),), "{0} is the only ranked entry."),
        (((1, 1), (2, 2)), "{0} leads: it is told apart from the other entry."),
        (((1, 1), (2, 3), (2, 3)), "{0} leads: it is told apart from each of the 2 others."),
        (((1, 2), (2, 3), (2, 3)), "{0} leads: for every other entry, some entry is told to be better."),
        (((1, 2), (1, 2), (3, 3)), "{0} and {1} share first place: 250 images cannot tell them apart."),
        (5 * ((1, 5),), "{0}, {1}, {2} and 2 more share first place: 250 images cannot tell them apart."),
        (
            2 * ((None, None),),
            "{0} comes first by the way to noise, which has no known interval: others may be as good.",
        ),
    ],
)
def test_one_sentence_says_who_leads_and_who_cannot_be_told_apart(board, ranks, said):
    assert verdict(ranked(board, *ranks)) == said.format(*(one.name for one in board.ranked))


def test_the_sentence_sets_a_mean_over_seeds_apart_from_the_next_name(board):
    first, second, third = ranked(board, (1, 2), (1, 2), (3, 3)).ranked
    mean = replace(first, seeds=(first, first), tried=2)
    found = verdict(replace(board, ranked=(mean, second, third)))
    assert found == (
        f"{first.name} (mean of 2 seeds) and {second.name} share first place: "
        "250 images and so few seeds cannot tell them apart."
    )


def test_a_track_has_a_title_for_people():
    assert title_of(rules()) == "Handwritten digits, 32x32"
    assert title_of(rules("horse2zebra/horse", "vgg16-random", "", "horse")).endswith(", horse, 32x32")


def test_the_page_says_what_real_images_and_noise_score(view):
    assert view.landmarks_say.startswith("Way to noise: real images get ")
    assert ", noise gets " in view.landmarks_say and view.landmarks_say.endswith(", lower is better.")


# ----- columns


def test_shares_are_in_per_cent_and_the_kid_in_thousandths(board):
    found, one = measured(board), board.ranked[2]
    prdc, kid = one.scores["prdc"], one.scores["kid"]
    assert found.titles["recall"] == "Recall %" and found.titles["kid"] == "KID ×10³"
    assert found.of[one]["recall"].shown == f"{100 * prdc['recall']:.1f}"
    assert (found.titles["density"], found.of[one]["density"].shown) == ("Density", f"{prdc['density']:.3f}")
    assert found.of[one]["kid"].cell == Cell(*(1000 * kid[key] for key in ("kid", "kid_low", "kid_high")), decimals=0)


def test_a_number_is_the_same_text_in_the_ranking_on_its_page_side_by_side_and_in_feeds(board, view):
    script = compare_script(board, [], {}, "").decode()
    data = json.loads(script.removeprefix("window.benchCompare(").removesuffix(");\n"))
    for one, row in zip(board.listed, view.ranked.rows, strict=True):
        mine = next(found for found in data["entries"] if found["key"] == one.entry.slug)
        beside = dict(zip((said["title"] for said in data["numbers"]), mine["values"], strict=True))
        own = {said.of.title: (said.shown, said.beside) for said in entry_view(board, one, {}, "").numbers}
        for head, number in zip(view.ranked.heads, row.line.numbers, strict=True):
            text, interval = own[f"{head.whole} {head.arrow}".rstrip()]
            assert text == number.shown and (not number.interval or interval == number.interval)
            assert beside[head.whole] == [number.shown, number.interval]
        assert row.line.numbers[0].words in next(new.summary for new in news_of(board) if new.entry is one.entry)


def test_a_column_that_says_the_same_of_every_ranked_entry_is_said_once(view):
    (same,) = [words for what, words in view.ranked.same if what == "Exact copies"]
    assert same == "0.0 %"
    assert "exact_copies" not in [head.key for head in view.ranked.heads]
    assert "exact_copies" in [head.key for head in view.controls.heads]
    assert all(len(row.line.numbers) == len(view.ranked.heads) for row in view.ranked.rows)


def test_every_column_says_what_it_is_which_direction_is_better_and_what_real_images_get(view):
    for head in view.heads:
        assert head.says and head.href.partition("#")[2], head.key
        assert head.style in ("drawn", "number", "copies", "rest")
        assert head.real or head.style == "copies"
    assert [head.style for head in view.heads if head.key in ("fid", "fid_corrected")] == ["rest", "number"]
    assert sum(head.card for head in view.heads) == 3


def test_every_set_of_columns_has_a_width_for_each_of_its_columns(view):
    found, styles = widths(view.ranked, True, 158), [head.style for head in view.ranked.heads]
    assert found["all"].count("minmax") == 2 + len(styles) + view.ranked.levels + view.ranked.dates
    assert found["quality"].count("minmax") == 2 + styles.count("drawn") + styles.count("number")
    assert found["copies"].count("minmax") == 2 + styles.count("copies") + view.ranked.levels


@pytest.fixture(scope="module")
def with_seeds(tmp_path_factory):
    """The view of three ranked entries and a model of two seeds that is better than they are."""
    folder = tmp_path_factory.mktemp("seeds")
    write_results(folder, 5, pictures=False)
    for seed, quality in enumerate((0.99, 0.98)):
        origin = Origin("checkpoint", str(seed) * 64, "vae", {}, seed, 5, 0)
        place(folder, entry(12, quality=quality, origin=origin, about={"name": f"m, seed {seed}"}), picture=False)
    return track_view(read_board(folder, "digits"), Disputes(0, ()))


def test_the_first_of_the_ranking_are_named_in_a_scatter_and_their_seeds_are_not(with_seeds):
    for plot in with_seeds.plots:
        named = [mark.point.name for mark in plot.drawn.marks if mark.point.named and mark.point.slug]
        assert named == [row.name for row in with_seeds.ranked.rows if row.rank]
        assert "m, mean of 2 seeds" in named and "m, seed 1" not in named


def test_the_seeds_of_a_mean_are_dots_on_its_bar(with_seeds):
    rows = with_seeds.ranked.rows
    mean = next(number for number, row in enumerate(rows) if row.line.bar.dots)
    assert rows[mean].line.bar.dots == tuple(row.line.bar.x for row in rows[mean + 1 : mean + 3])
    assert sum(bool(row.line.bar.dots) for row in rows) == 1


def test_a_badge_marks_the_exception(tmp_path):
    for number in range(2, 9):
        place(tmp_path, entry(number), number, picture=False)
    write_results(tmp_path, 0)
    rows = track_view(read_board(tmp_path, "digits"), Disputes(0, ())).ranked.rows
    kinds = {row.kind: {word for _, word in row.badges} for row in rows if row.kind == "reference"}
    assert "reference" in kinds["reference"]
    assert not [row for row in rows if ("submission", "submission") in row.badges]
    checked = [row.level > 0 for row in rows]
    assert {("remark", "not verified") in row.badges for row in rows if row.level == 0} == {
        2 * checked.count(False) <= len(rows)
    }


def test_the_choices_of_a_filter_say_how_many_entries_they_leave(view, board):
    kinds = {one.value: one.count for one in view.kinds}
    assert kinds == {"submission": 4, "reference": 2, "control": 2}
    assert all(0 < one.count < view.count for one in view.levels)


def test_the_first_of_a_group_leads_and_the_rows_of_its_seeds_do_not(view):
    groups = [row.group for row in view.ranked.rows]
    assert [row.leads for row in view.ranked.rows] == [
        place == 0 or group != groups[place - 1] for place, group in enumerate(groups)
    ]


def test_the_scale_is_that_of_the_ranked_entries_and_noise_is_beyond_it(view):
    assert view.noise.beyond == 1
    assert all(row.line.bar.beyond == 0 for row in view.ranked.rows)
    assert view.band.low < view.band.x < view.band.high


# ----- pictures


def sheet(made, columns=6, rows=6, shade=10):
    """A picture of images of one grey, another one in each row."""
    wide, high = sheet_size(columns, rows, made.rules.protocol.shape[1:])
    pixels = np.full((high, wide, 3), 255, np.uint8)
    for row in range(rows):
        pixels[row * high // rows : (row + 1) * high // rows] = shade * row
    content = BytesIO()
    Image.fromarray(pixels).save(content, "PNG")
    return Picture(content.getvalue(), wide, high)


def test_a_strip_is_the_first_images_of_a_preview_as_they_were_made():
    made = entry()
    strip = strip_of(made, sheet(made))
    with Image.open(BytesIO(strip.content)) as opened:
        assert (opened.format, opened.size) == ("WEBP", (SHOWN * 34 - 2, 32))
        assert np.asarray(opened).max() <= 5  # black
    assert strip.width == round(HEIGHT * (SHOWN * 34 - 2) / 32)


def test_a_preview_that_is_laid_out_in_another_way_makes_no_strip():
    made = entry()
    assert strip_of(made, sheet(made, columns=5)) is None
    whole = sheet(made)
    assert strip_of(made, Picture(whole.content[:60], whole.width, whole.height)) is None


def test_real_images_are_the_lower_row_of_the_neighbours_or_the_preview_of_what_is_all_copies():
    made = entry()
    copied = replace(made, scores={**made.scores, COPIES.name: {"exact_copies": 1.0}})
    assert real_strip(made, "preview.png", sheet(made)) is None
    assert real_strip(copied, "preview.png", sheet(made)) == strip_of(made, sheet(made))
    with Image.open(BytesIO(real_strip(made, "neighbours.png", sheet(made, 8, 2, 200)).content)) as opened:
        assert abs(int(np.asarray(opened)[16, 16, 0]) - 200) <= 3


def test_each_row_and_the_front_page_show_samples_and_real_images(results, tmp_path):
    write_site(results, tmp_path / "site")
    found = pages(tmp_path / "site")
    shown = [image["src"] for image in found["tracks/digits.html"].of("img")[1:]]
    slugs = {path.stem for path in (results / "submissions/digits").glob("*.json")}
    assert set(shown) == {"../strips/digits.webp", *(f"../strips/digits/{slug}.webp" for slug in slugs)}
    front = [image["src"] for image in found["index.html"].of("img")[1:]]
    assert len(front) == 2 and front[1] == "strips/digits.webp"


def test_no_strip_is_made_where_the_licence_forbids_pictures(tmp_path):
    write_results(tmp_path / "results", 3, "horse2zebra-horse-offline", rules("horse2zebra/horse", "vgg16-random", ""))
    made = write_site(tmp_path / "results", tmp_path / "site")
    assert not [name for name in made.files if name.endswith((".webp", ".png"))]


def test_a_preview_that_cannot_be_shown_leaves_its_row_without_samples(results, tmp_path):
    shutil.copytree(results, tmp_path / "results")
    path = entry_path(tmp_path / "results", "digits", "copse")
    (beside(path) / "preview.png").unlink()
    write_site(tmp_path / "results", tmp_path / "site")
    listed = json.loads((tmp_path / "site/site.json").read_text())["files"]
    assert "strips/digits/copse.webp" not in listed and "strips/digits/dcgan.webp" in listed
