"""Recorded homes, played through real kits into a real hub."""

import contextlib
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from models.alert import Outcome
from models.home import Home
from models.observation import SensorKind
from models.people import Account, Resident, Role
from models.privacy import Consent
from models.register import Register
from simulators.browser import Browser
from simulators.clock import PlayedClock
from simulators.kit import Kit, check_ins, plays, together
from simulators.live import Live
from simulators.lockstep import Lockstep, beats_in
from simulators.programs import Failed, Program, Stage, start_kits_broker
from simulators.recording import Recording, aligned, closes_itself, read_folder
from simulators.service import Counts, Hub, Place, start_agent
from simulators.spoken import Voice
from simulators.wires import Hearing, Line

MONDAY = date(2024, 4, 1)
"""Recordings are moved by whole weeks to begin in this one: no kit believes in a time before 2024."""

STEP = timedelta(hours=1)
"""Played time in one go. A kit's heart beats as often, so a silence is found within a step of when it is due."""

CHECK_IN = timedelta(hours=2, minutes=45)
"""Seldom, but in time: a sensor is missed after four hours."""

LEAD = timedelta(hours=1)
"""Kits are up before the first trigger, so that what the bridge says at its start is over."""

TAKEN_IN = 2.0
"""Real seconds until kits know what the bridge says at its start; on a clock that runs fast it would pass for news."""

LOOK_EVERY = 4
"""Steps between two looks of the operator at the queue: fewer hours than any silence lasts before it is raised."""

Advance = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Played:
    """How one home fared."""

    home: str
    recorded: int
    sent: int
    stored: int
    distinct: int
    alerts: dict[str, int]

    @property
    def whole(self) -> bool:
        """Nothing lost, nothing twice."""
        return self.sent == self.stored == self.distinct


def replay(
    folder: Path,
    console: Console,
    *,
    speed: float | None = None,
    homes: int | None = None,
    days: int | None = None,
    report: Path | None = None,
) -> int:
    """Returns the exit code: 1 when an observation was lost or stored twice."""
    began = time.monotonic()
    console.print(f"Reading the recordings of {folder}")
    recordings = chosen(read_folder(folder), homes, days)
    _tell_skipped(recordings, console)
    with Stage("replay") as stage, Replay(stage, recordings, console) as played:
        try:
            played.run(speed)
        except Failed as failed:
            console.print(f"[red]{failed}", highlight=False)
        results, counts = played.results()
    seconds = time.monotonic() - began
    _show(results, counts, seconds, console)
    if report:
        report.write_text(_as_json(results, counts, seconds), encoding="utf-8")
    return 0 if all(result.whole for result in results) else 1


def chosen(recordings: list[Recording], homes: int | None, days: int | None) -> list[Recording]:
    """The first `homes`, the first `days` of each, moved to begin in one week."""
    some = [recording.first_days(days) if days else recording for recording in recordings[:homes]]
    return aligned(some, MONDAY)


def register(recordings: list[Recording]) -> Register:
    """Recorded homes come without names: the residents are called after the file, and one operator answers."""
    given_at = datetime.combine(MONDAY, datetime.min.time(), UTC) - timedelta(days=30)
    ids = [recording.home for recording in recordings]
    return Register(
        homes=tuple(Home(recording.home, "Recorded", recording.sensors) for recording in recordings),
        residents=tuple(Resident(f"r_{one}", one, f"The resident of {one}", f"{one}", "not recorded") for one in ids),
        consents=tuple(
            Consent(one, kind, "the study's participants", "recorded for research", given_at)
            for one in ids
            for kind in SensorKind
        ),
        accounts=(Account("operator", "The operator of a replay", Role.OPERATOR),),
    )


class Replay(contextlib.ExitStack):
    """Everything that is started to play `recordings`."""

    def __init__(self, stage: Stage, recordings: list[Recording], console: Console) -> None:
        super().__init__()
        self._stage, self._console, self._recordings = stage, console, recordings
        self._triggers = {recording.home: recording.in_utc() for recording in recordings}
        self._start = min(triggers[0].at for triggers in self._triggers.values()) - LEAD
        self._end = max(triggers[-1].at for triggers in self._triggers.values()) + STEP
        self._steps = -(-(self._end - self._start) // STEP)
        self._hub_clock = PlayedClock(stage.folder / "hub.pace", self._start)
        self._kit_clock = PlayedClock(stage.folder / "kits.pace", self._start)
        self._hub = Hub(stage, self._hub_clock)
        self._kits: list[Kit] = []

    def run(self, speed: float | None) -> None:
        self._console.print(f"Starting a hub and {len(self._recordings)} home agents")
        place, operator = self._start_hub()
        self._line = Line(port := start_kits_broker(self._stage))
        self.callback(self._line.close)
        self._hearing = Hearing(place.broker_host, place.broker_port)
        self.callback(self._hearing.close)
        self._voice = Voice(place.broker_host, place.broker_port, "lockstep")
        self.callback(self._voice.close)
        self._kits = [self._kit(recording) for recording in self._recordings]
        self._start_agents(place, port, _pace(speed))
        for kit in self._kits:
            kit.open(self._start)
        if speed is None:
            self._in_steps(operator)
        else:
            self._at_speed(speed, operator)

    def _start_hub(self) -> tuple[Place, Browser]:
        passwords = self._hub.load(register(self._recordings))
        place = self._hub.start()
        operator = Browser(place.web)
        operator.log_in("operator", passwords["operator"])
        return place, operator

    def _kit(self, recording: Recording) -> Kit:
        triggers = self._triggers[recording.home]
        said = plays(recording.sensors, triggers, closes_itself(triggers))
        checking = check_ins(recording.sensors, self._start, recording.home, CHECK_IN)
        home = Home(recording.home, "Recorded", recording.sensors)
        return Kit(home, self._line.publish, together(said, checking))

    def _start_agents(self, place: Place, port: int, pace: dict[str, float]) -> None:
        hub = (place.broker_host, place.broker_port)
        agents: list[Program] = [
            start_agent(self._stage, kit.home, hub, port, self._kit_clock, **pace) for kit in self._kits
        ]
        for agent in agents:
            agent.wait_for(r"^ready home=", 120)

    def _in_steps(self, operator: Browser) -> None:
        kits = [(kit, self._kit_clock) for kit in self._kits]
        lockstep = Lockstep(self._hub_clock, kits, self._voice, self._hearing, STEP)
        with self._progress(self._steps) as advance:
            for step in range(1, self._steps + 1):
                lockstep.step()
                if step % LOOK_EVERY == 0:
                    answer_all(operator)
                advance(step)

    def _at_speed(self, speed: float, operator: Browser) -> None:
        time.sleep(TAKEN_IN)
        for clock in (self._hub_clock, self._kit_clock):
            clock.run(speed)
        self._kit_clock.follow(self._hub_clock)
        seconds = (self._end - self._start).total_seconds()
        with Live(self._hub_clock, self._kits), self._progress(int(seconds)) as advance:
            while (now := self._hub_clock.now()) < self._end:
                answer_all(operator)
                advance(int((now - self._start).total_seconds()))
                time.sleep(0.5)
        missing = self._hearing.wait_for({kit.home.id: kit.sent for kit in self._kits}, 60)
        if missing:
            raise Failed(f"no receipt came for observations that were played: {missing}")

    @contextlib.contextmanager
    def _progress(self, total: int) -> Iterator[Advance]:
        """A bar where there is a terminal, a line for every tenth where there is none."""
        columns = (
            TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"),
            TextColumn("{task.fields[sent]:,} observations"),
            TimeElapsedColumn(), TextColumn("left:"), TimeRemainingColumn(),
        )  # fmt: skip
        with Progress(*columns, console=self._console, disable=not self._console.is_terminal) as progress:
            task = progress.add_task("Playing", total=total, sent=0)
            began, tenth = time.monotonic(), 0

            def advance(done: int) -> None:
                nonlocal tenth
                sent = sum(kit.sent for kit in self._kits)
                progress.update(task, completed=done, sent=sent)
                if progress.disable and done * 10 // total > tenth:
                    tenth = done * 10 // total
                    self._console.print(
                        f"{tenth * 10:>3} % after {time.monotonic() - began:.0f} s, {sent:,} observations"
                    )

            yield advance

    def results(self) -> tuple[list[Played], Counts]:
        counts = self._hub.counts()
        sent = {kit.home.id: kit.sent for kit in self._kits}
        return [
            Played(
                home,
                len(triggers),
                sent.get(home, 0),
                counts.of(home).stored,
                counts.of(home).distinct,
                counts.of(home).alerts,
            )
            for home, triggers in self._triggers.items()
        ], counts


def _pace(speed: float | None) -> dict[str, float]:
    """A kit's settings: at speed its heart beats no more often than every two real seconds."""
    if speed is None:
        return {**beats_in(STEP), "batch_every": 0.0, "batch_size": 500}
    return {"heartbeat_every": min(max(60.0, 2 * speed), 3600.0)}


def answer_all(operator: Browser) -> None:
    """Whoever waits is answered and the alert closed, so that the next silence of the same home is seen as another."""
    for number in operator.waiting():
        operator.act(number, "answer")
        operator.act(number, "close", outcome=Outcome.FALSE)


def _tell_skipped(recordings: list[Recording], console: Console) -> None:
    skipped = sum((Counter(recording.skipped) for recording in recordings), Counter())
    if skipped:
        kinds = ", ".join(f"{count:,} of kind '{kind}'" for kind, count in sorted(skipped.items()))
        console.print(f"Passed over, since no kit has such sensors: {kinds}")


def _show(results: list[Played], counts: Counts, seconds: float, console: Console) -> None:
    kinds = sorted({kind for result in results for kind in result.alerts})
    table = Table("home", "recorded", "sent", "stored", "twice", *kinds)
    for column in table.columns[1:]:
        column.justify = "right"
    for result in results:
        alerts = [str(result.alerts.get(kind, 0)) for kind in kinds]
        twice = result.stored - result.distinct
        mark = "" if result.whole else "[red]"
        table.add_row(
            mark + result.home, *(f"{n:,}" for n in (result.recorded, result.sent, result.stored, twice)), *alerts
        )
    console.print(table)
    sent, stored = sum(result.sent for result in results), sum(result.stored for result in results)
    console.print("Sent counts what the sensors said: a door that is recorded only as it opens is closed 5 s later.")
    console.print(
        f"{sent:,} observations sent, {stored:,} stored, in {seconds:.0f} s; set aside: {counts.set_aside or 'none'}"
    )


def _as_json(results: list[Played], counts: Counts, seconds: float) -> str:
    homes = [asdict(result) for result in results]
    return json.dumps({"homes": homes, "set_aside": counts.set_aside, "seconds": round(seconds, 1)}, indent=1)
