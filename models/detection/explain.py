"""Every finding in plain words: what was expected, what was observed, how healthy the sensors are, what clears it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from models.detection import Finding, FindingKind
from models.home import Home


@dataclass(frozen=True, slots=True)
class Explanation:
    """Four short sentences; `sentence` joins them."""

    observed: str
    expected: str
    health: str
    clears: str

    @property
    def sentence(self) -> str:
        return " ".join(part for part in (self.observed, self.expected, self.health, self.clears) if part)


def explain(finding: Finding, home: Home) -> Explanation:
    """In the home's local time."""
    return _EXPLAIN[finding.kind](finding, home)


def lasting(seconds: float) -> str:
    """A length of time as people say it: '45 s', '12 min', '2 h 10 min', '3 days'."""
    minutes = int(seconds // 60)
    if minutes < 1:
        return f"{int(seconds)} s"
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 48 * 60:
        return f"{minutes // 60} h {minutes % 60} min" if minutes % 60 else f"{minutes // 60} h"
    return f"{minutes // 1440} days"


def _press(finding: Finding, home: Home) -> Explanation:
    late = float(finding.evidence.get("late_by") or 0)
    where = _where(finding.sensor, home)
    delayed = f" It reached us {lasting(late)} late." if late > 30 else ""
    return Explanation(
        f"Help was called for with the {where} at {_clock(finding.since, finding, home)}.{delayed}",
        "",
        "",
        "Speak with the resident before closing.",
    )


def _fall(finding: Finding, home: Home) -> Explanation:
    said, at = finding.evidence, _clock(finding.since, finding, home)
    rooms, place = str(said.get("rooms") or "").replace("_", " "), str(said.get("place") or "").replace("_", " ")
    first = f"A fall may have been felt by the {_where(finding.sensor, home)} at {at}"
    felt = f"{first}{_blow(finding)}"
    last = f" The last sign of life before was in the {place}." if place else ""
    scored = _share(said.get("chance"))
    low = f"A soft fall at {at} scored low ({scored})"
    nobody = f"seen since only in the {rooms}" if rooms else "nobody noticed anywhere since"
    observed = {
        "felt": f"{felt}, and was not called off.{_delayed(finding)}",
        "walked": f"{felt}. It was called off by somebody walking about, who may be another than the wearer.",
        "held": f"{felt}. It was less sure than this pendant has to be, so nobody is called unless silence follows.",
        "unlikely": f"{low}; {nobody}.{last}",
        "doubted": f"A fall at {at} was less sure ({scored}) than this pendant has to be; {nobody}.{last}",
        "called_off": f"A fall felt at {at} was called off with a press; {nobody}.{last}",
        "still": f"No sign of life in any room since the fall at {at}.{last}",
        "one_room": f"Since the fall at {at} there were signs of life only in the {rooms}.",
        "others": f"Movement since the fall at {at}: {rooms or 'bed'}. It may be another person's: it clears nothing.",
        "elsewhere": f"Movement since the fall at {at}: {rooms or 'other rooms'}. Perhaps up again.",
        "in_bed": f"Lay down in bed after the fall at {at}.",
    }[_stage(finding)]
    return Explanation(observed, "", _surely(finding), "Only a person closes it: speak with the resident.")


def _stage(finding: Finding) -> str:
    return str(finding.evidence.get("stage") or ("elsewhere" if finding.over else "felt"))


def _blow(finding: Finding) -> str:
    """What the pendant felt, as far as it says."""
    said = finding.evidence
    parts = (
        ("peak_g", "a blow of {:.1f} g"),
        ("tilt_deg", "then tilted by {:.0f}° from before"),
        ("still_s", "still for {:.0f} of the seconds after"),
    )
    felt = [words.format(float(said[name] or 0)) for name, words in parts if said.get(name) is not None]
    return f": {', '.join(felt)}" if felt else ""


def _delayed(finding: Finding) -> str:
    late = float(finding.evidence.get("late_by") or 0)
    return f" It reached us {lasting(late)} after." if late > 60 else ""


def _surely(finding: Finding) -> str:
    """One confidence, and where it comes from."""
    sure, chance = finding.evidence.get("confidence"), finding.evidence.get("chance")
    if _stage(finding) == "felt":
        return f"Confidence {_share(sure)}, by the pendant alone, which was taught with acted falls."
    return f"Confidence now {_share(sure)}; by the pendant alone it was {_share(chance)}."


def _share(value: object) -> str:
    return f"{100 * float(value):.0f} %" if isinstance(value, int | float) else "unknown"


def _silence(finding: Finding, home: Home) -> Explanation:
    evidence = finding.evidence
    if finding.over:
        return Explanation(
            f"A sign of life at {_clock(finding.at, finding, home)}: {_where(evidence.get('ended_by'), home)}.",
            *[""] * 3,
        )
    last = evidence.get("last_sensor")
    by = f" ({_where(last, home)})" if last else ""
    due = datetime.fromtimestamp(float(evidence.get("expected_by") or 0), UTC)
    heard = datetime.fromtimestamp(float(evidence.get("heard_until") or 0), UTC)
    return Explanation(
        f"No sign of life since {_clock(finding.since, finding, home)}{by}.",
        f"One was expected by {_clock(due, finding, home)}{_rarity(finding)}.",
        f"The kit was heard until {_clock(heard, finding, home)}, with {evidence.get('sensors_heard')} of"
        f" {evidence.get('sensors')} sensors reporting.",
        "Any movement, a door or a press would clear it.",
    )


def _kit_unheard(finding: Finding, home: Home) -> Explanation:
    if finding.over:
        return Explanation(f"The kit is heard again, complete up to {_clock(finding.at, finding, home)}.", "", "", "")
    if not finding.evidence.get("ever_heard"):
        return Explanation("The kit has not been heard since this hub began to listen.", *_KIT_HELP)
    return Explanation(f"Nothing is heard from the home since {_clock(finding.since, finding, home)}.", *_KIT_HELP)


_KIT_HELP = (
    "A heartbeat is due every minute.",
    "While this lasts we would not notice a fall, and a press may not reach us.",
    "The next heartbeat clears it.",
)


def _sensor_unheard(finding: Finding, home: Home) -> Explanation:
    where = _where(finding.sensor, home)
    if finding.over:
        return Explanation(f"The {where} reports again.", "", "", "")
    limit = timedelta(seconds=float(finding.evidence.get("limit") or 0))
    seen = f"since {_clock(finding.since, finding, home)}" if finding.evidence.get("ever_heard") else "at all"
    return Explanation(
        f"The {where} has not reported {seen}.",
        f"It should at least every {lasting(limit.total_seconds())}.",
        "The kit itself is heard: this is a quiet sensor, not a quiet person.",
        "Its next report clears it.",
    )


def _rarity(finding: Finding) -> str:
    """What the routine says of so long a wait, where one has been learned."""
    chance = float(finding.evidence.get("chance") or 0)
    if not 0 < chance < 1:
        return ""
    known = float(finding.evidence.get("learned_days") or 0)
    by = f"by {int(known)} days of this home" if known >= 14 else "by other homes, for this one is new"
    out = ", and may be out" if finding.evidence.get("perhaps_out") else ""
    return f": {by}, a well person is quiet this long after 1 in {round(1 / chance)} such moments{out}"


@dataclass(frozen=True, slots=True)
class _Plain:
    """A finding in fixed words; `{since}` is when it began. `over` is said when it has ended."""

    observed: str
    expected: str
    health: str
    clears: str
    over: str

    def __call__(self, finding: Finding, home: Home) -> Explanation:
        if finding.over:
            return Explanation(self.over, "", "", "")
        said = self.observed.format(since=_clock(finding.since, finding, home))
        return Explanation(said, self.expected, self.health or _heard(finding, home), self.clears)


def _heard(finding: Finding, home: Home) -> str:
    until = finding.evidence.get("heard_until")
    if until is None:
        return ""
    return f"The kit was heard until {_clock(datetime.fromtimestamp(float(until), UTC), finding, home)}."


_ANOTHER_CAUSE = "A new or moved sensor, a visitor, a holiday or a change of the clocks could explain it as well."

_EXPLAIN: dict[FindingKind, Callable[[Finding, Home], Explanation]] = {
    FindingKind.PRESS: _press,
    FindingKind.FALL: _fall,
    FindingKind.SILENCE: _silence,
    FindingKind.KIT_UNHEARD: _kit_unheard,
    FindingKind.SENSOR_UNHEARD: _sensor_unheard,
    FindingKind.NOT_BACK_IN_BED: _Plain(
        "Out of bed since {since}, and not back.",
        "At night it should not take longer than 45 min.",
        "",
        "Lying down again, or being up and about in the morning, clears it.",
        "Back in bed, or up for the day.",
    ),
    FindingKind.NOT_IN_BED: _Plain(
        "Not in bed; last sign of life before the evening's wait at {since}.",
        "By now it is two hours past the usual bedtime of the last weeks.",
        "",
        "Lying down clears it.",
        "In bed now.",
    ),
    FindingKind.NOT_UP: _Plain(
        "In bed since {since}, and not up.",
        "By now it is two hours past the usual time of getting up.",
        "",
        "Getting up, or a sign of life in another room, clears it.",
        "Up now.",
    ),
    FindingKind.BATHROOM_TRIPS: _Plain(
        "Many trips to the bathroom tonight, the latest at {since}.",
        "It is more than twice as many as in the nights of the last weeks.",
        "",
        "The morning clears it.",
        "The night is over.",
    ),
    FindingKind.BED_MAT: _Plain(
        "The bed mat can't be believed since {since}: it sticks or flickers.",
        "A person changes it a few times a night.",
        "Until it is seen to, what it says of the night is not relied on.",
        "A steady mat clears it.",
        "The bed mat is steady again.",
    ),
    FindingKind.DOOR_AT_NIGHT: _Plain(
        "A door that leads out was opened at {since}.",
        "In the nights of the last weeks it hardly ever was.",
        "",
        "The morning clears it.",
        "The night is over.",
    ),
    FindingKind.NOT_BACK_HOME: _Plain(
        "A door that leads out was used at {since}, and nobody was noticed inside since.",
        "At night one would be seen within 30 min.",
        "",
        "Any sign of life inside clears it.",
        "Somebody is inside again.",
    ),
    FindingKind.DOOR_OPEN: _Plain(
        "A door that leads out has stood open since {since}.",
        "It is shut within 30 min.",
        "Its sensor has told us of being shut before.",
        "Shutting it clears it.",
        "The door is shut.",
    ),
    FindingKind.LONG_LIE: _Plain(
        "In the bathroom since {since}, and in no other room.",
        "Nobody has stayed there nearly as long in the last weeks.",
        "",
        "A sign of life in any other room clears it.",
        "Seen in another room.",
    ),
    FindingKind.SENSOR_FLAPPING: _Plain(
        "One sensor has reported over and over since {since}, and no other.",
        "A person sets off others in between.",
        "It may be faulty, or a pet or a curtain; signs of life from it count for little.",
        "A report from another sensor clears it.",
        "Other sensors report again.",
    ),
    FindingKind.SENSOR_MISLABELLED: _Plain(
        "A door that is said to lead out opens many times a night, noticed at {since}.",
        "A front door stays shut at night.",
        "It may be an inner door: until it is put right, being out can't be told from being in.",
        "Quiet nights clear it.",
        "The door is quiet at night.",
    ),
    FindingKind.LESS_MOVEMENT: _Plain(
        "Less movement by day for a week or more, noticed at {since}.",
        "It is under two thirds of that of the last two months.",
        _ANOTHER_CAUSE,
        "Movement as before clears it.",
        "Movement is as before.",
    ),
    FindingKind.FEWER_OUTINGS: _Plain(
        "Fewer outings for a week or more, noticed at {since}.",
        "They are under two thirds of those of the last two months.",
        _ANOTHER_CAUSE,
        "Outings as before clear it.",
        "Outings are as before.",
    ),
    FindingKind.MORE_NIGHT_MOVEMENT: _Plain(
        "More movement at night for a week or more, noticed at {since}.",
        "It is nearly twice that of the last two months.",
        _ANOTHER_CAUSE,
        "Nights as before clear it.",
        "Nights are as before.",
    ),
}


def _where(sensor_id: object, home: Home) -> str:
    sensor = home.sensor(str(sensor_id)) if sensor_id else None
    if sensor is None:
        return "a sensor that is not on record"
    kind = sensor.kind.replace("_", " ")
    return kind if sensor.wearer else f"{sensor.room.replace('_', ' ')} {kind}"


def _clock(at: datetime, finding: Finding, home: Home) -> str:
    """The local time, and the day where it is not that of the finding."""
    zone = ZoneInfo(home.timezone)
    local = at.astimezone(zone)
    same_day = local.date() == finding.at.astimezone(zone).date()
    return f"{local:%H:%M}" if same_day else f"{local:%H:%M on %a %-d %b}"
