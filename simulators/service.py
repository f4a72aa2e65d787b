"""A real hub and real home agents, with the settings that a played world needs."""

import json
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from models.home import Home, Sensor
from models.observation import SensorKind
from models.register import Register, write_register
from simulators.clock import PlayedClock
from simulators.kit import base_topic
from simulators.programs import Failed, Program, Stage, found


@dataclass(frozen=True, slots=True)
class Counted:
    """What the hub holds of one home: observations, how many of them are distinct, and what was raised and found."""

    stored: int = 0
    distinct: int = 0
    alerts: dict[str, int] = field(default_factory=dict)
    findings: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Counts:
    homes: dict[str, Counted]
    set_aside: dict[str, int]

    def of(self, home: str) -> Counted:
        return self.homes.get(home, Counted())


@dataclass(frozen=True, slots=True)
class Place:
    """Where a running hub is found (its data_dir/hub.json)."""

    web: str
    broker_host: str
    broker_port: int
    pids: dict[str, int] = field(default_factory=dict)


class Hub:
    """`nightlight-hub`, with its data in the stage's folder; `more` goes into its settings."""

    def __init__(
        self, stage: Stage, clock: PlayedClock | None, smtp: tuple[str, int] | None = None, **more: object
    ) -> None:
        self._stage = stage
        self.data = stage.folder / "hub"
        self.data.mkdir(exist_ok=True)
        settings: dict[str, Any] = {"data_dir": str(self.data), "port": 0, "embedded_port": 0, "session_hours": 8760.0}
        settings["centre_phone"] = "01632 960999"
        settings["second_factor_roles"] = []  # whoever tries it out should not have to fetch a telephone first
        settings["reserve_mb"] = 1  # nobody's life depends on it
        settings |= more
        if clock:
            settings["clock_file"] = str(clock.path)
        if smtp:
            settings |= {"smtp_host": smtp[0], "smtp_port": smtp[1], "smtp_starttls": False}
        self.settings = stage.write("hub.toml", toml(settings))
        self.program: Program | None = None

    def load(self, register: Register) -> dict[str, str]:
        """Put a register on record. Returns the password made for each new login."""
        file = self._stage.write("register.json", write_register(register))
        passwords: dict[str, str] = json.loads(self._run("load", file))
        file.unlink()
        return passwords

    def start(self, seconds: float = 180.0) -> Place:
        self.program = self._stage.start("hub", "nightlight-hub", "serve", "--settings", self.settings)
        self.program.wait_for(r"^ready \S+", seconds)
        return self.place()

    def place(self) -> Place:
        return msgspec.json.decode((self.data / "hub.json").read_bytes(), type=Place)

    def counts(self) -> Counts:
        return msgspec.json.decode(self._run("counts", "--json"), type=Counts)

    def _run(self, command: str, *arguments: str | Path) -> bytes:
        line = [found("nightlight-hub"), command, *map(str, arguments), "--settings", str(self.settings)]
        done = subprocess.run(line, capture_output=True, check=False, timeout=120)
        if done.returncode:
            raise Failed(f"nightlight-hub {command} ended with {done.returncode}: {done.stderr.decode()[-2000:]}")
        return done.stdout


def start_agent(
    stage: Stage,
    home: Home,
    hub: tuple[str, int],
    kits_port: int,
    clock: PlayedClock,
    feels: bool = False,
    /,
    **more: object,
) -> Program:
    """`nightlight-edge run` for one home, its sensors behind the kits' broker; with `feels` its pendants feel
    acceleration. It is not waited for.
    """
    settings = {
        "home": home.id,
        "outbox": str(stage.folder / f"{home.id}.outbox"),
        "hub_host": hub[0],
        "hub_port": hub[1],
        "local_host": "127.0.0.1",
        "local_port": kits_port,
        "zigbee_topic": base_topic(home.id),
        "clock_file": str(clock.path),
        "test_every": 0.0,  # what is sent here is counted
        **more,
    }
    sensors = [
        {"id": sensor.id, "kind": str(sensor.kind), "source": _source(home, sensor, feels=feels)}
        for sensor in home.sensors
    ]
    file = stage.write(f"{home.id}.toml", toml(settings, sensors=sensors))
    return stage.start(f"agent-{home.id}", "nightlight-edge", "run", "--settings", file)


def _source(home: Home, sensor: Sensor, *, feels: bool) -> str:
    if feels and sensor.kind is SensorKind.PENDANT:
        return f"esphome:{home.id}/{sensor.id}"
    return f"zigbee2mqtt:{sensor.id}"


def toml(table: dict[str, Any], **tables: list[dict[str, Any]]) -> str:
    """Plain values, and arrays of tables of plain values. JSON writes strings, numbers and booleans as TOML does."""
    lines = [f"{key} = {json.dumps(value)}" for key, value in table.items()]
    for name, rows in tables.items():
        for row in rows:
            lines += ["", f"[[{name}]]", *(f"{key} = {json.dumps(value)}" for key, value in row.items())]
    return "\n".join([*lines, ""])
