"""A report in a real Chromium: nothing is loaded, nothing is wider than a phone, and both themes can be read."""

import pytest
from chromium import CONTRAST, needs_chromium
from reported_runs import report_run

import bench

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    home = tmp_path_factory.mktemp("browsed")
    run = report_run(home, "gan")
    return bench.report(run, results=home / "results", assignment="ouc-a3", output=home / "report.html").path


def test_a_report_loads_nothing_and_can_be_read_on_a_phone_and_in_the_dark(chromium, path):
    for width, scheme in ((390, "light"), (1200, "dark")):
        page = chromium.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
        complaints, asked = [], []
        page.on("console", lambda message, to=complaints: to.append(message.text))
        page.on("request", lambda request, to=asked: to.append(request.url))
        page.goto(path.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate("[...document.images].every((one) => one.naturalWidth > 0 && one.alt)")
        assert page.evaluate(CONTRAST) == []
        assert complaints == [] and [url for url in asked if not url.startswith("data:")] == [path.as_uri()]
        page.locator("nav a", has_text="References").click()
        page.wait_for_function("window.scrollY > 0")
        page.close()
