"""What goes wrong in the town, when, and what should come of it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from models.detection import FindingKind
from simulators.clock import PlayedClock
from simulators.kit import Kit
from simulators.relay import Relay
from simulators.resident import BATHROOM, FRIDGE, HALL, KITCHEN
from simulators.view import IS_OVER, View
from simulators.wires import Hearing


@dataclass
class Mishap:
    """Played `minute` minutes after the town is shown; what should come of it is there `within` so many more.

    `came` returns what the hub made of it in a sentence, or None while it has not. It waits while it may not be played.
    """

    minute: float
    text: str
    play: Callable[[], None]
    came: Callable[[], str | None]
    within: float
    may: Callable[[], bool] = lambda: True
    played_at: float | None = None
    seen_at: float | None = None
    made: str = ""


@dataclass
class World:
    """What a mishap can lay hands on."""

    clock: PlayedClock
    kits: dict[str, Kit]
    view: View
    hearing: Hearing
    path: Relay
    lost_clock: PlayedClock
    told: dict[str, int]
    """Observations of each home that were told as its history, before its kit began."""

    def arrived(self, kit: Kit) -> bool:
        """Everything that the kit noticed until now is receipted."""
        return self.hearing.receipted(kit.home.id) >= self.told[kit.home.id] + kit.sent


def script(world: World) -> list[Mishap]:
    """In order of time. Those of the first hour are over within a minute, as DEMO_SECONDS=60 wants."""
    okafor, whitcombe, gill = world.kits["h_okafor"], world.kits["h_whitcombe"], world.kits["h_gill"]
    pugh, nguyen = world.kits["h_pugh"], world.kits["h_nguyen"]
    return [
        Mishap(0, "the fridge door sensor at Mr Nowicki's has said nothing since 05:50 (its battery died)",
               lambda: None, lambda: _raised(world, "h_nowicki", FindingKind.SENSOR_UNHEARD), 28),
        Mishap(1, "Miss Whitcombe collapses in the bathroom: nobody moves, her sensors check in",
               lambda: _collapse(world, whitcombe), lambda: _raised(world, "h_whitcombe", FindingKind.SILENCE), 48),
        Mishap(4, "Mrs Okafor presses her pendant in the hall",
               lambda: _press(world, okafor), lambda: _raised(world, "h_okafor", FindingKind.PRESS), 3),
        Mishap(8, "Mrs Pugh's broadband is cut",
               world.path.cut, lambda: _raised(world, "h_pugh", FindingKind.KIT_UNHEARD), 15),
        Mishap(14, "Mr Gill presses his pendant; his kit came back from a power cut with a clock that says 1970",
               lambda: _press(world, gill), lambda: _raised(world, "h_gill", FindingKind.PRESS), 3),
        Mishap(19, "Mrs Pugh's broadband is back",
               world.path.mend, lambda: _caught_up(world, pugh), 20,
               may=lambda: _raised(world, "h_pugh", FindingKind.KIT_UNHEARD) is not None),
        Mishap(24, "Mrs Nguyen falls in the hall; her pendant feels it, and she can't get up",
               lambda: nguyen.fall(world.clock.now()), lambda: _raised(world, "h_nguyen", FindingKind.FALL), 6),
        Mishap(34, "Mrs Okafor presses again",
               lambda: _press(world, okafor), lambda: _pressed_again(world, "h_okafor"), 3),
        Mishap(38, "the clock of Mr Gill's kit is put right",
               lambda: _put_right(world, gill), lambda: _trusted(world, gill), 8),
        Mishap(75, "the battery of Mr Nowicki's sensor is changed",
               lambda: _revive(world, world.kits["h_nowicki"]), lambda: _cleared(world, "h_nowicki"), 10),
        Mishap(80, "Mrs Nguyen is helped up, and walks about",
               lambda: _walk_about(world, nguyen), lambda: _up_again(world, "h_nguyen"), 8),
        Mishap(100, "Miss Whitcombe is helped up and moves again",
               lambda: _get_up(world, whitcombe), lambda: _moved_again(world, "h_whitcombe"), 5),
    ]  # fmt: skip


def _press(world: World, kit: Kit) -> None:
    kit.move(world.clock.now(), HALL)
    kit.press(world.clock.now())


def _collapse(world: World, kit: Kit) -> None:
    kit.move(world.clock.now(), BATHROOM)
    kit.still = True


def _get_up(world: World, kit: Kit) -> None:
    kit.still = False
    kit.move(world.clock.now(), BATHROOM)


def _walk_about(world: World, kit: Kit) -> None:
    kit.still = False
    for room in (HALL, KITCHEN):
        kit.move(world.clock.now(), room)


def _up_again(world: World, home: str) -> str | None:
    found = re.search(r"Movement since the fall at[^.]*\.", _again(world, home, FindingKind.FALL))
    return f"the alert stays open for a person to close, and says: {found.group()}" if found else None


def _revive(world: World, kit: Kit) -> None:
    kit.dead.clear()
    kit.check_in(world.clock.now(), FRIDGE)


def _put_right(world: World, kit: Kit) -> None:
    kit.behind = timedelta(0)
    world.lost_clock.follow(world.clock)


def _raised(world: World, home: str, kind: FindingKind) -> str | None:
    shown = next(iter(world.view.of(home, kind)), None)
    return f"alert {shown.number}: {shown.sentences(kind)[0]}" if shown else None


def _again(world: World, home: str, kind: FindingKind) -> str:
    """All that is said of a home on its alerts of that kind, read afresh."""
    return " ".join(world.view.read(shown.number).text for shown in world.view.of(home, kind))


def _pressed_again(world: World, home: str) -> str | None:
    _again(world, home, FindingKind.PRESS)
    alerts = world.view.of(home, FindingKind.PRESS)
    presses = sum(len(shown.sentences(FindingKind.PRESS)) for shown in alerts)
    if presses < 2:
        return None
    return f"alert {alerts[-1].number} {'grew: two presses stand on it' if len(alerts) == 1 else 'raised anew'}"


def _moved_again(world: World, home: str) -> str | None:
    found = IS_OVER.search(_again(world, home, FindingKind.SILENCE))
    return f"the alert stays open for a person to close, and says: {found.group()}" if found else None


def _caught_up(world: World, kit: Kit) -> str | None:
    if _still_open(world, kit.home.id) or not world.arrived(kit):
        return None
    return "the fault cleared itself; what was noticed meanwhile is stored"


def _cleared(world: World, home: str) -> str | None:
    return None if _still_open(world, home) else "the fault cleared itself"


def _still_open(world: World, home: str) -> bool:
    return any(shown.home == home and shown.number in world.view.open for shown in world.view.shown.values())


def _trusted(world: World, kit: Kit) -> str | None:
    beat = world.hearing.beats.get(kit.home.id)
    if beat is None or not beat.clock_trusted or not world.arrived(kit):
        return None
    return "all that it noticed in 1970 is stored, where it belongs"
