"""A Chromium for the tests of pages: one for the whole run, with one set of flags; and what they ask of a page."""

import shutil
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest

PATH = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--no-first-run", "--disable-default-apps", "--disable-extensions",
)  # fmt: skip
needs_chromium = pytest.mark.skipif(
    PATH is None or find_spec("playwright") is None,
    reason="no Chromium on the PATH (apt-get install chromium), or no playwright (pip install -e .[test])",
)
RULES = (
    """axe.run(%s, {resultTypes: ["violations"], rules: {"color-contrast": {enabled: false}}})"""  # CONTRAST is faster
)
CONTRAST = """() => {  // what axe asks of colours, in a tenth of the time
  const channel = (value) => (value /= 255) <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const rgba = (text) => text.match(/[\\d.]+/g).map(Number);
  const behind = (element) => {
    for (; element; element = element.parentElement) {
      const colour = rgba(getComputedStyle(element).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const low = new Set();
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const element = walk.currentNode.parentElement;
    if (!walk.currentNode.data.trim() || !element.getClientRects().length || element.closest("title")) continue;
    const style = getComputedStyle(element);
    const both = [rgba(element.closest("svg") ? style.fill : style.color), behind(element)].map(light).sort();
    const ratio = (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05);
    if (ratio < 4.5) low.add(`${element.tagName}.${element.className?.baseVal ?? element.className}: ${ratio}`);
  }
  return [...low];
}"""


@contextmanager
def started():
    """A Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=PATH, args=list(FLAGS))
        yield made
        made.close()


@pytest.fixture(scope="session")
def chromium():
    """The one of all tests."""
    with started() as made:
        yield made


@contextmanager
def opening(chromium, folder, first="tracks/digits.html"):
    """A function that opens a page below a folder; in the end everything is closed, and it fails where a page has
    complained or asked for anything else."""
    contexts, complaints = [], []

    def failed(request):
        if request.failure != "net::ERR_ABORTED":  # as that of a picture is when its page is left
            complaints.append(f"failed: {request.url}, {request.failure}")

    def open_page(name=first, width=1280, **options):
        contexts.append(chromium.new_context(viewport={"width": width, "height": 844}, **options))
        page = contexts[-1].new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: complaints.append(dialog.message))
        page.on("requestfailed", failed)
        page.on("request", lambda asked: asked.url.startswith(folder.as_uri()) or complaints.append(asked.url))
        page.goto(f"{folder.as_uri()}/{name}")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not complaints, "\n".join(complaints)


def open_details(page):
    """Everything that unfolds is open."""
    page.eval_on_selector_all("details", "all => all.forEach(one => { one.open = true; })")


def broken_rules(page, part="document"):
    """The rules of axe that a page breaks, each with its first place. Its policy must be bypassed: it refuses axe."""
    package = pytest.importorskip("axe_core_python", reason="axe is not installed: pip install -e .[test]")
    if not page.evaluate("window.axe !== undefined"):
        page.evaluate((Path(package.__file__).parent / "axe.min.js").read_text(encoding="utf-8"))
    return [f"{one['id']}: {one['nodes'][0]['html'][:80]}" for one in page.evaluate(RULES % part)["violations"]]
