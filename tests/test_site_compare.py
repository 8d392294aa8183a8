"""Entries side by side, and what the address keeps: the data for it, and the pages in a real Chromium."""

import json

import numpy as np
import pytest
from chromium import needs_chromium, opening
from leaderboard_entries import entry, place, write_results

from bench.leaderboard.board import read_board
from bench.leaderboard.disputes import single, verdicts_by_number
from bench.leaderboard.entries import Origin
from bench.site import write_site


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A results folder of six entries and a model of two seeds, and its site."""
    folder = tmp_path_factory.mktemp("compare")
    write_results(folder / "results", 6)
    for seed, quality in enumerate((0.6, 0.5)):
        origin = Origin("checkpoint", str(seed) * 64, "vae", {}, seed, 5, 0, parameters=1_000)
        place(folder / "results", entry(12, quality=quality, origin=origin, about={"name": f"m, seed {seed}"}), 12)
    write_site(folder / "results", folder / "site")
    return folder


def data_of(made):
    text = (made / "site/tracks/digits.js").read_text(encoding="utf-8")
    assert text.startswith("window.benchCompare({") and text.endswith("});\n")
    return json.loads(text.removeprefix("window.benchCompare(").removesuffix(");\n"))


def verdict(rows, a, b):
    sign = {"+": 1, "-": -1, "0": 0}[rows[min(a, b)][abs(a - b) - 1]]
    return sign if a < b else -sign


# ----- the data


def test_the_script_of_a_track_holds_the_verdicts_of_its_board(made):
    data, board = data_of(made), read_board(made / "results", "digits")
    for a in range(len(board.ranked)):
        for b in range(a + 1, len(board.ranked)):
            assert verdict(data["ranking"], a, b) == board.verdicts[a, b]
    for said, (title, won) in zip(data["pairs"], verdicts_by_number(made / "results", board), strict=True):
        assert said["title"] == title and len(won) == len(single(board))
        found = [[verdict(said["rows"], a, b) if a != b else 0 for b in range(len(won))] for a in range(len(won))]
        assert np.array_equal(found, won)
    assert {one["title"] for one in data["pairs"]} <= {one["by"] for one in data["numbers"]}


def test_every_entry_is_in_the_script_once_with_its_numbers_picture_and_cost(made):
    data = data_of(made)
    keys = [one["key"] for one in data["entries"]]
    assert sorted(keys) == sorted({"mean:m-seed-0", "m-seed-0", "m-seed-1", *keys}) and len(keys) == 9
    for one in data["entries"]:
        assert len(one["values"]) == len(data["numbers"]) and (made / "site/tracks" / one["href"]).is_file()
        assert one["picture"] is None or (made / "site/tracks" / one["picture"][0]).is_file()
    mean, seed = (next(one for one in data["entries"] if one["key"] == key) for key in ("mean:m-seed-0", "m-seed-1"))
    assert (mean["ranked"] is None, mean["single"], mean["picture"]) == (False, None, None)
    assert (seed["ranked"], seed["costs"], bool(seed["picture"])) == (None, ["5", "1,000", "", ""], True)


# ----- in a browser


@pytest.fixture
def opened(chromium, made):
    with opening(chromium, made / "site") as open_page:
        yield open_page


def await_address(page, words):
    """Until the address asks for these words: events of a dialog and steps of the history come after what is seen."""
    page.wait_for_function("words => location.search === words", arg=words and f"?{words}")


@needs_chromium
def test_two_entries_stand_side_by_side_with_the_verdict_and_the_way_back_closes_them(opened):
    page = opened()
    page.get_by_label("Compare dcgan", exact=True).check()
    assert page.locator("#picked").is_visible() and page.locator("#picked .open").is_disabled()
    page.get_by_label("Compare Copse", exact=True).check()
    page.locator("#picked .open").click()
    dialog = page.get_by_role("dialog", name="Side by side")
    assert dialog.locator(".verdict-list").text_content() == "dcgan is better than Copse."
    assert dialog.locator("thead a").all_text_contents() == ["dcgan", "Copse"]
    assert dialog.locator("img").count() == 2
    assert "bench compare digits/dcgan digits/copse" in dialog.text_content()
    await_address(page, "compare=dcgan%2Ccopse")
    page.go_back()
    dialog.wait_for(state="hidden")
    await_address(page, "")
    page.go_forward()
    dialog.wait_for()


@needs_chromium
def test_a_comparison_opens_from_its_address_takes_others_and_leaves_them_out_by_keyboard(opened):
    page = opened("tracks/digits.html?compare=copse,mean:m-seed-0,nobody", width=390)
    dialog = page.get_by_role("dialog")
    dialog.wait_for()
    assert dialog.locator("thead a").all_text_contents() == ["Copse", "m, mean of 2 seeds"]
    dialog.get_by_label("Compare with another one").select_option("m-seed-1")
    page.wait_for_function("document.querySelectorAll('.compare thead a').length === 3")
    assert "There is no verdict about" in dialog.locator(".verdict-list").text_content()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    dialog.get_by_label("Leave out m, seed 1").press("Enter")
    page.wait_for_function("document.querySelectorAll('.compare thead a').length === 2")
    page.keyboard.press("Escape")
    dialog.wait_for(state="hidden")
    await_address(page, "")


@needs_chromium
@pytest.mark.parametrize(("chosen", "width"), [("copse,dcgan", 1280), ("copse,dcgan,m-seed-0,m-seed-1", 390)])
def test_the_numbers_side_by_side_are_a_stop_of_the_keyboard_only_where_they_scroll(opened, chosen, width):
    page = opened(f"tracks/digits.html?compare={chosen}", width=width)
    page.get_by_role("dialog").wait_for()
    page.wait_for_function(
        """() => {
            const region = document.querySelector(".compare .scroll");
            return (region.tabIndex === 0) === (region.scrollWidth > region.clientWidth + 1);
        }""",
        timeout=5_000,
    )
    assert page.eval_on_selector(".compare .scroll", "one => one.tabIndex") == (0 if width == 390 else -1)


@needs_chromium
def test_the_address_keeps_words_and_order_and_the_way_back_brings_them(opened):
    page = opened()
    page.get_by_label("Name or authors").fill("copse")
    page.locator("#ranked-table thead").get_by_role("button", name="Recall").click()
    page.wait_for_function("['words=copse', 'sort=Recall'].every(one => location.search.includes(one))")

    page.get_by_role("link", name="Copse", exact=True).click()
    page.wait_for_url("**/entries/**")
    page.go_back()
    page.wait_for_function("""() => {
        const rows = [...document.querySelectorAll("#ranked-table tbody tr[data-slug]")];
        return rows.filter((one) => one.offsetParent).map((one) => one.dataset.slug).join() === "copse";
    }""")
    assert page.locator("#ranked-table thead [aria-sort]").get_attribute("aria-sort") == "descending"
    again = opened(page.url.partition("/site/")[2])
    assert again.get_by_label("Name or authors").input_value() == "copse"
