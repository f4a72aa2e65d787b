"""What the pendant felt, on the alert's page: for whoever answers, while it is agreed to, and nobody else."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from hub.store.traces import Felt
from hub.web.access import Gate
from hub.web.felt import drawn
from hub.web.live import Live
from models.alert import Act, Outcome
from models.detection import Finding, FindingKind
from models.observation import SensorKind, What
from models.privacy import Consent
from models.register import Register
from simulators.acceleration import ON_THE_FLOOR, RATE, Lived
from tests.hub.web.conftest import Visitor, words
from tests.hub.web.world import World

Visit = Callable[..., Visitor]

A_FALL = Lived().walks(4).falls().rests(3, ON_THE_FLOOR).acc


def mg() -> tuple[int, ...]:
    return tuple(np.round(A_FALL * 1000).astype(int).ravel().tolist())


def agree(world: World, *, withdrawn: bool = False, kind: SensorKind = SensorKind.PENDANT) -> None:
    at = world.now if withdrawn else None
    one = Consent("h_okafor", kind, "the resident", "asked and agreed", world.now, withdrawn_at=at, felt=True)
    world.store.records.load(Register(consents=(one,)), {})


def fell(world: World, sensor: str = "pendant") -> int:
    """A fall half a minute ago, of which the trace has arrived."""
    at = world.now - timedelta(seconds=30)
    finding = Finding(FindingKind.FALL, "h_okafor", at, at, sensor=sensor, evidence={"what": What.FELL, "chance": 0.9})
    alert = world.find(finding, "r_okafor")
    felt(world, sensor)
    return alert.id


def felt(world: World, sensor: str = "pendant", number: int = 900) -> None:
    at = world.now - timedelta(seconds=30)
    world.store.traces.keep([Felt("h_okafor", "box", number, sensor, at, -4.3, 1 / RATE, mg())])


def test_whoever_answers_sees_it_drawn_and_in_words(world: World, visit: Visit) -> None:
    agree(world)
    page = visit("tom").see(f"/console/alert/{fell(world)}")
    assert "What the pendant felt At" in words(page)
    assert "g, at 11:59:" in words(page)
    assert "At the end it hardly moved." in words(page)
    assert "<polyline" in page
    assert any("around a suspected fall" in one.data for one in world.store.records.looks("h_okafor"))


def test_an_open_page_is_told_when_it_arrives(world: World) -> None:
    store, alert = world.store, fell(world)
    live = Live(Gate(store.records, store.alerts, store.series, world.clock, traces=store.traces))
    ((before, _),) = live.of_alerts("", {alert}).values()
    assert live.of_alerts("", {alert})[alert][0] == before
    felt(world, number=901)
    assert live.of_alerts("", {alert})[alert][0] not in (before, "")


def test_it_is_gone_with_its_consent_and_another_sensors_is_none(world: World, visit: Visit) -> None:
    alert = fell(world)
    for withdrawn in (False, True):
        agree(world, withdrawn=withdrawn)
        assert ("<polyline" in visit("tom").see(f"/console/alert/{alert}")) is not withdrawn


def test_nobody_else_sees_it(world: World, visit: Visit) -> None:
    agree(world)
    alert = fell(world)
    world.store.alerts.act(alert, Act.ANSWER, "tom", world.now)
    world.store.alerts.act(alert, Act.SEND, "tom", world.now, text="priya")
    assert "<polyline" not in visit("priya").see(f"/visits/{alert}")
    for login, path in (("ada", "/family"), ("karl", "/family"), ("ivan", "/installer")):
        assert "<polyline" not in visit(login).see(path)
    for login in ("karl", "ada", "ivan"):
        assert visit(login).get(f"/console/alert/{alert}").status_code in (403, 404)
    world.store.alerts.act(alert, Act.CLOSE, "tom", world.now, outcome=Outcome.FALL)
    assert "<polyline" not in visit("tom").get(f"/console/alert/{alert}").text, "closed: a reason is asked for first"


def test_a_fall_of_somebody_else_in_the_home_is_not_shown(world: World, visit: Visit) -> None:
    agree(world)
    home = world.home("h_okafor")
    worn = replace(next(one for one in home.sensors if one.id == "pendant"), id="his", wearer="r_other")
    world.store.records.load(Register(homes=(replace(home, sensors=(*home.sensors, worn)),)), {})
    alert = world.press()
    world.store.traces.keep([Felt("h_okafor", "box", 900, "his", world.now, -4.3, 1 / RATE, mg())])
    assert "<polyline" not in visit("tom").see(f"/console/alert/{alert.id}")


def test_a_fault_of_the_kit_is_no_reason_to_see_it(world: World, visit: Visit) -> None:
    agree(world)
    fell(world)
    fault = world.sensor_unheard("h_okafor", "hall_pir")
    assert "<polyline" not in visit("tom").see(f"/console/alert/{fault.id}")


@pytest.mark.parametrize("count", [0, 1, 2, 7])
def test_the_shortest_traces_draw_or_do_not(world: World, count: int) -> None:
    trace = drawn(world.now, -0.02, 0.02, (0, 0, 0) * count, "Europe/London")
    assert (trace is None) is (count < 2)
