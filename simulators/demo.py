"""A hub and a dozen homes to look at: a week behind them, a morning just past, and a script of mishaps to come."""

import contextlib
import re
import time
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.progress import track
from rich.table import Table

from models.home import Sensor
from simulators.browser import Browser
from simulators.cast import ALL, FAMILY, OTHERS, STAFF, Household, register, with_sensors
from simulators.clock import PlayedClock
from simulators.kit import Kit, Play, check_ins, plays, together
from simulators.live import Live
from simulators.lockstep import Lockstep, beats_in
from simulators.mishaps import Mishap, World, script
from simulators.programs import Failed, Program, Stage, start_kits_broker
from simulators.recording import (
    Recording,
    Trigger,
    check_folder,
    closes_itself,
    is_recording,
    read_recording,
    weeks_until,
)
from simulators.relay import Relay
from simulators.resident import BED, CHAIR, FRIDGE, life
from simulators.service import Counts, Hub, Place, start_agent
from simulators.spoken import Voice, tell
from simulators.view import View, by_kind
from simulators.wires import Hearing, Line

LONDON = ZoneInfo("Europe/London")
BEGINS, SHOWN = time_of_day(7, 30), time_of_day(9, 30)
DIES_AT = time_of_day(5, 50)
"""Four hours without a word make a dead sensor, so that one shows soon after half past nine."""

HISTORY = timedelta(days=7)
HISTORY_BOX = "history"
BEAT = timedelta(minutes=3)
"""Less often than a real kit, or a busy machine would look like a lost home at sixty times the speed."""

RECORDED = OTHERS[:5]
"""Those who live recorded days, where there are some."""

HICCUP = 10.0
"""Real seconds by which something may come later than it should, on a machine with other things to do."""

COMES_BACK = 30.0
"""Real seconds within which a kit tries a path again that was lost."""

YEAR_1970 = datetime(1970, 1, 1, tzinfo=UTC)
LOOK_EVERY = 0.25
T = TypeVar("T")
ENOUGH = 50
"""Triggers that a recorded day must have."""
FEELS = "h_nguyen"
"""Whose pendant feels acceleration."""


def demo(
    console: Console,
    *,
    recordings: Path | None = None,
    speed: float = 60.0,
    seconds: float | None = None,
    smtp: tuple[str, int] | None = None,
) -> int:
    """Returns the exit code: 1 when something that should have come did not, in the time that was given."""
    with contextlib.ExitStack() as leaving:
        try:
            stage = leaving.enter_context(Stage("demo"))
            town = leaving.enter_context(Town(stage, console, recordings, smtp))
            town.set_up()
            town.show(speed)
            town.play(speed, seconds)
            return town.report(speed, seconds)
        except KeyboardInterrupt:
            console.print("\nEnding the hub, the homes and the brokers")
    console.print("Nothing is left behind.")
    return 0


@dataclass(frozen=True, slots=True)
class Lived:
    """A recorded life: its sensors, and its triggers from a week before the demonstration begins."""

    sensors: tuple[Sensor, ...]
    triggers: list[Trigger]


class Town(contextlib.ExitStack):
    """Everything that is started, and who lives there."""

    def __init__(self, stage: Stage, console: Console, recordings: Path | None, smtp: tuple[str, int] | None) -> None:
        super().__init__()
        self._stage, self._console = stage, console
        today = datetime.now(LONDON).date()
        self._died, self._start, self._shown = (_on(today, hour) for hour in (DIES_AT, BEGINS, SHOWN))
        self._clock = PlayedClock(stage.folder / "hub.pace", self._start)
        self._kit_clock = PlayedClock(stage.folder / "kits.pace", self._start)
        self._lost_clock = PlayedClock(stage.folder / "lost.pace", YEAR_1970)
        self._recorded = _chosen(recordings, self._start)
        self._households = _households(self._recorded)
        self._hub = Hub(stage, self._clock, smtp)
        self._email = smtp is not None
        self._kits: dict[str, Kit] = {}
        self._told: dict[str, int] = {}
        self._mishaps: list[Mishap] = []
        self._passwords: dict[str, str] = {}

    def set_up(self) -> None:
        began = time.monotonic()
        self._say("Putting twelve homes on record")
        self._passwords = self._hub.load(register(self._households, self._start, email=self._email))
        self._say("Starting the hub")
        place = self._hub.start()
        port = start_kits_broker(self._stage)
        self._hearing = Hearing(place.broker_host, place.broker_port)
        self._line = Line(port)
        self._path = Relay(place.broker_host, place.broker_port)
        for end in (self._hearing.close, self._line.close, self._path.close):
            self.callback(end)
        self._kits = {each.home.id: self._kit(each) for each in self._households}
        self._tell_history(place)
        agents = [self._start_agent(kit, place, port) for kit in self._kits.values()]
        for agent in agents:
            agent.wait_for(r"^ready home=", 180)
        self._wait_for_kits()
        self._pass_morning()
        self._web = place.web
        self._say(f"Ready after {time.monotonic() - began:.0f} s")

    def _kit(self, household: Household) -> Kit:
        lived = self._recorded.get(household.home.id)
        if lived is None:
            invented = life(household.habits, self._start - HISTORY, ZoneInfo(household.home.timezone))
            said = plays(household.home.sensors, invented, frozenset({BED, CHAIR}))
        else:
            said = plays(household.home.sensors, lived.triggers, closes_itself(lived.triggers))
        checking = check_ins(household.home.sensors, self._start, household.home.id)
        kit = Kit(household.home, self._line.publish, together(said, checking))
        kit.feels = household.home.id == FEELS
        return kit

    def _start_agent(self, kit: Kit, place: Place, port: int) -> Program:
        hub, clock = (place.broker_host, place.broker_port), self._kit_clock
        if kit.home.id == "h_pugh":
            hub = ("127.0.0.1", self._path.port)
        if kit.home.id == "h_gill":
            clock, kit.behind = self._lost_clock, YEAR_1970 - self._start
        return start_agent(self._stage, kit.home, hub, port, clock, kit.feels, **beats_in(BEAT))

    def _tell_history(self, place: Place) -> None:
        voice = self._voice = Voice(place.broker_host, place.broker_port, HISTORY_BOX)
        self.callback(voice.close)
        for kit in self._track(self._kits.values(), "A week behind each home"):
            tell(voice, self._hearing, kit.home.id, self._start, self._past(kit))
        self._told = dict(voice.sent)
        missing = self._hearing.wait_for(self._told, 30, voice.outbox)
        if missing:
            raise Failed(f"the hub gave no receipt for part of the history: {missing}")
        for kit in self._kits.values():  # and only now: who claims that all has arrived before it has invents a silence
            voice.beat(kit.home.id, self._start, self._last_signs(kit), BEAT.total_seconds())
        self._say(f"{sum(self._told.values()):,} observations of the last week are stored")

    def _wait_for_kits(self) -> None:
        """Until each kit itself was heard: a beat that is overtaken by the clock would be placed too late."""
        until = time.monotonic() + COMES_BACK
        while any(self._hearing.beats[home].outbox == HISTORY_BOX for home in self._kits):
            if time.monotonic() > until:
                raise Failed("the kits are connected, but their heartbeats do not pass the hub's broker")
            time.sleep(0.02)

    def _last_signs(self, kit: Kit) -> dict[str, datetime]:
        checked_in = self._start - BEAT
        return {each.id: self._died if each.id in kit.dead else checked_in for each in kit.home.sensors}

    def _past(self, kit: Kit) -> list[Play]:
        """What happened before; in it, one sensor dies."""
        past = kit.past(self._died)
        if kit.home.id == "h_nowicki":
            kit.die(FRIDGE, self._died)
        return past + kit.past(self._start)

    def _track(self, what: Collection[T], why: str) -> Iterable[T]:
        quiet = not self._console.is_terminal
        return track(what, why, console=self._console, transient=True, disable=quiet)

    def _pass_morning(self) -> None:
        """From half past seven until half past nine, as fast as the programs can follow."""
        for kit in self._kits.values():
            kit.open(self._start)
        kits = [(kit, self._lost_clock if kit.behind else self._kit_clock) for kit in self._kits.values()]
        lockstep = Lockstep(self._clock, kits, self._voice, self._hearing, BEAT)
        for _ in self._track(range((self._shown - self._start) // BEAT), "This morning"):
            lockstep.step()
        sent = sum(kit.sent for kit in self._kits.values())
        self._say(f"{sent:,} observations of this morning came through the kits")

    def show(self, speed: float) -> None:
        """Say where to look and how to log in."""
        table = Table("log in as", "password", "who", "sees", box=None, padding=(0, 2))
        for account in STAFF + FAMILY:
            table.add_row(account.login, self._passwords[account.login], account.name, account.role)
        self._say(f"\n[bold]Look at {self._web}[/bold]   (contact centre: tom; family: ada)\n")
        self._console.print(table)
        lived = f"{len(self._recorded)} of the twelve homes live recorded days. " if self._recorded else ""
        self._say(f"\n{lived}It is half past nine, and a minute passes in {60 / speed:.3g} s. Ctrl-C ends it.\n")

    def play(self, speed: float, seconds: float | None) -> None:
        """The mishaps, as they come, and what the hub makes of them; for `seconds`, or until Ctrl-C."""
        operator = Browser(self._web)
        operator.log_in("tom", self._passwords["tom"])
        self._view = View(operator, {each.home.id: each.resident.name for each in self._households})
        world = World(self._clock, self._kits, self._view, self._hearing, self._path, self._lost_clock, self._told)
        self._mishaps = script(world)
        began = time.monotonic()
        self._run_clocks(speed)
        with Live(self._clock, list(self._kits.values())) as live:
            while seconds is None or time.monotonic() - began < seconds:
                self._turn(live, (time.monotonic() - began) * speed / 60)
                time.sleep(LOOK_EVERY)

    def _run_clocks(self, speed: float) -> None:
        self._clock.run(speed, self._shown)
        self._kit_clock.follow(self._clock)
        self._lost_clock.run(speed, self._shown + self._kits["h_gill"].behind)

    def _turn(self, live: Live, minute: float) -> None:
        for mishap in self._mishaps:
            if mishap.played_at is None and mishap.minute <= minute and mishap.may():
                with live.turn:
                    mishap.play()
                mishap.played_at = time.monotonic()
                self._happened(mishap.text)
        new = self._view.look()
        for mishap in self._mishaps:
            if mishap.played_at and not mishap.made:
                self._answered(mishap)
        expected = {int(number) for mishap in self._mishaps for number in re.findall(r"alert (\d+)", mishap.made)}
        for shown in new:
            if shown.number not in expected:
                self._happened(shown.told(self._called(shown.home), f"{SHOWN:%H:%M}"))

    def _called(self, home: str) -> str:
        return next((each.resident.called for each in self._households if each.home.id == home), "somebody")

    def _answered(self, mishap: Mishap) -> None:
        if (made := mishap.came()) and mishap.played_at is not None:
            mishap.made = made
            self._happened(f"  → after {time.monotonic() - mishap.played_at:.1f} s: {made}")

    def _happened(self, text: str) -> None:
        self._say(f"{self._clock.now().astimezone(LONDON):%H:%M}  {text}")

    def report(self, speed: float, seconds: float | None) -> int:
        """What happened, and whether it is what should have."""
        sent = {home: self._told[home] + kit.sent for home, kit in self._kits.items()}
        self._path.mend()
        self._hearing.wait_for(sent, COMES_BACK)
        counts = self._hub.counts()
        late = [mishap for mishap in self._mishaps if not mishap.made and self._was_given(mishap, speed, seconds)]
        wrong = [f"{mishap.text}: nothing came of it" for mishap in late] + _unequal(sent, counts)
        self._summarise(sent, counts)
        for line in wrong:
            self._say(f"[red]WRONG[/red]  {line}")
        return 1 if wrong else 0

    def _was_given(self, mishap: Mishap, speed: float, seconds: float | None) -> bool:
        """Whether the time that was given held this mishap and what should come of it."""
        needed = (mishap.minute + mishap.within) * 60 / speed + HICCUP
        return mishap.played_at is not None and (seconds is None or needed <= seconds)

    def _summarise(self, sent: dict[str, int], counts: Counts) -> None:
        homes = [counts.of(home) for home in sent]
        raised = by_kind(home.alerts for home in homes)
        stored, distinct = sum(home.stored for home in homes), sum(home.distinct for home in homes)
        came = sum(bool(mishap.made) for mishap in self._mishaps)
        played = sum(mishap.played_at is not None for mishap in self._mishaps)
        self._say(f"\n{played} mishaps played, {came} of them became what they should so far")
        self._say(f"alerts raised: {', '.join(f'{count} {kind}' for kind, count in raised.items()) or 'none'}")
        total = sum(sent.values())
        self._say(
            f"observations: {total:,} sent, {stored:,} stored, {total - distinct} lost, {stored - distinct} twice"
        )
        self._say(f"set aside: {counts.set_aside or 'nothing'}")

    def _say(self, text: str) -> None:
        self._console.print(text)


def _unequal(sent: dict[str, int], counts: Counts) -> list[str]:
    held = {home: counts.of(home) for home in sent}
    return [
        f"{home}: {count} sent, {held[home].stored} stored, {held[home].distinct} of them distinct"
        for home, count in sent.items()
        if not count == held[home].stored == held[home].distinct
    ]


def _on(day: date, hour: time_of_day) -> datetime:
    return datetime.combine(day, hour, LONDON).astimezone(UTC)


def _households(recorded: dict[str, Lived]) -> list[Household]:
    """A recorded home keeps its resident of ours, and has the kit that was recorded."""
    return [with_sensors(each, recorded[each.home.id].sensors) if each.home.id in recorded else each for each in ALL]


def _chosen(folder: Path | None, start: datetime) -> dict[str, Lived]:
    """Recorded days for some homes, moved by whole weeks to now: those without a hole in what is played."""
    if folder:
        check_folder(folder)
    files = sorted(path for path in folder.glob("*.csv*") if is_recording(path)) if folder else []
    whole = (lived for path in files if (lived := _lived(read_recording(path), start)))
    return {each.home.id: lived for each, lived in zip(RECORDED, whole, strict=False)}


def _lived(recording: Recording, start: datetime) -> Lived | None:
    """The recording from a week before `start` on, if every day until the day after it has enough in it."""
    begins = start - HISTORY
    weeks = weeks_until(recording.first_day, begins.astimezone(LONDON).date()) - 1
    triggers = [trigger for trigger in recording.shifted(weeks).in_utc() if trigger.at >= begins]
    days = Counter((trigger.at - begins).days for trigger in triggers)
    enough = all(days[day] >= ENOUGH for day in range(HISTORY.days + 1))
    return Lived(recording.sensors, triggers) if enough else None
