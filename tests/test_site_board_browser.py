"""The ranking in a real Chromium: what is on the first screen, sets of columns, cards, pictures, many entries."""

from dataclasses import replace

import pytest
from chromium import needs_chromium, opening
from leaderboard_entries import entry, place, write_results
from test_site_browser import shown, sorts, values

import bench.site.views
from bench.site import write_site

pytestmark = needs_chromium
FIRST = 6  # rows before all are asked for, here


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("boards")
    write_results(folder / "results", 12)
    swan = entry(20, about={"name": "Swan", "authors": "D. Reed"})
    near = {**swan.scores["memorisation"], "authpct": 80.0}
    place(folder / "results", replace(swan, scores={**swan.scores, "memorisation": near}), 20)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bench.site.views, "FIRST", FIRST)
        write_site(folder / "results", folder / "site")
    return folder / "site"


@pytest.fixture
def opened(chromium, site):
    with opening(chromium, site) as open_page:
        yield lambda width=1280, **options: open_page(width=width, **options)


def heads(page):
    return page.eval_on_selector_all(
        "#ranked-table thead th", "all => all.filter(one => one.offsetParent).map(one => one.dataset.title)"
    )


ROW = "#ranked-table tbody[data-rows] tr"


@pytest.mark.parametrize(("width", "most"), [(1280, 300), (390, 420)])
def test_the_first_entry_is_on_the_first_screen_with_its_samples(opened, width, most):
    page = opened(width)
    page.eval_on_selector(".about .wide-only", "one => { one.textContent = 'words '.repeat(20); }")  # of two lines
    assert page.locator(ROW).first.bounding_box()["y"] <= most
    page.wait_for_function(f"document.querySelector('{ROW} img').naturalWidth > 0")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_columns_of_quality_of_copies_or_all_of_them(opened):
    page = opened()
    quality = heads(page)
    assert "KID ×10³" in quality and "AuthPct" not in quality and "FID" not in quality
    page.get_by_text("Copies", exact=True).click()
    copies = heads(page)
    assert "AuthPct" in copies and "KID ×10³" not in copies and {"Rank", "Name"} <= set(copies)
    page.get_by_text("All", exact=True).click()
    assert set(heads(page)) > {*quality, *copies, "FID"}


def test_every_head_says_what_its_column_is(opened):
    page = opened()
    page.get_by_text("All", exact=True).click()
    unsaid = page.eval_on_selector_all("thead th", "all => all.filter(one => !one.title).map(one => one.textContent)")
    assert unsaid == []


def test_the_columns_of_quality_need_no_scrolling(opened):
    page = opened()
    assert page.eval_on_selector(".board", "one => one.scrollWidth <= one.clientWidth")


def test_the_columns_can_be_chosen_without_scripts_and_by_keyboard(opened):
    page = opened(java_script_enabled=False)
    assert "AuthPct" not in page.locator("#ranked-table thead th:visible").all_inner_texts()
    page.locator("#columns-quality").focus()
    page.keyboard.press("ArrowRight")
    assert any("AuthPct" in words for words in page.locator("#ranked-table thead th:visible").all_inner_texts())


def test_the_first_rows_are_shown_and_the_others_when_they_are_asked_for(opened):
    page = opened()
    assert len(shown(page)) == FIRST
    page.emulate_media(media="print")
    assert page.locator(".cut span").is_visible() and not page.locator(".cut button").is_visible()
    page.emulate_media(media="screen")
    whole = page.locator(ROW).count()
    page.locator("#ranked-table thead").get_by_role("button", name="Recall").click()
    recalls = values(page, "Recall %")[:FIRST]
    page.get_by_role("button", name="Show all", exact=True).click()
    assert len(shown(page)) == whole > FIRST
    assert recalls == sorted(values(page, "Recall %"), reverse=True)[:FIRST]


def test_without_scripts_every_row_is_shown(opened):
    page = opened(java_script_enabled=False)
    assert page.locator(f"{ROW}:visible").count() == page.locator(ROW).count() > FIRST


def test_a_name_is_found_beyond_the_first_rows(opened):
    page = opened()
    assert "Swan" not in shown(page)
    page.get_by_label("Name or authors").fill("reed")
    assert shown(page) == ["Swan"]


def test_where_nothing_fits_the_page_says_so_and_offers_the_way_back(opened):
    page = opened()
    page.get_by_label("Name or authors").fill("nobody")
    assert page.locator(".nothing").first.is_visible()
    page.locator(".nothing").first.get_by_role("button", name="Show all entries").click()
    assert len(shown(page)) == FIRST and not page.locator(".nothing").first.is_visible()
    assert page.evaluate("document.activeElement.id") == "words"


def test_lines_stand_between_the_groups_that_are_shown_while_ranks_are_in_order(opened):
    page = opened()
    page.get_by_role("button", name="Show all", exact=True).click()
    groups = page.eval_on_selector_all(ROW, "rows => rows.map(row => [row.dataset.group, row.matches('.leads')])")
    assert [leads for _, leads in groups] == [n == 0 or groups[n - 1][0] != one[0] for n, one in enumerate(groups)]
    page.locator("#ranked-table thead").get_by_role("button", name="KID").click()
    assert page.locator(f"{ROW}.leads").count() == 0


def test_all_rows_are_in_the_order_of_the_page_again_when_the_search_is_cleared(opened):
    page = opened()
    before = shown(page)
    page.locator("#ranked-table thead").get_by_role("button", name="Recall").click()
    page.get_by_label("Name or authors").fill("copse")
    page.locator(".clear").click()
    assert shown(page) == before
    assert sorts(page) == [["Rank", "ascending"]]


def test_a_phone_sorts_by_a_choice_and_shows_the_number_that_is_sorted_by(opened):
    page = opened(390)
    assert not page.locator(f"{ROW} [data-label='Coverage %']").first.is_visible()
    page.locator("#ranked-sort").select_option(label="Coverage %")
    assert values(page, "Coverage %")[:FIRST] == sorted(values(page, "Coverage %"), reverse=True)[:FIRST]
    assert page.locator(f"{ROW} [data-label='Coverage %']").first.is_visible()
    assert page.locator("#controls-sort").is_visible()


def test_a_card_is_low_and_its_other_numbers_unfold(opened):
    page = opened(390)
    card = page.locator(ROW).nth(1)
    assert card.bounding_box()["height"] <= 140
    assert not card.locator("[data-label='KID ×10³']").is_visible()
    button = card.get_by_role("button", name="All numbers of")
    button.press("Enter")
    assert button.get_attribute("aria-expanded") == "true"
    assert card.locator("img").bounding_box()["height"] == pytest.approx(30)  # and covers no number
    assert card.locator("[data-label='KID ×10³']").is_visible() and card.locator("[data-label=AuthPct]").is_visible()


def test_samples_grow_where_they_are_pointed_at_and_where_the_keyboard_is(opened):
    page = opened()
    image = page.locator(f"{ROW} img").nth(2)
    small = image.bounding_box()["height"]
    image.hover()
    assert image.bounding_box()["height"] == pytest.approx(2 * small)
    page.mouse.move(0, 0)
    page.locator(f"{ROW} .name").nth(2).focus()
    assert image.bounding_box()["height"] == pytest.approx(2 * small)
