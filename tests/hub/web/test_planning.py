"""The planner's page and file: published once, for one's own council, and for nobody else."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi import FastAPI

from hub.web.app import build
from models.home import Home
from models.people import Role
from models.privacy import TABLE, Data, Purpose
from models.register import Register
from tests.hub.web.conftest import words
from tests.hub.web.inside import Inside
from tests.hub.web.marked import marked
from tests.hub.web.world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = marked(tmp_path)
    homes = [Home(f"h_{area}{n}", area, ()) for area, count in (("Elm", 40), ("Oak", 52)) for n in range(count)]
    made.store.records.load(Register(homes=tuple(homes)), {})
    return made


@pytest.fixture
def app(world: World) -> FastAPI:
    return build(world.settings)


def test_a_month_is_published_once_and_small_areas_are_not_shown(world: World, app: FastAPI) -> None:
    petra = Inside(app, world, "petra")
    page = words(petra.get("/planning").text)
    assert "Areas in October 2026" in page
    assert "Northside not shown not shown" in page
    assert "Elm 4" in page or "Elm 3" in page
    file = petra.get("/planning/2026-10.csv").text
    assert file.splitlines()[0].startswith("month,area,homes with the service,")
    gone = [replace(world.home(f"h_Elm{n}"), ended=datetime(2026, 9, 1, tzinfo=UTC)) for n in range(20)]
    world.store.records.load(Register(homes=tuple(gone)), {})
    assert petra.get("/planning/2026-10.csv").text == file, "what changes later changes nothing of it"


def test_nobody_else_and_no_month_that_runs(world: World, app: FastAPI) -> None:
    max_ = Inside(app, world, "max")
    assert "Elm" in words(max_.get("/planning").text)
    for month in ("2026-11", "2030-01", "2020-01", "x"):
        assert max_.get(f"/planning?month={month}").status == 404, month
    for login in ("tom", "sunita", "amina", "ivan", "priya", "karl", "resident", "as_c_times"):
        assert Inside(app, world, login).get("/planning").status == 404, login
    assert "Elm" not in words(Inside(app, world, "west_manager").get("/planning").text)


def test_a_planner_gets_totals_and_nothing_else_on_this_hub(world: World, app: FastAPI) -> None:
    """Least privilege: not even the contact centre's own figures, which are of single alerts."""
    petra = Inside(app, world, "petra")
    assert TABLE.keys() & {(Role.PLANNER, purpose) for purpose in Purpose} == {(Role.PLANNER, Purpose.PLAN)}
    assert TABLE[Role.PLANNER, Purpose.PLAN].keys() == {Data.FIGURES}
    others = ("/figures", "/console", "/administration", "/family", "/choices", "/letters", "/resident", "/handover")
    assert {path: petra.get(path).status for path in others} == dict.fromkeys(others, 404)
    assert petra.get("/").headers["location"] == "/planning"
