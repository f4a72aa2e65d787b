"""A home's kit from the depot's page: fetched by an installer, by nobody else."""

from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from edge.settings import load
from hub.authority import Authority
from tests.hub.web.conftest import Visitor, words
from tests.hub.web.world import World

Visit = Callable[..., Visitor]
Opened = Callable[..., Page]
PAGE = "/installer/kits"


@pytest.fixture
def world(world: World) -> World:
    """Kits find this hub."""
    world.settings = replace(world.settings, kits_host="hub.example.org", kits_port=8883)
    return world


def test_an_installer_fetches_a_kit_that_the_agent_reads(world: World, visit: Visit, tmp_path: Path) -> None:
    ivan = visit("ivan")
    assert "No kit was made for it yet" in words(ivan.see(f"{PAGE}?home=h_okafor"))
    assert ivan.post(f"{PAGE}/h_okafor", speaks="xx").status_code == 400
    answer = ivan.post(f"{PAGE}/h_okafor", speaks="pl")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    assert answer.headers["cache-control"] == "no-store"
    with ZipFile(BytesIO(answer.content)) as packed:
        modes = {one.filename: one.external_attr >> 16 for one in packed.infolist()}
        packed.extractall(tmp_path)
    assert modes["h_okafor-kit/kit.key"] == 0o600
    settings = load(tmp_path / "h_okafor-kit" / "kit.toml")
    assert (settings.home, settings.speaks) == ("h_okafor", "pl")
    (issued,) = Authority(world.settings.authority).ledger()
    assert (issued.home, issued.by) == ("h_okafor", "ivan")
    assert f"Kit {issued.serial[:8]}, made" in words(ivan.see(f"{PAGE}?home=h_okafor"))


def test_a_lost_kit_is_shut_out_by_its_button(world: World, visit: Visit) -> None:
    ivan = visit("ivan")
    ivan.post(f"{PAGE}/h_okafor")
    (issued,) = Authority(world.settings.authority).ledger()
    assert ivan.post(f"{PAGE}/h_lindqvist/revoke", serial=issued.serial[:8]).status_code == 404
    assert ivan.post(f"{PAGE}/h_okafor/revoke", serial="").status_code in (400, 422)
    assert Authority(world.settings.authority).ledger() == [issued]
    assert ivan.post(f"{PAGE}/h_okafor/revoke", serial=issued.serial[:8]).status_code == 303
    (ended,) = Authority(world.settings.authority).ledger()
    assert ended.revoked_by == "ivan"
    text = ivan.see(f"{PAGE}?home=h_okafor")
    assert "revoked" in words(text)
    assert "Shut out kit" not in words(text)


def test_a_home_that_is_not_on_record_gets_no_kit(world: World, visit: Visit) -> None:
    ivan = visit("ivan")
    assert "No home called h_nobody is on record" in words(ivan.see(f"{PAGE}?home=h_nobody"))
    assert ivan.post(f"{PAGE}/h_nobody").status_code == 404
    assert Authority(world.settings.authority).ledger() == []


@pytest.mark.parametrize("login", ["karl", "ada", "grace", "priya", "tom", "sunita"])
def test_for_everybody_else_there_is_nothing_here(world: World, visit: Visit, login: str) -> None:
    somebody = visit(login)
    assert somebody.get(f"{PAGE}?home=h_okafor").status_code == 404
    assert somebody.post(f"{PAGE}/h_okafor").status_code == 404
    assert somebody.post(f"{PAGE}/h_okafor/revoke", serial="01234567").status_code == 404
    assert Authority(world.settings.authority).ledger() == []


def test_a_forged_form_makes_no_kit(world: World, visit: Visit) -> None:
    assert visit("ivan").post(f"{PAGE}/h_okafor", csrf="forged").status_code == 403
    assert Authority(world.settings.authority).ledger() == []


@pytest.mark.browser
@pytest.mark.parametrize(("scheme", "width"), [("light", 320), ("dark", 1440)])
def test_the_page_is_for_everybody_and_works_by_keyboard(
    world: World, url: str, opened: Opened, scheme: str, width: int
) -> None:
    world.run(1.0)
    page = opened(url, "ivan", PAGE, width=width, scheme=scheme)
    page.get_by_label("The home's id").press_sequentially("h_okafor")
    page.keyboard.press("Enter")
    button = page.get_by_role("button", name="Make a kit for h_okafor")
    button.focus()
    with page.expect_download() as fetched:
        page.keyboard.press("Enter")
    assert fetched.value.suggested_filename == "h_okafor-kit.zip"
    page.reload()
    expect(page.get_by_role("button", name="Shut out kit")).to_be_visible()
    results = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]})
    found = [(one["id"], one["nodes"][0]["html"]) for one in results.response["violations"]]
    assert found == []
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
