"""The site in a real Chromium, opened from a folder: scripts, keyboard, themes, widths, and that nothing leaves it."""

import itertools
import re
import shutil
from pathlib import Path

import pytest
from chromium import CONTRAST, broken_rules, needs_chromium, open_details, opening
from leaderboard_entries import entry, place, write_results

from bench.site import write_site

pytestmark = needs_chromium
SCRIPT_NAME = "<script>window.broken = 1</script>"
LONG_NAME = "W" * 80
KINDS = (
    "index.html", "gallery.html", "metrics.html", "reading.html", "tracks/digits.html", "entries/digits/dcgan.html",
)  # fmt: skip
BESIDE = "tracks/digits.html?compare=dcgan,copse"
PAGES = (*KINDS, "entries/digits/script-window.broken-1-script.html", f"entries/digits/{LONG_NAME.lower()}.html")
BROKEN_WORDS = """[...document.querySelectorAll("a, b, bdi, .words")].filter((one) => {
    const { width, height } = one.getBoundingClientRect();
    return one.textContent.trim().length > 3 && width < 24 && height > 48;
}).map((one) => one.outerHTML)"""  # letters below each other


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A site of 14 entries, and two whose names are a script and one long word."""
    folder = tmp_path_factory.mktemp("browser")
    write_results(folder / "results", 14)
    place(folder / "results", entry(20, about={"name": SCRIPT_NAME, "authors": SCRIPT_NAME, "note": "n" * 10_000}), 20)
    place(folder / "results", entry(21, about={"name": LONG_NAME}), 21)
    write_site(folder / "results", folder / "site")
    return folder / "site"


@pytest.fixture
def opened(chromium, site):
    with opening(chromium, site) as open_page:
        yield open_page


def shown(page, table="ranked-table"):
    """The names in a table as they are seen, from the top."""
    return page.eval_on_selector_all(
        f"#{table} tbody[data-rows] tr",
        "rows => rows.filter(row => row.offsetParent).map(row => row.querySelector('.name').textContent)",
    )


def values(page, title):
    """The numbers of a column from the top; None where an entry has none."""
    return page.eval_on_selector_all(
        "#ranked-table tbody[data-rows] tr",
        """(rows, title) => rows.map(row => {
            const heads = [...row.closest("table").tHead.rows[0].cells];
            const cell = row.cells[heads.findIndex(head => head.dataset.title === title)];
            const number = parseFloat(cell.textContent.replace("−", "-"));
            return Number.isNaN(number) ? null : number;
        })""",
        title,
    )


def sorts(page):
    return page.eval_on_selector_all(
        "#ranked-table th[aria-sort]",
        "heads => heads.map(head => [head.dataset.title, head.getAttribute('aria-sort')])",
    )


def background(page):
    return page.evaluate("getComputedStyle(document.body).backgroundColor")


# ----- every page


@pytest.mark.parametrize(("width", "unfolded", "scheme"), [(390, True, "dark"), (1280, False, "light")])
def test_no_kind_of_page_breaks_a_rule_of_axe(opened, width, unfolded, scheme):
    found = []
    for name in (*KINDS, BESIDE):
        page = opened(name, width, bypass_csp=True, reduced_motion="reduce", color_scheme=scheme)
        if unfolded:
            open_details(page)
        part = "'.compare, #picked'" if "compare" in name else "document"
        page.locator(".compare" if "compare" in name else "h1").wait_for()
        found += [f"{name}: {one}" for one in broken_rules(page, part)]
    assert not found


def test_a_row_of_a_table_has_whole_lines(opened):
    page = opened("metrics.html")
    shown = page.eval_on_selector_all("th, td", "all => [...new Set(all.map(one => getComputedStyle(one).display))]")
    assert shown == ["table-cell"]


def test_the_levels_sort_by_how_much_was_checked_and_not_by_their_words(opened):
    page = opened()
    page.get_by_text("All", exact=True).click()
    page.locator("#ranked-table thead").get_by_role("button", name="Verified").click()
    rows = page.locator("#ranked-table tbody[data-rows] tr")
    levels = rows.evaluate_all("all => all.map(row => Number(row.dataset.level ?? 0))")
    assert levels == sorted(levels, reverse=True) and len(set(levels)) > 1


@pytest.mark.parametrize("name", [*KINDS, BESIDE])
def test_nothing_of_a_page_is_cut_on_paper_and_it_is_dark_on_white(opened, name):
    page = opened(name, color_scheme="dark")
    page.locator(".compare" if "compare" in name else "h1").wait_for()
    page.emulate_media(media="print", color_scheme="dark")
    width = 1039 if "tracks" in name else 718  # A4, a board on its side, within its margins
    page.set_viewport_size({"width": width, "height": 1000})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    cut = "all => all.filter(one => one.offsetParent && one.getBoundingClientRect().right > innerWidth + 1).length"
    assert page.eval_on_selector_all("th, td, .words, pre", cut) == 0
    assert page.evaluate(BROKEN_WORDS) == []
    assert background(page) == "rgb(255, 255, 255)"


def test_a_board_is_printed_on_its_side_with_heads_on_each_page_and_what_is_compared_alone(opened):
    page = opened()
    page.emulate_media(media="print")
    styles = "all => all.map(one => getComputedStyle(one).display)"
    assert set(page.eval_on_selector_all("thead", styles)) == {"table-header-group"}
    assert set(page.eval_on_selector_all("thead .sort", styles)) == {"contents"}  # Chromium repeats no button
    assert set(page.eval_on_selector_all("tfoot", styles)) == {"table-row-group"}  # noise, once
    for address in ("tracks/digits.html", BESIDE):
        page = opened(address)
        page.locator(".compare" if "compare" in address else "h1").wait_for()
        pages = re.findall(
            rb"/Type /Page\b.*?/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", page.pdf(prefer_css_page_size=True), re.S
        )
        assert pages and all(float(wide) > float(high) for wide, high in pages)
    page.emulate_media(media="print")
    assert page.locator(".compare table").is_visible() and not page.locator("h1").is_visible()


def test_a_level_is_told_by_more_than_the_colours_that_a_system_takes_away(opened):
    page = opened("reading.html", forced_colors="active")
    drawn = page.eval_on_selector_all(
        ".pips i",
        """all => all.map(one => getComputedStyle(one)).map((style, place) =>
            [all[place].className, style.backgroundColor + style.borderStyle])""",
    )
    kinds = {name: {style for other, style in drawn if other == name} for name, _ in drawn}
    assert len({frozenset(styles) for styles in kinds.values()}) == len(kinds) > 1


@pytest.mark.parametrize("name", PAGES)
def test_a_page_opens_without_a_complaint_and_asks_for_nothing_outside(opened, name):
    page = opened(name)
    assert page.locator("h1").count() == 1
    assert page.locator("#theme").is_visible()
    assert all(
        page.eval_on_selector_all(
            "img:not([loading])", "all => all.map(image => image.complete && image.naturalWidth > 0)"
        )
    )
    for width in (320, 390, 768, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(BROKEN_WORDS) == []


@pytest.mark.parametrize("name", PAGES[:-1])
def test_text_stands_out_from_what_is_behind_it(opened, name):
    page = opened(name)
    open_details(page)
    for width, scheme in itertools.product((1280, 390), ("light", "dark")):
        page.set_viewport_size({"width": width, "height": 844})
        page.emulate_media(color_scheme=scheme)
        assert page.evaluate(CONTRAST) == []


def test_a_name_that_is_a_script_is_a_name(opened):
    page = opened()
    assert SCRIPT_NAME in shown(page)
    page.get_by_role("link", name=SCRIPT_NAME, exact=True).click()
    page.wait_for_url("**/entries/**")
    assert page.locator("h1").text_content() == SCRIPT_NAME
    assert page.evaluate("window.broken") is None


def test_the_policy_stops_a_script_that_gets_into_a_page(chromium, site):
    page = chromium.new_page()
    page.goto((site / "index.html").as_uri())
    page.evaluate("""() => {
        const script = document.createElement("script");
        script.textContent = "window.broken = 1";
        document.body.append(script);
    }""")
    assert page.evaluate("window.broken") is None
    page.close()


def test_without_scripts_everything_is_there_and_nothing_pretends_to_work(opened, site):
    page = opened(java_script_enabled=False)
    rows = page.locator("#ranked-table tbody[data-rows] tr")
    assert rows.count() == 14 and all(row.is_visible() for row in rows.all())
    assert not page.locator("#filters").is_visible() and not page.locator("#theme").is_visible()
    assert page.locator("button.sort").count() == 0


# ----- sorting


def test_a_click_on_a_head_sorts_the_best_first_and_another_one_the_other_way(opened):
    page = opened()
    assert sorts(page) == [["Rank", "ascending"]]
    for title, first, order in (("KID ×10³", "ascending", 1), ("Recall %", "descending", -1)):
        head = page.locator("#ranked-table thead").get_by_role("button", name=title)
        head.click()
        assert sorts(page) == [[title, first]]
        assert values(page, title) == sorted(values(page, title), key=lambda value: order * value)
        head.click()
        assert values(page, title) == sorted(values(page, title), key=lambda value: -order * value)
        assert page.locator("#status").text_content().startswith(f"sorted by {title}")


def test_entries_without_a_number_come_last_in_both_directions(opened, site):
    page = opened()
    place = page.locator("#ranked-table thead th").evaluate_all(
        "all => all.findIndex(one => one.dataset.title === 'KID ×10³')"
    )
    row = "#ranked-table tbody[data-rows] tr:nth-child(3)"
    page.evaluate(f"document.querySelector('{row}').cells[{place}].textContent = '–'")
    for _ in range(2):
        page.locator("#ranked-table thead").get_by_role("button", name="KID").click()
        assert values(page, "KID ×10³")[-1] is None and None not in values(page, "KID ×10³")[:-1]


def test_real_images_stay_above_and_noise_below_the_entries(opened):
    page = opened()
    page.locator("#ranked-table thead").get_by_role("button", name="Recall").click()
    assert page.locator("#ranked-table tbody .name").first.text_content() == "real 2"
    assert page.locator("#ranked-table tfoot .name").all_text_contents() == ["noise"]


@pytest.mark.parametrize("width", [390, 1280])
def test_every_stop_of_the_keyboard_is_seen_and_what_does_not_scroll_is_none(opened, width):
    page = opened(width=width)
    stops = """[...document.querySelectorAll("a[href], button, input, select, summary, [tabindex='0']")].filter(one =>
        one.tabIndex >= 0 && one.getClientRects().length && getComputedStyle(one).visibility !== "hidden")"""
    clipped = "one => one.closest('thead') && getComputedStyle(one.closest('thead')).position === 'absolute'"
    assert page.evaluate(f"{stops}.filter({clipped}).length") == 0
    still = "one => one.matches('.scroll') && one.scrollWidth <= one.clientWidth"
    page.wait_for_function(f"{stops}.filter({still}).length === 0", timeout=5_000)  # an observer says it, later
    scrolls = "[...document.querySelectorAll('.scroll')].filter(one => one.scrollWidth > one.clientWidth + 1)"
    if width > 736:
        page.wait_for_function(f"{scrolls}.every(one => one.tabIndex === 0)", timeout=5_000)


def test_a_board_that_scrolls_once_it_has_more_columns_becomes_a_stop_of_the_keyboard(opened):
    page = opened()
    page.eval_on_selector(".board.scroll", "one => { one.style.height = '600px'; }")  # it stays, only the table grows
    stop = "document.querySelector('.board.scroll').tabIndex === 0"
    page.wait_for_function(f"!({stop})", timeout=5_000)
    page.locator("label", has_text="All").first.click()
    assert page.eval_on_selector(".board.scroll", "one => one.scrollWidth > one.clientWidth + 1")
    page.wait_for_function(stop, timeout=5_000)
    page.locator("label", has_text="Quality").first.click()
    page.wait_for_function(f"!({stop})", timeout=5_000)


# ----- filtering


def test_words_filter_by_name_and_authors_and_the_count_is_said(opened):
    page = opened()
    page.get_by_label("Name or authors").fill("COPSE")
    assert shown(page) == ["Copse", "Copse 2"]
    assert page.locator("#status").text_content() == "2 of 16 entries"
    page.get_by_label("Name or authors").fill("rowan copse")
    assert shown(page) == ["Copse"]
    page.get_by_role("button", name="Show all entries").first.click()
    assert len(shown(page)) == 14
    assert page.locator("#status").text_content() == "all 16 entries"


def test_levels_and_kinds_filter_and_points_fade_with_their_rows(opened):
    page = opened()
    page.get_by_label("Verified", exact=True).select_option("3")
    levels = page.eval_on_selector_all("[data-rows] tr:not([hidden])", "rows => rows.map(row => row.dataset.level)")
    assert set(levels) == {"3"}
    page.get_by_label("Verified", exact=True).select_option("0")
    page.get_by_label("Kind", exact=True).select_option("reference")
    assert shown(page) == ["dcgan", "vae", "wgan-gp"]
    kept = page.eval_on_selector_all("[data-mark]:not(.out)", "marks => marks.map(mark => mark.dataset.mark)")
    assert set(kept) == {"dcgan", "vae", "wgan-gp"}
    page.get_by_label("Kind", exact=True).select_option("control")
    assert shown(page) == [] and len(shown(page, "controls-table")) == 2


# ----- keyboard


def test_the_keyboard_alone_skips_sorts_filters_and_opens(opened, site):
    page = opened()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.locator(".skip").bounding_box()["x"] >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"

    def tab_to(script):
        for _ in range(60):
            page.keyboard.press("Tab")
            if page.evaluate(script):
                outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
                assert outline == "solid"
                return
        raise AssertionError(f"the tab key never comes to {script}")

    tab_to("document.activeElement.name === 'words'")
    page.keyboard.type("copse")
    assert shown(page) == ["Copse", "Copse 2"]
    tab_to("document.activeElement.textContent.startsWith('Density')")
    page.keyboard.press("Enter")
    assert sorts(page) == [["Density", "descending"]]
    page.keyboard.press("Space")
    assert sorts(page) == [["Density", "ascending"]]
    tab_to("document.activeElement.textContent === 'Copse 2'")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{site.as_uri()}/entries/digits/copse-2.html")


def test_points_of_a_scatter_are_no_stops_of_the_tab_key(opened):
    page = opened()
    assert page.locator(".scatter a").count() > 0
    assert page.locator('.scatter a:not([tabindex="-1"])').count() == 0


# ----- themes


def test_the_theme_is_the_systems_until_one_is_chosen_and_then_it_is_remembered(opened, site):
    page = opened("index.html", color_scheme="dark")
    dark = background(page)
    assert page.get_by_label("Theme").input_value() == "system"
    page.emulate_media(color_scheme="light")
    light = background(page)
    assert light == "rgb(255, 255, 255)" and dark != light
    page.get_by_label("Theme").select_option("dark")
    assert background(page) == dark
    page.goto((site / "tracks/digits.html").as_uri())
    assert background(page) == dark and page.get_by_label("Theme").input_value() == "dark"
    page.get_by_label("Theme").select_option("system")
    page.reload()
    assert background(page) == light


# ----- what a screen reader is told


def test_tables_keep_their_parts_and_controls_their_names_at_every_width(opened):
    for width in (390, 1280):
        page = opened(width=width)
        if width == 390:
            page.get_by_role("button", name="Filter").click()
        table = page.get_by_role("table").first
        assert table.get_by_role("row").count() >= 14
        assert table.get_by_role("columnheader").count() == page.locator("#ranked-table thead th:visible").count() > 8
        assert table.get_by_role("rowheader").count() == 16
        for name in ("Name or authors", "Verified", "Kind", "Theme"):
            assert page.get_by_label(name, exact=True).is_visible()
        assert page.get_by_role("navigation", name="Pages").is_visible()
        assert page.get_by_role("main").count() == page.get_by_role("banner").count() == 1


def test_it_works_in_a_folder_with_an_odd_name(chromium, site, tmp_path):
    odd = tmp_path / "a b#c%20?d"
    shutil.copytree(site, odd)
    page = chromium.new_page()
    page.goto((odd / "index.html").as_uri())
    page.get_by_role("link", name="digits").click()
    page.get_by_role("link", name="Copse 2", exact=True).click()
    page.wait_for_url("**/entries/**")
    assert page.locator("h1").text_content() == "Copse 2"
    assert Path(odd, "site.css").is_file() and background(page) == "rgb(255, 255, 255)"
    page.close()
