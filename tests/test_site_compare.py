"""Entries side by side, and what the address keeps: the data for it, and the pages in a real Chromium."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from leaderboard_entries import entry, place, write_results

from bench.leaderboard.board import read_board
from bench.leaderboard.disputes import single, verdicts_by_number
from bench.leaderboard.entries import Origin
from bench.site import write_site

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install -e .[test]")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on the PATH: apt-get install chromium")


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
    titles = {one["title"] for one in data["numbers"]}
    assert {one["title"] for one in data["pairs"]} <= titles


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


@pytest.fixture(scope="module")
def opened(made):
    """A function that opens a page of the site; the test fails where a page complains or asks for anything else."""
    complaints = []
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])

        def open_page(name="tracks/digits.html", width=1280, **options):
            page = browser.new_context(viewport={"width": width, "height": 800}, **options).new_page()
            page.on("console", lambda message: complaints.append(message.text))
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on("request", lambda asked: asked.url.startswith(made.as_uri()) or complaints.append(asked.url))
            page.goto(f"{(made / 'site').as_uri()}/{name}")
            return page

        yield open_page
        browser.close()
    assert not complaints


def chosen(page):
    return page.url.partition("?")[2]


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
    assert chosen(page) == "compare=dcgan%2Ccopse"
    page.go_back()
    dialog.wait_for(state="hidden")
    assert chosen(page) == ""
    page.go_forward()
    dialog.wait_for()


@needs_chromium
def test_a_comparison_opens_from_its_address_takes_others_and_leaves_them_out_by_keyboard(opened):
    page = opened("tracks/digits.html?compare=copse,mean:m-seed-0,nobody", width=390)
    dialog = page.get_by_role("dialog")
    assert dialog.locator("thead a").all_text_contents() == ["Copse", "m, mean of 2 seeds"]
    dialog.get_by_label("Compare with another one").select_option("m-seed-1")
    page.wait_for_function("document.querySelectorAll('.compare thead a').length === 3")
    assert "There is no verdict about" in dialog.locator(".verdict-list").text_content()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    dialog.get_by_label("Leave out m, seed 1").press("Enter")
    page.wait_for_function("document.querySelectorAll('.compare thead a').length === 2")
    page.keyboard.press("Escape")
    dialog.wait_for(state="hidden")
    assert chosen(page) == ""


@needs_chromium
def test_the_address_keeps_words_and_order_and_the_way_back_brings_them(opened):
    page = opened()
    page.get_by_label("Name or authors").fill("copse")
    page.locator("#ranked-table thead").get_by_role("button", name="Recall").click()
    page.wait_for_function("location.search.includes('sort=')")
    assert "words=copse" in chosen(page) and "sort=Recall" in chosen(page)

    def seen():
        rows = "#ranked-table tbody tr[data-slug]"
        return page.eval_on_selector_all(
            rows, "all => all.filter(one => one.offsetParent).map(one => one.dataset.slug)"
        )

    page.get_by_role("link", name="Copse", exact=True).click()
    page.wait_for_url("**/entries/**")
    page.go_back()
    page.wait_for_function("document.getElementById('words').value === 'copse'")
    assert seen() == ["copse"]
    assert page.locator("#ranked-table thead [aria-sort]").get_attribute("aria-sort") == "descending"
    again = opened(page.url.partition("/site/")[2])
    assert again.get_by_label("Name or authors").input_value() == "copse"


@needs_chromium
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_a_comparison_breaks_no_rule_of_axe(opened, width, scheme):
    axe = pytest.importorskip("axe_core_python", reason="axe is not installed: pip install -e .[test]")
    script = (Path(axe.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
    page = opened("tracks/digits.html?compare=dcgan,copse", width, color_scheme=scheme, bypass_csp=True)
    page.get_by_role("dialog").wait_for()
    page.evaluate(script)
    found = page.evaluate("axe.run('.compare, #picked')")["violations"]
    assert [one["id"] for one in found] == []
