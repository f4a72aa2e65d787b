"""The walk test at the kit, beside an agent that runs."""

from collections.abc import Callable
from threading import Thread

import pytest

from edge.app import main
from edge.settings import load
from edge.walk import walk
from models.wire import Configuration, Down, Order
from tests.conftest import eventually
from tests.edge.conftest import EVERY_KIND, FakeHub, Kit

pytestmark = [pytest.mark.broker, pytest.mark.processes]


def walked(kit: Kit, do: Callable[[str], None], *names: str, patience: float = 20.0) -> tuple[int, list[str]]:
    """What the command says, `do` being done as each line comes."""
    said: list[str] = []
    ended: list[int] = []

    def say(line: str) -> None:
        said.append(line)
        do(line)

    thread = Thread(target=lambda: ended.append(walk(load(kit.folder / "kit.toml"), names, patience, say)))
    thread.start()
    thread.join(60)
    return ended[0], said


def sets_off(kit: Kit) -> Callable[[str], None]:
    doors = iter([False, True] * 5)

    def do(line: str) -> None:
        if line == "front_door: open the door now":
            kit.says("front_door", contact=next(doors))
        elif line == "pendant: press the pendant now":
            kit.says("pendant", action="emergency")

    return do


def test_each_that_is_set_off_is_heard_and_receipted_and_one_that_is_dead_is_named(hub: FakeHub, kit: Kit) -> None:
    kit.start()
    eventually(lambda: bool(hub.beats) and bool(hub.last.keeps_to))
    somebody = sets_off(kit)
    code, said = walked(kit, somebody, "front_door", "pendant")
    assert (code, said[-1]) == (0, "2 of 2 passed"), said
    assert "receipted by the hub after" in said[1]
    code, said = walked(kit, somebody, "bed", "front_door", patience=6.0)
    assert (code, said[-1]) == (1, "1 of 2 passed"), said
    assert "bed: NOT HEARD by the kit" in said[1]
    hub.configure(Configuration(agreed=tuple(kind for kind in EVERY_KIND.agreed if kind != "bed")))
    code, said = walked(kit, somebody, "bed")
    assert (code, "nobody agreed to a bed sensor" in said[0]) == (1, True)


def test_what_the_kit_hears_and_the_hub_does_not_is_told_apart(
    hub: FakeHub, kit: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.walk.AT_THE_HUB_WITHIN", 0.5)
    kit.start()
    eventually(lambda: bool(hub.beats) and bool(hub.last.keeps_to))
    hub.deaf = True
    code, said = walked(kit, sets_off(kit), "front_door")
    assert code == 1
    assert "heard by the kit after" in said[1]
    assert "NOT RECEIPTED by the hub" in said[1]


def test_while_a_home_is_walked_nothing_waits_for_company_and_beats_come_often(hub: FakeHub, kit: Kit) -> None:
    kit.start(batch_every=300.0, heartbeat_every=600.0)
    eventually(lambda: bool(hub.beats) and bool(hub.last.keeps_to))
    beats = len(hub.beats)
    hub.order(Down("w1", Order.WALK))
    eventually(lambda: len(hub.beats) >= beats + 2)
    kit.says("front_door", contact=False)
    eventually(lambda: len(hub.stored) == 1)


def test_without_an_agent_or_with_an_unknown_name_it_says_so(kit: Kit, capsys: pytest.CaptureFixture[str]) -> None:
    file = str(kit.write())
    assert main(["walk-test", "cellar", "--settings", file]) == 2
    assert "no sensor here is called cellar" in capsys.readouterr().out
    assert main(["walk-test", "--settings", file]) == 1
    assert "no agent runs" in capsys.readouterr().out
