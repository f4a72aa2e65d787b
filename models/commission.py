"""Fitting a home: what each answer changes, what a walk test means, and what must hold for a certificate.

A certificate is refused while anything in `missing` is left, and `broken_by` says what has changed since it was given.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from models.home import Home, Sensor
from models.observation import KINDS_OF, SensorKind, What
from models.people import Contact, Resident
from models.privacy import ALWAYS, Agreed, Consent, agreed, felt_may_leave
from models.wire import Configuration, Listed

MAINS, BROADBAND = "mains", "broadband"
"""What is unplugged and plugged in again. Every other test is called after its sensor."""

ANSWER_WITHIN = timedelta(seconds=15)
"""A sensor that was set off and has not reached the hub by then is told of as red; later it may still turn green."""


def answer_within(speed: float) -> timedelta:
    """In played time, of which `speed` seconds pass in a real one: people and wires are as slow as ever."""
    return ANSWER_WITHIN * max(speed, 1.0)


RINGS: dict[SensorKind, tuple[str, frozenset[What]]] = {
    SensorKind.PENDANT: ("Press the pendant now", frozenset({What.PRESSED})),
    SensorKind.PULL_CORD: ("Pull the cord now", frozenset({What.PRESSED})),
    SensorKind.MOTION: ("Walk past it now", frozenset({What.MOVED})),
    SensorKind.DOOR: ("Open the door now", frozenset({What.OPENED, What.CLOSED})),
    SensorKind.BED: ("Lie down on the bed, or get up, now", frozenset({What.LAY_DOWN, What.GOT_UP})),
    SensorKind.CHAIR: ("Sit down in the chair, or stand up, now", frozenset({What.SAT_DOWN, What.STOOD_UP})),
}
"""What somebody does to set a sensor off, and what has to be stored of it."""


@dataclass(frozen=True, slots=True)
class Question:
    """One of five, by the field of Home that the answer stands in, and what a yes changes."""

    field: str
    asked: str
    yes: str
    no: str


QUESTIONS = (
    Question(
        "people",
        "Does somebody else live here?",
        "Signs of life may be the other's: silences count less, and steps after a fall call nothing off.",
        "Every sign of life is taken for this person's.",
    ),
    Question(
        "pets",
        "Is there a pet that could set off a motion sensor?",
        "Movement may be the pet's: silences count less, and movement after a fall does not make it less likely.",
        "Movement is taken for a person's.",
    ),
    Question(
        "visits",
        "Do carers or others come in?",
        "Movement may be a visitor's: silences count less, and movement after a fall does not make it less likely.",
        "Nobody else is expected.",
    ),
    Question(
        "may_wander",
        "Might somebody walk out at night and not find back?",
        "A door that leads out is told of sooner when it opens at night and nobody comes back.",
        "Doors are told of by the usual rules.",
    ),
    Question(
        "slow",
        "Is a frame or a wheelchair used?",
        "Nobody here walks away from a fall within seconds: steps call off no fall, only a press does.",
        "Steps in two rooms within seconds of a fall call it off.",
    ),
)


def calling(sensors: Iterable[Sensor]) -> tuple[str, ...]:
    """The ids of those with which somebody calls for help."""
    return tuple(one.id for one in sensors if one.kind in KINDS_OF[What.PRESSED])


def answers(home: Home) -> dict[str, bool]:
    """What stands on record, by question."""
    return {
        **{name: getattr(home, name) for name in ("pets", "visits", "may_wander", "slow")},
        "people": home.people > 1,
    }


def answered(home: Home, said: Mapping[str, bool]) -> Home:
    """The home with the five answers; more than two people stay as many."""
    people = max(home.people, 2) if said["people"] else 1
    rest = {name: said[name] for name in ("pets", "visits", "may_wander", "slow")}
    return replace(home, people=people, **rest)  # type: ignore[arg-type]


def configured(consents: Iterable[Consent], home: Home) -> Configuration:
    """What the kit of `home` has to keep to."""
    mine = list(consents)
    return configured_by(Agreed(agreed(mine, home.id), felt_may_leave(mine, home.id)), home)


def configured_by(stands: Agreed, home: Home) -> Configuration:
    walking = not home.slow and home.people == 1
    fitted = tuple(Listed(one.id, one.kind, one.source, one.inverted) for one in home.sensors)
    return Configuration(stands.felt, tuple(sorted(stands.kinds)), walking, fitted)


@dataclass(frozen=True, slots=True)
class Trial:
    """One try. `sensor` is how the sensor stood when it was asked for, None for a plug.

    `stored_at` is when the hub had it; `lost_at` when power or path was seen to be gone, or, of a sensor, when the kit
    heard what it could not hand on. `took` in s, `link` as the kit tells it of the radio.
    """

    asked_at: datetime
    by: str
    sensor: Sensor | None = None
    stored_at: datetime | None = None
    lost_at: datetime | None = None
    passed_at: datetime | None = None
    took: float | None = None
    link: int | None = None


@dataclass(frozen=True, slots=True)
class Fitting:
    """What an installer has done in a home so far. `posts` are the ids of what was said, so that twice is once;
    `no_phone` the ids of residents who have no telephone.
    """

    tests: dict[str, Trial] = field(default_factory=dict)
    answered_at: datetime | None = None
    posts: tuple[str, ...] = ()
    no_phone: tuple[str, ...] = ()


class Colour(StrEnum):
    """How a test stands, in a word that a page shows beside the colour."""

    OPEN = "open"
    WAITING = "waiting"
    GREEN = "green"
    RED = "red"


@dataclass(frozen=True, slots=True)
class Verdict:
    colour: Colour
    text: str


@dataclass(frozen=True, slots=True)
class Ears:
    """What is known while a test is waited for. `alive_at` is the sensor's last sign as the kit told it; `unheard` why
    the hub does not hear the kit, '' while it does; `waiting` what the kit has kept and not got rid of; `unfit` why the
    kit can't listen to this sensor, '' where it can; `instead` the others of its kind that the hub had in its place.
    """

    alive_at: datetime | None
    unheard: str
    waiting: int
    agreed: bool = True
    unfit: str = ""
    instead: tuple[str, ...] = ()


def of_sensor(
    test: Trial | None, sensor: Sensor, ears: Ears, now: datetime, within: timedelta = ANSWER_WITHIN
) -> Verdict:
    """Green when the hub has stored it; red with the reason, and what to do."""
    if not ears.agreed and sensor.kind not in ALWAYS:
        return Verdict(
            Colour.RED, f"Nobody agreed to a {sensor.kind} sensor: the kit keeps silent about it. Record that first."
        )
    if ears.unfit:
        return Verdict(Colour.RED, f"The kit can't listen to it: {ears.unfit}. Correct it in the list above.")
    if test is None or (test.sensor is not None and _fitted(test.sensor) != _fitted(sensor)):
        return Verdict(Colour.OPEN, "Not tested." if test is None else "Changed since it was tested: test it again.")
    if test.passed_at is not None:
        link = "" if test.link is None else f", radio {test.link} of 255{' (weak)' if test.link < WEAK else ''}"
        return Verdict(Colour.GREEN, f"The hub had it after {test.took or 0:.1f} s{link}.")
    if test.stored_at is not None and test.lost_at is not None:
        return Verdict(Colour.RED, _too_late(test.stored_at - test.lost_at))
    if now - test.asked_at < within:
        return Verdict(Colour.WAITING, f"{RINGS[sensor.kind][0]}.")
    return Verdict(Colour.RED, _why_red(test, ears))


WEAK = 40
"""Zigbee's link quality from which on a margin is left; under 20 is weak even on a good day."""


def _too_late(by: timedelta) -> str:
    return (
        f"The kit heard it, the hub did not until {by.total_seconds():.0f} s later. See to the kit's broadband, then "
        "set it off once more."
    )


def _why_red(test: Trial, ears: Ears) -> str:
    if ears.unheard:
        return (
            f"The hub does not hear this kit: {ears.unheard}. Whether the kit heard the sensor is told once "
            "it is back, or by 'nightlight-edge walk-test' at the kit. Look at the kit's power and broadband."
        )
    if ears.alive_at is not None and ears.alive_at >= test.asked_at - CLOCKS_APART:
        queue = f" {ears.waiting} observations wait in the kit." if ears.waiting else ""
        return (
            f"The kit heard it, the hub did not.{queue} Set it off once more; if it stays so, run "
            "'nightlight-edge check' on the kit, and see that the sensor has its right kind in the list."
        )
    if ears.instead:
        return (
            f"Not heard; meanwhile the hub had {', '.join(ears.instead)}. If that is what you set off, the two have "
            "each other's names: correct them in the list above. If not, is its battery in, and is it in range?"
        )
    return (
        "Neither the kit nor the hub heard it. Is its battery in, is it paired under exactly this name, and is it in "
        "range? Put a mains-powered repeater between, and try again."
    )


CLOCKS_APART = timedelta(seconds=2)


def of_plug(test: Trial | None, name: str) -> Verdict:
    """Of mains or broadband."""
    if test is None:
        return Verdict(Colour.OPEN, "Not tested.")
    if test.passed_at is not None:
        return Verdict(Colour.GREEN, f"The hub saw it go, and come back after {test.took or 0:.0f} s.")
    plug = "the kit's plug" if name == MAINS else "the broadband's cable"
    if test.lost_at is None:
        return Verdict(
            Colour.WAITING, f"Pull {plug}, and wait until this says that it is gone. That may take a minute."
        )
    return Verdict(Colour.WAITING, f"The hub saw it go. Put {plug} back in.")


@dataclass(frozen=True, slots=True)
class Power:
    """What the hub sees of a kit's plugs now: heard at all, on mains, and on the modem; None where it can't tell."""

    is_heard: bool
    on_mains: bool | None = None
    on_modem: bool | None = None


def plugged(test: Trial, name: str, seen: Power, now: datetime) -> Trial:
    """A kit without a battery, or without a second route, goes silent; one with tells that it lives on that."""
    second = seen.on_mains is False if name == MAINS else seen.on_modem is True
    gone = second or not seen.is_heard
    if test.passed_at is None and test.lost_at is None and gone:
        return replace(test, lost_at=now)
    if test.passed_at is None and test.lost_at is not None and not gone:
        return replace(test, passed_at=now, took=(now - test.lost_at).total_seconds())
    return test


def rang(
    test: Trial, heard_at: datetime, stored_at: datetime, link: int | None, within: timedelta = ANSWER_WITHIN
) -> Trial:
    """The hub has it. From when the kit heard it that may take as long as an answer may, or it proves no way."""
    took, late = max((stored_at - test.asked_at).total_seconds(), 0.0), stored_at - heard_at > within
    passed_at, lost_at = (None, heard_at) if late else (stored_at, None)
    return replace(test, stored_at=stored_at, passed_at=passed_at, lost_at=lost_at, took=took, link=link)


@dataclass(frozen=True, slots=True)
class Standing:
    """What a certificate is judged by. `code`: of a key safe, with permission; `unheard` as in Ears; `keeps_to_it`
    whether the kit keeps to these consents.
    """

    home: Home
    agreed: frozenset[SensorKind]
    fitting: Fitting
    residents: Sequence[Resident]
    contacts: Sequence[Contact]
    code: bool
    unheard: str
    keeps_to_it: bool


def missing(of: Standing) -> list[str]:
    """Why no certificate can be issued, a line each, naming what is missing."""
    return [*_missing_people(of), *_missing_consents(of), *_missing_tests(of)]


def _missing_people(of: Standing) -> Iterable[str]:
    if of.fitting.answered_at is None:
        yield "The five questions are not answered."
    for one in of.residents:
        if not one.phone and one.id not in of.fitting.no_phone:
            yield f"{one.called or one.name} is rung first, and no number is on record: add it, or say there is none."
    if not of.contacts:
        yield "There is nobody to reach: add a contact."
    if not any(one.way_in for one in of.residents):
        yield "How to get in is not written down."
    if not of.code and not any(one.keyholder for one in of.contacts):
        yield "Nobody who is sent gets in: no key safe's code is on record, and no contact holds a key."


def _missing_consents(of: Standing) -> Iterable[str]:
    kinds = {sensor.kind for sensor in of.home.sensors} - ALWAYS - of.agreed
    for kind in sorted(kinds):
        yield f"No consent to {kind} sensors is on record: record it, or take them out."
    if of.unheard:
        yield f"The hub does not hear the kit: {of.unheard}."
    elif not of.keeps_to_it:
        yield "The kit has not said yet that it keeps to these consents and this list of sensors: wait a moment."


def _missing_tests(of: Standing) -> Iterable[str]:
    if not of.home.sensors:
        yield "No sensor is fitted."
    living = {one.id for one in of.residents}
    for sensor in of.home.sensors:
        if len(living) > 1 and sensor.kind is SensorKind.PENDANT and sensor.wearer not in living:
            yield f"Whose pendant {sensor.id} is, is not said."
        test = of.fitting.tests.get(sensor.id)
        if test is None or test.sensor is None or _fitted(test.sensor) != _fitted(sensor):
            yield f"{sensor.id} ({sensor.room}) is not tested."
        elif test.passed_at is None:
            yield f"{sensor.id} ({sensor.room}) has not passed its test."
    for name in (MAINS, BROADBAND):
        if (plug := of.fitting.tests.get(name)) is None or plug.passed_at is None:
            yield f"The {name} test is not passed: pull the plug, and put it back."


@dataclass(frozen=True, slots=True)
class Proved:
    """A certificate: who proved which home, when, and what was tested, with its figures."""

    home: str
    at: datetime
    by: str
    by_name: str
    sensors: tuple[Sensor, ...]
    agreed: tuple[SensorKind, ...]
    tests: dict[str, Trial]

    @property
    def calls(self) -> tuple[str, ...]:
        return calling(self.sensors)


def broken_by(proved: Proved, home: Home, kinds: frozenset[SensorKind]) -> list[str]:
    """What has changed since, so that the certificate no longer holds."""
    then, now = {one.id: one for one in proved.sensors}, {one.id: one for one in home.sensors}
    said = [f"{name} was taken out" for name in sorted(then.keys() - now.keys())]
    said += [f"{name} was added" for name in sorted(now.keys() - then.keys())]
    said += [
        f"{name} was changed" for name in sorted(then.keys() & now.keys()) if _fitted(then[name]) != _fitted(now[name])
    ]
    refused = {sensor.kind for sensor in home.sensors} - ALWAYS - kinds
    return said + [f"the consent to {kind} sensors was withdrawn" for kind in sorted(refused)]


def _fitted(sensor: Sensor) -> Sensor:
    """Without what the hub itself sets, and whose it is: neither changes what a test proves."""
    return replace(sensor, fall_chance=0.0, wearer=None)
