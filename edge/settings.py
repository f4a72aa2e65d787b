"""What an installer can set, read from one TOML file; secrets stand in files of their own."""

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from edge.sensors import DIALECTS, address_of, dialect_of, feels
from models.observation import KIT, SensorKind
from models.settings import BadSettings, not_known, settings_from
from models.spoken import HELP_IS_COMING
from models.wire import Leg, topic

SENSOR_ID = re.compile(r"[a-zA-Z0-9_.:/ -]{1,64}")
LARGEST_BATCH = 1000
"""About 120 kB, well under what one message may hold."""


@dataclass(frozen=True, slots=True)
class SensorSettings:
    """A sensor as fitted here: `source` is its dialect and its address in it, 'gpio:17' or 'zigbee2mqtt:hall_pir'.

    `inverted` swaps open and closed, for a contact that is wired or reports the other way round. `button` is the id of
    the pendant whose press calls off a fall that this one feels, where it has no button of its own.
    """

    id: str
    kind: SensorKind
    source: str
    inverted: bool = False
    button: str | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """One kit. Times are in seconds; files may be relative to the settings file."""

    home: str
    """The home's id, as the contact centre gave it."""
    hub_host: str
    """Where the hub's broker is."""
    hub_port: int = 1883
    """8883 is usual with hub_ca."""
    hub_username: str | None = None
    """When the hub's broker asks who we are."""
    hub_password_file: str | None = None
    """A file that holds the password and nothing else."""
    hub_ca: str | None = None
    """A certificate authority: set it, and the way to the hub is encrypted and the hub has to prove itself."""
    hub_cert: str | None = None
    """This kit's certificate, which the hub made with it: by it the hub's broker knows which home this is."""
    hub_key: str | None = None
    """The secret key to hub_cert, readable by the agent alone."""
    outbox: str = "/var/lib/nightlight/outbox.db"
    """On another card or disk, when there is one that lasts longer."""
    outbox_limit: int = 250_000
    """Fewer on a small card. Beyond it the oldest routine observations go; presses stay."""
    heartbeat_every: float = 60.0
    """More often where a lost connection should show sooner; it costs data on a mobile tariff."""
    test_every: float = 86_400.0
    """How often a test press goes to the hub and back; 0 for never, where all that is sent is counted."""
    batch_every: float = 3.0
    """How long routine observations may wait for company. A press never waits."""
    batch_size: int = 200
    """How many travel in one message; fewer on a slow line."""
    clock_file: str | None = None
    """A played clock, for simulations."""
    modem: str | None = None
    """The network device of the mobile modem, where it passes for something else ('eth1')."""
    mains_pin: int | None = None
    """The pin that a battery board drives high while there is mains, where the kernel can't tell."""
    mains_pin_inverted: bool = False
    """For a board that drives it high while there is none."""
    local_host: str | None = None
    """The broker in the kit, when there are wireless sensors."""
    local_port: int = 1883
    zigbee_topic: str = "zigbee2mqtt"
    """Zigbee2MQTT's base_topic."""
    help_led: int | None = None
    """The pin of a lamp that says help is coming."""
    help_buzzer: int | None = None
    """The pin of a buzzer that sounds thrice then; it may be that of fall_buzzer."""
    speaks: str | None = None
    """The language in which the kit says it aloud, where a speaker and espeak-ng are fitted ('en')."""
    home_assistant: bool = False
    """True shows the sensors to a family's own Home Assistant, by the kit's broker and past the hub."""
    fall_window: float = 20.0
    """How long a fall that a pendant feels may be called off before help is called."""
    fall_led: int | None = None
    """The pin of a lamp that is lit in that time."""
    fall_buzzer: int | None = None
    """The pin of a buzzer that sounds in that time."""
    walking_calls_off: bool = True
    """False where others live: their steps say nothing about who fell."""
    sensors: tuple[SensorSettings, ...] = ()


def load(path: Path) -> Settings:
    """Raises BadSettings, naming the file and the key."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadSettings(f"{path}: can't be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadSettings(f"{path}: is not TOML: {error}") from error
    _refuse_unknown_sensor_keys(table, path)
    settings = settings_from(Settings, _placed_beside(table, path.parent), str(path))
    for mistake in mistakes(settings):
        raise BadSettings(f"{path}: {mistake}")
    return settings


def password(settings: Settings) -> str | None:
    """Raises BadSettings if the file is set and can't be read."""
    if settings.hub_password_file is None:
        return None
    try:
        return Path(settings.hub_password_file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadSettings(f"hub_password_file: {error}") from error


def mistakes(settings: Settings) -> list[str]:
    """What can't be meant, a line each."""
    return [
        *_home_mistakes(settings),
        *_range_mistakes(settings),
        *_hub_mistakes(settings),
        *_voice_mistakes(settings),
        *(line for sensor in settings.sensors for line in _sensor_mistakes(sensor, settings)),
        *_twice("sensor id", (sensor.id for sensor in settings.sensors)),
        *_twice("source", (sensor.source for sensor in settings.sensors)),
    ]


def _placed_beside(table: Mapping[str, object], folder: Path) -> dict[str, object]:
    files = ("outbox", "hub_password_file", "hub_ca", "hub_cert", "hub_key", "clock_file")
    return {
        key: str(folder / value) if key in files and isinstance(value, str) else value for key, value in table.items()
    }


def _refuse_unknown_sensor_keys(table: Mapping[str, object], path: Path) -> None:
    known = {field.name for field in fields(SensorSettings)}
    sensors = table.get("sensors", [])
    for place, sensor in enumerate(sensors if isinstance(sensors, list) else [], start=1):
        unknown = sorted(set(sensor) - known) if isinstance(sensor, dict) else []
        if unknown:
            raise BadSettings(f"{path}: sensor {place}: {not_known(unknown, known)}")


def _home_mistakes(settings: Settings) -> Iterable[str]:
    try:
        topic(settings.home, Leg.UP)
    except ValueError as error:
        yield f"home: {error}"


def _range_mistakes(settings: Settings) -> Iterable[str]:
    if not 1 <= settings.batch_size <= LARGEST_BATCH:
        yield f"batch_size: use 1 to {LARGEST_BATCH}, not {settings.batch_size}"
    if not 1 <= settings.heartbeat_every <= 3600:
        yield f"heartbeat_every: use 1 to 3600 s, not {settings.heartbeat_every:g}"
    if settings.test_every != 0 and not 600 <= settings.test_every <= 604_800:
        yield f"test_every: use 600 to 604800 s, or 0 for never, not {settings.test_every:g}"
    if not 0 <= settings.batch_every <= 300:
        yield f"batch_every: use 0 to 300 s, not {settings.batch_every:g}"
    if not 5 <= settings.fall_window <= 120:
        yield f"fall_window: use 5 to 120 s, not {settings.fall_window:g}"
    if settings.outbox_limit < 1000:
        yield f"outbox_limit: at least 1000 have to fit, not {settings.outbox_limit}"
    for key, port in (("hub_port", settings.hub_port), ("local_port", settings.local_port)):
        if not 1 <= port <= 65535:
            yield f"{key}: no port is {port}"


def _voice_mistakes(settings: Settings) -> Iterable[str]:
    if settings.speaks is not None and settings.speaks not in HELP_IS_COMING:
        yield f"speaks: the kit knows {', '.join(sorted(HELP_IS_COMING))}, not '{settings.speaks}'"
    if settings.home_assistant and settings.local_host is None:
        yield "local_host: is missing, and home_assistant finds the sensors on the kit's own broker"


def _hub_mistakes(settings: Settings) -> Iterable[str]:
    if not settings.hub_host:
        yield "hub_host: is empty"
    if settings.hub_password_file is not None and settings.hub_username is None:
        yield "hub_username: is missing, and a password alone opens nothing"
    if (settings.hub_cert is None) is not (settings.hub_key is None):
        yield "hub_cert and hub_key: one is missing, and neither opens anything without the other"
    if settings.hub_cert is not None and settings.hub_ca is None:
        yield "hub_ca: is missing, and a certificate is shown only over TLS"


def _sensor_mistakes(sensor: SensorSettings, settings: Settings) -> Iterable[str]:
    dialect = DIALECTS.get(dialect_of(sensor.source))
    if sensor.id == KIT:
        yield f"sensor '{KIT}': that is what the kit calls itself: choose another id"
    elif not SENSOR_ID.fullmatch(sensor.id):
        yield f"sensor '{sensor.id[:80]}': an id is 1 to 64 of a-z, A-Z, 0-9, space and _ . : / -"
    if dialect is None:
        yield f"sensor '{sensor.id}': source '{sensor.source}' begins with none of {', '.join(DIALECTS)}:"
    elif not dialect.address.fullmatch(address_of(sensor.source)):
        yield f"sensor '{sensor.id}': source '{sensor.source}' is no address; it looks like {dialect.example}"
    elif dialect.over_mqtt and settings.local_host is None:
        yield f"local_host: is missing, and sensor '{sensor.id}' speaks through the kit's own broker"
    elif feels(sensor.source) and sensor.kind is not SensorKind.PENDANT:
        yield f"sensor '{sensor.id}': what is felt with {dialect_of(sensor.source)} is worn, so its kind is pendant"
    if sensor.button is not None and sensor.button not in {one.id for one in settings.sensors}:
        yield f"sensor '{sensor.id}': its button '{sensor.button}' is no sensor here"


def _twice(what: str, values: Iterable[str]) -> list[str]:
    return [f"{what} '{value}' is there {count} times" for value, count in Counter(values).items() if count > 1]
