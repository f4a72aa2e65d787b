"""Other settings, tried on the last month before they are kept: by the administrator, and counted only."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest

from models.people import Account, Role
from models.protection import Spell, Unprotected
from tests.hub.web.conftest import Visitor, words
from tests.hub.web.test_administration import form, office
from tests.hub.web.world import World, day_of_hers

Visit = Callable[..., Visitor]
PATH = "/administration/homes/h_okafor/try"
QUIET = timedelta(days=5)
"""So long ago nothing was noticed from noon on, until the next morning."""
AS_SET = {"false_alerts_a_month": "1", "quiet_hours": "6", "up_by_hour": "10", "may_wander": "no"}


@pytest.fixture
def admin(world: World, visit: Visit) -> Visitor:
    return office(world, visit, Account("amina", "Amina Yusuf", Role.ADMINISTRATOR))


def a_month(world: World) -> None:
    """Forty days like each other, but for one on which she was not noticed after noon."""
    midnight = world.now.replace(hour=0, minute=0)
    days = [day_of_hers(midnight - timedelta(days=back)) for back in range(40, -1, -1)]
    quiet = (midnight - QUIET).replace(hour=12), (midnight - QUIET + timedelta(days=1)).replace(hour=7)
    seen = [one for day in days for one in day if one[0] <= world.now and not quiet[0] < one[0] < quiet[1]]
    world.saw("h_okafor", *seen)


def asked(admin: Visitor, **typed: str) -> tuple[int, str]:
    answer = admin.post(PATH, **AS_SET | typed)
    return answer.status_code, words(answer.text)


def counts(told: str) -> tuple[int, int]:
    """With what is typed, and with what is set."""
    found = re.search(r"(\d+) alerts? with what you typed, (\d+) with what is set now", told)
    assert found, told
    return int(found.group(1)), int(found.group(2))


def test_what_other_settings_would_have_done_is_counted_before_they_are_kept(world: World, admin: Visitor) -> None:
    a_month(world)
    before = form(admin.see("/administration/homes/h_okafor"), "homes", f'formaction="{PATH}"')
    assert "with what you typed" not in admin.see(PATH), "nothing was typed yet"
    same = counts(asked(admin)[1])
    assert same[0] == same[1] >= 1
    impatient = counts(asked(admin, false_alerts_a_month="30")[1])
    assert (impatient[0] > impatient[1], impatient[1]) == (True, same[1])
    assert world.home("h_okafor").false_alerts_a_month == 1, "trying changes nothing"
    page = admin.post(PATH, **{**before, "false_alerts_a_month": "0.5", "area": "Quay"}).text
    assert admin.post("/administration/records/homes", **form(page, "homes", "Keep what")).status_code == 303
    kept = world.home("h_okafor")
    assert (kept.false_alerts_a_month, kept.area) == (0.5, "Quay"), "all that was typed beside it is kept with it"
    looks = [one for one in world.store.records.looks("h_okafor") if one.viewer == "amina"]
    assert any("how often other settings would have called" in one.data for one in looks)


def test_while_a_home_was_not_heard_nothing_would_have_been_raised(world: World, admin: Visitor) -> None:
    a_month(world)
    noon = (world.now - QUIET).replace(hour=12, minute=0)
    was = counts(asked(admin)[1])[1]
    world.store.records.health.begin([Spell("h_okafor", Unprotected.KIT_UNHEARD, noon)])
    world.store.records.health.end([Spell("h_okafor", Unprotected.KIT_UNHEARD, noon, noon + timedelta(hours=20))])
    assert counts(asked(admin)[1])[1] == was - 1


def test_what_can_not_be_tried_is_said(world: World, admin: Visitor) -> None:
    status, told = asked(admin, up_by_hour="noon")
    assert (status, "'noon' is no whole number" in told) == (400, True)
    assert "up_by_hour is 5, before the night ends at morning_hour 6" in asked(admin, up_by_hour="5")[1]
    assert "'many' is no whole number" in asked(admin, people="many")[1], "though it is none of the settings"
    world.two_days()
    assert "has not been watched for three days" in asked(admin)[1]


def test_nobody_else_has_business_here(world: World, visit: Visit) -> None:
    max_ = office(world, visit, Account("max", "Max Orme", Role.MANAGER))
    for guest in (*map(visit, ("tom", "sunita", "priya", "ivan", "karl", "grace")), max_):
        assert guest.get(PATH).status_code == 404
        assert guest.post(PATH, **AS_SET).status_code == 404
    west = office(world, visit, Account("wes", "Wes Tarn", Role.ADMINISTRATOR, council="Westmoor"))
    assert west.post(PATH, **AS_SET).status_code == 404
    assert not [one for one in world.store.records.looks("h_okafor") if one.viewer == "wes"]
