"""Topics, and how observations, receipts, heartbeats and commands cross the wire. Both ends call this.

Everything is JSON on MQTT at QoS 1, readable in a broker's log. A message is read leniently from kits that are older
or newer than this hub (unknown fields are passed over), and one observation that can't be read does not cost its
neighbours.
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, TypeVar

import msgspec

from models.observation import Evidence, Observation, What

VERSION = 1
LARGEST = 256 * 1024
"""Bytes in one message. A batch of 500 observations takes about 60 kB."""

LARGEST_TRACE = 16 * 1024
"""Bytes in a message of what a pendant felt; eight seconds of it take some 6 kB."""
LARGEST_NUMBER = 2**63 - 1
"""What any database keeps."""
SAMPLES = 500
"""In one such message: ten seconds, 50 a second."""
MOST_MG = 64_000

_HOME = re.compile(r"[a-z0-9_-]{1,64}")
_TOPIC = re.compile(r"nightlight/([^/]+)/([^/]+)/(up|health|receipt|down|echo|trace)")

Moment = Annotated[datetime, msgspec.Meta(tz=True)]
Whole = Annotated[int, msgspec.Meta(ge=-LARGEST_NUMBER, le=LARGEST_NUMBER)]
T = TypeVar("T")

DOES_NOT_READ = (msgspec.DecodeError, UnicodeDecodeError, OverflowError, RecursionError)


class Leg(StrEnum):
    """The last part of a topic: which way, and what. On ECHO a kit hears itself, to try whether its broker lets it."""

    UP = "up"
    HEALTH = "health"
    RECEIPT = "receipt"
    DOWN = "down"
    ECHO = "echo"
    TRACE = "trace"


class Unreadable(ValueError):
    """A message that can't be used as a whole: `reason` is the kind of fault, the text is for an installer."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason


class Up(msgspec.Struct, frozen=True):
    """Observations from the outbox called `outbox`; `sent` is the kit's clock as it sent them."""

    outbox: str
    sent: Moment
    observations: tuple[Observation, ...]
    v: int = VERSION


@dataclass(frozen=True, slots=True)
class Receipt:
    """These numbers of that outbox are committed, as inclusive ranges; presses overtake, so there may be holes."""

    outbox: str
    numbers: tuple[tuple[int, int], ...]
    v: int = VERSION


class Route(StrEnum):
    """The way out that a heartbeat took. One that only a newer kit knows reads as UNKNOWN."""

    BROADBAND = "broadband"
    MODEM = "modem"
    UNKNOWN = "unknown"

    @classmethod
    def _missing_(cls, value: object) -> "Route | None":
        return cls.UNKNOWN if isinstance(value, str) else None


class SensorHealth(msgspec.Struct, frozen=True):
    """What a sensor, or the bridge that hears it, says of itself; None where neither says it.

    `battery` in percent, `link` as Zigbee's link quality (0 to 255, under 20 is weak), `online` by the bridge's or the
    sensor's own word, `tampered` while its case is open.
    """

    battery: float | None = None
    battery_low: bool | None = None
    link: Whole | None = None
    online: bool | None = None
    tampered: bool | None = None


class Tested(msgspec.Struct, frozen=True):
    """The kit's last test press, observation `number` of `outbox`: made `at`, and so many seconds later it was kept on
    the card, given to the broker, and receipted by the hub (None: not yet). No step of a clock changes the seconds.
    """

    outbox: str
    number: Whole
    at: Moment
    kept: float | None = None
    sent: float | None = None
    receipted: float | None = None


class Heartbeat(msgspec.Struct, frozen=True):
    """Says that the kit is here, and what it knows of itself. Retained.

    Everything noticed before `complete_until` has been receipted, back to `noticing_since`, before which the kit was
    off. `every` is in seconds. `sensors` holds each sensor's last sign of life. `online` is False in the
    last will, which the broker sends when the connection drops.

    None is what the kit can't tell: `on_mains`; `kit_battery` in percent; `undervoltage`, by the Pi's own measure;
    `temperature` of its processor in °C; `disk_free` in bytes, where the outbox stands. `bridges` says which of the
    kit's radio bridges are online; `given_up` counts observations that had to make room; while `memory_only`, what is
    noticed would not outlive a power cut.
    `keeps_to` is the mark of the configuration that it keeps to, as the hub told it on this connection; while it is ''
    the kit asks, and sends nothing but calls for help. `unfit` says of each sensor on the hub's list that the kit can't
    listen to why it can't, for an installer. `obeyed` are the ids of the orders that were carried out last: that help
    is coming, where it was shown or said in the home. None is a kit that does not tell, or has nothing
    to say that with. `boot` names this start of this machine, and never comes back once another was heard.
    """

    outbox: str
    at: Moment
    complete_until: Moment
    every: Annotated[float, msgspec.Meta(gt=0, le=86_400)] = 60.0
    waiting: Whole = 0
    clock_trusted: bool = True
    sensors: dict[str, Moment] = msgspec.field(default_factory=dict)
    online: bool = True
    on_mains: bool | None = None
    noticing_since: Moment | None = None
    route: Route | None = None
    kit_battery: float | None = None
    undervoltage: bool | None = None
    temperature: float | None = None
    disk_free: Whole | None = None
    bridges: dict[str, bool] = msgspec.field(default_factory=dict)
    health: dict[str, SensorHealth] = msgspec.field(default_factory=dict)
    given_up: Whole = 0
    memory_only: bool = False
    tested: Tested | None = None
    version: str | None = None
    keeps_to: str | None = None
    unfit: dict[str, str] = msgspec.field(default_factory=dict)
    obeyed: tuple[str, ...] | None = None
    boot: str | None = None
    v: int = VERSION


@dataclass(frozen=True, slots=True)
class Trace:
    """What a pendant felt in the few seconds around a fall suspected `at`: only where that was agreed to.

    The first sample is `begins` s from `at` (before it, so below 0), then one `every` s; `mg` holds x, y, z of each in
    thousandths of g. `number` is of the same outbox as those of observations, and is receipted like them.
    """

    outbox: str
    sent: Moment
    number: Annotated[int, msgspec.Meta(ge=1)]
    sensor: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    at: Moment
    begins: Annotated[float, msgspec.Meta(ge=-60, le=60)]
    every: Annotated[float, msgspec.Meta(gt=0, le=1)]
    mg: Annotated[
        tuple[Annotated[int, msgspec.Meta(ge=-MOST_MG, le=MOST_MG)], ...],
        msgspec.Meta(min_length=3, max_length=3 * SAMPLES),
    ]
    clock_trusted: bool = True
    v: int = VERSION


@dataclass(frozen=True, slots=True)
class _Plain:
    """An observation without evidence, which is how all were before falls; most still are."""

    number: int
    sensor: str
    what: What
    at: Moment
    clock_trusted: bool


@dataclass(frozen=True, slots=True)
class _WithEvidence(_Plain):
    evidence: Evidence


class Order(StrEnum):
    """What the hub can tell a kit. On WALK it beats every two seconds for a while: somebody sets off each sensor."""

    HELP_COMING = "help_coming"
    TEST = "test"
    CONFIGURE = "configure"
    WALK = "walk"


@dataclass(frozen=True, slots=True)
class Down:
    """From the hub to a home: `order`, and what belongs to it as text."""

    id: str
    order: Order
    text: str = ""
    v: int = VERSION


@dataclass(frozen=True, slots=True)
class Listed:
    """A sensor as the hub has it on record; `source` is '' where the record does not say how the kit reaches it. It
    reads whatever it holds: one that can't be meant must not cost a kit the rest of its configuration.
    """

    id: str
    kind: str
    source: str = ""
    inverted: bool = False


@dataclass(frozen=True, slots=True)
class Configuration:
    """What a home agreed to, as far as its kit has to know: the text of a CONFIGURE. `felt` is whether a `Trace` may
    leave, and `agreed` names the kinds of sensor that may say more than a call for help; a name that only a newer hub
    knows means nothing to an older kit. `walking` is whether steps may call off a fall here. `sensors` lists what is
    fitted; None from a hub that says nothing of it. A kit that was told nothing keeps to one that allows nothing.
    """

    felt: bool = False
    agreed: tuple[str, ...] = ()
    walking: bool = True
    sensors: tuple[Listed, ...] | None = None

    @property
    def text(self) -> str:
        return msgspec.json.encode(self).decode()


class SetAside(msgspec.Struct, frozen=True):
    """Part of a message that can't be used: why, in words for an installer, the bytes, and the number if it shows."""

    reason: str
    text: str
    raw: bytes
    number: int | None = None


class UpRead(msgspec.Struct, frozen=True):
    """A message as the hub read it: the observations it can use, and what it had to set aside."""

    outbox: str
    sent: datetime
    observations: tuple[Observation, ...]
    set_aside: tuple[SetAside, ...] = ()

    @property
    def numbers(self) -> list[int]:
        aside = [part.number for part in self.set_aside if part.number is not None]
        return sorted([observation.number for observation in self.observations] + aside)


class _RawUp(msgspec.Struct, frozen=True):
    outbox: str
    sent: Moment
    observations: list[msgspec.Raw]
    v: int = VERSION


@dataclass(frozen=True, slots=True)
class _SentUp:
    outbox: str
    sent: Moment
    observations: list[_Plain]
    v: int = VERSION


class _Numbered(msgspec.Struct, frozen=True):
    number: int


class _Versioned(msgspec.Struct, frozen=True):
    v: int = VERSION


def topic(home: str, leg: Leg) -> str:
    """Raises ValueError for a home id that no topic can carry."""
    if not _HOME.fullmatch(home):
        raise ValueError(f"'{home}' is no home id: use 1 to 64 of a-z, 0-9, _ and -")
    return f"nightlight/{VERSION}/{home}/{leg}"


def every_home(leg: Leg) -> str:
    """The subscription that hears every home, and every version, so that what can't be read is at least counted."""
    return f"nightlight/+/+/{leg}"


def read_topic(name: str) -> tuple[str, Leg]:
    """The home and leg that a topic names. Raises Unreadable."""
    match = _TOPIC.fullmatch(name)
    if match is None:
        raise Unreadable("topic", f"'{name[:80]}' is no Nightlight topic: check the kit's settings")
    version, home, leg = match.groups()
    if version != str(VERSION):
        raise Unreadable(
            "version", f"the kit speaks version {version[:8]}, this hub version {VERSION}: update the older"
        )
    if not _HOME.fullmatch(home):
        raise Unreadable("topic", f"'{home[:80]}' is no home id: check the kit's settings")
    return home, Leg(leg)


def encode(message: Up | Receipt | Heartbeat | Down | Trace) -> bytes:
    if isinstance(message, Up):
        return msgspec.json.encode(
            _SentUp(message.outbox, message.sent, [_sent(one) for one in message.observations], message.v)
        )
    return msgspec.json.encode(message)


def _sent(one: Observation) -> _Plain:
    plain = (one.number, one.sensor, one.what, one.at, one.clock_trusted)
    return _Plain(*plain) if one.evidence is None else _WithEvidence(*plain, one.evidence)


def read_up(payload: bytes) -> UpRead:
    """Raises Unreadable when nothing of the message can be used."""
    try:
        whole = _decode(payload, Up)
    except Unreadable:
        return _read_apart(_decode(payload, _RawUp))
    return UpRead(whole.outbox, whole.sent, whole.observations)


def _read_apart(raw: _RawUp) -> UpRead:
    good: list[Observation] = []
    bad: list[SetAside] = []
    for part in raw.observations:
        try:
            good.append(msgspec.json.decode(part, type=Observation))
        except DOES_NOT_READ as error:
            text = f"one observation does not read: {_printed(error)}"
            bad.append(SetAside("observation", text, bytes(part), _number(part)))
    return UpRead(raw.outbox, raw.sent, tuple(good), tuple(bad))


def read_receipt(payload: bytes) -> Receipt:
    return _decode(payload, Receipt)


def read_heartbeat(payload: bytes) -> Heartbeat:
    return _decode(payload, Heartbeat)


def read_down(payload: bytes) -> Down:
    return _decode(payload, Down)


def read_trace(payload: bytes) -> Trace:
    if len(payload) > LARGEST_TRACE:
        raise Unreadable("size", f"{len(payload)} bytes is over the limit of {LARGEST_TRACE}: update the kit")
    trace = _decode(payload, Trace)
    if len(trace.mg) % 3:
        raise Unreadable("shape", "the message does not fit: samples are of three numbers each")
    return trace


def mark_of(text: str) -> str:
    """Of the text of a configuration: the same for the same one, and another for any other."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def read_configuration(text: str) -> Configuration:
    """What a newer hub says beyond this is passed over."""
    return _decode(text.encode(), Configuration)


def ranges(numbers: Iterable[int]) -> tuple[tuple[int, int], ...]:
    """Inclusive ranges that hold exactly `numbers`."""
    found: list[tuple[int, int]] = []
    for number in sorted(set(numbers)):
        if found and found[-1][1] == number - 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return tuple(found)


def heard_until(beat: Heartbeat, arrived: datetime, *, retained: bool) -> datetime | None:
    """Up to when (hub's time) the home is completely heard, or None when the heartbeat can't tell.

    A fresh heartbeat is placed by its arrival, whatever the kit's clock says; a retained one only by a trusted clock.
    """
    return _placed(beat, beat.complete_until, arrived, retained=retained)


def noticing_since(beat: Heartbeat, arrived: datetime, *, retained: bool) -> datetime | None:
    """Since when (hub's time) the kit has been noticing; None when the heartbeat can't tell."""
    return _placed(beat, beat.noticing_since, arrived, retained=retained) if beat.noticing_since else None


def sensors_seen(beat: Heartbeat, arrived: datetime, *, retained: bool) -> dict[str, datetime]:
    """Each sensor's last sign of life in the hub's time."""
    if not beat.online or (retained and not beat.clock_trusted):
        return {}
    if retained:
        return {sensor: min(at, arrived) for sensor, at in beat.sensors.items()}
    said = beat.at
    return {sensor: arrived - (said - at) if at < said else arrived for sensor, at in beat.sensors.items()}


def _placed(beat: Heartbeat, at: datetime, arrived: datetime, *, retained: bool) -> datetime | None:
    if not beat.online:
        return None
    if retained:
        return min(at, arrived) if beat.clock_trusted else None
    return arrived - max(beat.at - at, timedelta(0))


def _decode(payload: bytes, kind: type[T]) -> T:
    if len(payload) > LARGEST:
        raise Unreadable(
            "size", f"{len(payload)} bytes is over the limit of {LARGEST}: check what else uses this topic"
        )
    try:
        read = msgspec.json.decode(payload, type=kind)
        _check(getattr(read, "v", VERSION))
    except msgspec.ValidationError as error:
        _check(_version(payload))
        raise Unreadable("shape", f"the message does not fit: {_printed(error)}") from error
    except DOES_NOT_READ as error:
        raise Unreadable("json", f"the message is not JSON: {error}") from error
    return read


def _version(payload: bytes) -> int:
    try:
        return msgspec.json.decode(payload, type=_Versioned).v
    except DOES_NOT_READ:
        return VERSION


def _check(version: int) -> None:
    if version != VERSION:
        raise Unreadable("version", f"the message is of version {version}, this hub reads {VERSION}: update the older")


def _number(part: msgspec.Raw) -> int | None:
    try:
        return msgspec.json.decode(part, type=_Numbered).number
    except DOES_NOT_READ:
        return None


def _printed(error: Exception) -> str:
    """It may say again what the message holds, and not every database keeps all of that."""
    return "".join(letter if letter.isprintable() else "?" for letter in str(error))
