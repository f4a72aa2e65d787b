import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, sync_playwright

from simulators.evaluate.command import main
from simulators.evaluate.report import report
from tests.conftest import wanted

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def page(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page")
    assert main(["evaluate", "inactivity", str(folder), "--json", f"{path}/all.json"]) == 0
    figures = json.loads((path / "all.json").read_text(encoding="utf-8"))
    figures["unseen_by_the_prior"] = figures  # every section is there
    (path / "page.html").write_text(report(figures), encoding="utf-8")
    return path / "page.html"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    path = wanted("chromium")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.mark.parametrize("width", [320, 1280])
def test_the_page_reads_on_a_phone_and_by_a_screen_reader(chromium: Browser, page: Path, width: int) -> None:
    shown = chromium.new_page(viewport={"width": width, "height": 900})
    shown.goto(page.as_uri())
    assert shown.evaluate("document.documentElement.scrollWidth") <= width
    found = Axe().run(shown)
    assert found.violations_count == 0, found.generate_report()
    assert shown.locator("summary").count() == 4
    shown.close()
