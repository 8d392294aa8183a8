"""The pages of 1,000 entries: from the files of a results folder to a finished site, and in a browser from an action to
the next picture on the screen."""

from itertools import count, cycle

import pytest

COUNT = 1000


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """A results folder with one track."""
    from leaderboard_entries import write_results

    folder = tmp_path_factory.mktemp("thousand") / "results"
    write_results(folder, COUNT)
    return folder


def test_bench_site(benchmark, results, tmp_path):
    """Into a new folder each time: where thousands of files were deleted a moment ago, ext4 needs up to 4 s more to
    make new ones. A site that replaces one does not meet that: the old one goes last."""
    from bench.site import write_site

    benchmark.group = f"site of {COUNT:,} entries"
    places = (tmp_path / f"site-{number}" for number in count())
    made = benchmark.pedantic(write_site, setup=lambda: ((results, next(places)), {}), rounds=5, warmup_rounds=1)
    assert made.entries == COUNT


# ----- in a browser

SHOW_ALL = "document.querySelector('.cut button').click()"
ACTIONS = {
    "sort": "document.querySelectorAll('#ranked-table .sort')[1 + %d].click()",
    "search": "form.words.value = ['copse', 'glyph'][%d]; form.dispatchEvent(new Event('input'))",
    "clear": "form.words.value = 'copse'; form.dispatchEvent(new Event('input')); form.querySelector('.clear').click()",
}
UNTIL_DRAWN = """async () => {
    const form = document.getElementById("filters");
    %s;
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
}"""


@pytest.fixture(scope="module")
def page(results, tmp_path_factory):
    """The page of the track in Chromium."""
    from chromium import PATH, started

    from bench.site import write_site

    if PATH is None:
        pytest.skip("no Chromium on the PATH")
    site = tmp_path_factory.mktemp("drawn") / "site"
    write_site(results, site)
    with started() as chromium:
        opened = chromium.new_page(viewport={"width": 1280, "height": 900})
        opened.goto((site / "tracks/digits.html").as_uri())
        yield opened


@pytest.mark.parametrize("whole", [False, True], ids=["first rows", "all rows"])
@pytest.mark.parametrize("action", ACTIONS)
def test_the_page_of_a_track(benchmark, page, action, whole):
    """Actions while the first rows are shown, and while all are."""
    benchmark.group = f"the page of {COUNT:,} entries"
    turns = cycle([0, 1])
    page.reload()
    if whole:
        page.evaluate(UNTIL_DRAWN % SHOW_ALL)

    def act():
        script, turn = ACTIONS[action], next(turns)
        page.evaluate(UNTIL_DRAWN % (script % turn if "%d" in script else script))

    benchmark.pedantic(act, rounds=10, warmup_rounds=1)


def test_all_rows_are_shown(benchmark, page):
    """Each time on the page as it comes."""
    benchmark.group = f"the page of {COUNT:,} entries"

    def come():
        page.reload()

    benchmark.pedantic(lambda: page.evaluate(UNTIL_DRAWN % SHOW_ALL), setup=come, rounds=10)
    assert page.locator(".cut").first.is_hidden()
