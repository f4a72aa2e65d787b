"""What an open console is told: only what changed, and enough to come from what it showed to what holds now."""

import json
from datetime import timedelta
from typing import Any

import pytest

from hub.web.access import Gate, Viewer
from hub.web.live import Live
from hub.web.painted import NOTHING, Painted, painted
from models.alert import Act, Outcome
from models.people import Account, Role
from tests.hub.web.world import World

TOM = Viewer(Account("tom", "Tom Brandt", Role.OPERATOR), "")


@pytest.fixture
def gate(world: World) -> Gate:
    store = world.store
    return Gate(store.records, store.alerts, store.series, world.clock)


class Console:
    """What a browser does with the hub's words, without its markup."""

    def __init__(self, shown: Painted) -> None:
        self.mark = shown.mark
        self.lists = {name: [str(one) for one in order] for name, order in shown.lists.items()}
        self.rows = {str(one): str(text) for one, (_, text) in shown.rows.items()}
        self.blocks = {name: str(text) for name, text in shown.blocks.items()}

    def hears(self, event: bytes) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(event.decode().split("data: ")[1])
        if "since" in told:
            assert told["since"] == self.mark
            self.mark = told["mark"]
            self.lists |= {name: [str(one) for one in order] for name, order in told["lists"].items()}
            self.rows |= told["rows"]
            self.blocks |= told["blocks"]
        return told

    def shows(self, name: str) -> list[str]:
        return [self.rows[one] for one in self.lists[name]]


def test_a_console_that_follows_shows_what_a_fresh_one_shows(world: World, gate: Gate) -> None:
    live = Live(gate)
    live.word("", [TOM])
    console = Console(painted(gate.board.of("")))
    act = world.store.alerts.act
    press = world.press()
    for happens in (
        lambda: world.silence("h_lindqvist", "r_lindqvist"),
        lambda: act(press.id, Act.ANSWER, "tom", world.now),
        world.press,
        lambda: world.kit_unheard("h_lindqvist"),
        lambda: world.move(timedelta(minutes=6)),
        lambda: act(press.id, Act.LAPSE, "hub", world.now),
        lambda: act(press.id, Act.ANSWER, "nia", world.now),
        lambda: act(press.id, Act.CLOSE, "nia", world.now, outcome=Outcome.FALL),
    ):
        happens()
        console.hears(live.word("", [TOM]).event)
        fresh = Console(painted(gate.board.of("")))
        assert console.mark == fresh.mark
        assert console.lists == fresh.lists
        assert [_without_time(one) for name in fresh.lists for one in console.shows(name)] == [
            _without_time(one) for name in fresh.lists for one in fresh.shows(name)
        ]
        assert console.blocks == fresh.blocks
    assert console.lists == {"calls": ["2"], "looks": [], "held": [], "faults": ["3"]}


def _without_time(row: str) -> str:
    """The browser itself goes on counting how long somebody waits."""
    return row[: row.index("<time")] + row[row.index("</time>") :]


def test_one_more_alert_among_many_is_told_in_one_row(world: World, gate: Gate) -> None:
    live = Live(gate)
    world.silence("h_lindqvist", "r_lindqvist")
    live.word("", [TOM])
    alert = world.press()
    told = json.loads(live.word("", [TOM]).event.decode().split("data: ")[1])
    assert list(told["rows"]) == [str(alert.id)]
    assert told["lists"] == {"calls": [2, 1]}
    again = json.loads(live.word("", [TOM]).event.decode().split("data: ")[1])
    assert "rows" not in again
    assert again["mark"] == told["mark"]


def test_nothing_in_a_row_depends_on_who_looks(world: World, gate: Gate) -> None:
    alert = world.press()
    world.store.alerts.act(alert.id, Act.ANSWER, "tom", world.now)
    row = str(painted(gate.board.of("")).rows[alert.id][1])
    assert "csrf" not in row
    assert 'data-holder="tom"' in row
    assert '<b class="holder">Tom Brandt</b>' in row


def test_each_who_had_a_row_on_the_screen_is_on_record_once_an_hour(world: World, gate: Gate) -> None:
    live, nia = Live(gate), Viewer(Account("nia", "Nia Evans", Role.OPERATOR), "")
    world.press()
    for _ in range(3):
        live.word("", [TOM, nia])

    def looks() -> list[str]:
        return [one.viewer for one in world.store.records.looks("h_okafor")]

    assert sorted(looks()) == ["nia", "tom"]
    assert world.store.records.looks("h_lindqvist") == []
    world.move(timedelta(hours=1))
    live.word("", [TOM])
    assert sorted(looks()) == ["nia", "tom", "tom"]
    assert world.store.records.broken_logs() == []


def test_a_queue_that_says_the_same_has_the_same_mark(world: World, gate: Gate) -> None:
    world.press()
    before = gate.board.of("")
    world.move(timedelta(seconds=10))
    for home in ("h_okafor", "h_lindqvist"):
        world.beat(home)
    assert gate.board.of("").mark == before.mark
    world.move(timedelta(minutes=20))
    assert gate.board.of("").mark != before.mark, "no home is heard any more"
    assert painted(before, NOTHING).waiting == 1
