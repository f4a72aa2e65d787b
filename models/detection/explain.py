"""Every finding in plain words: what was expected, what was observed, how healthy the sensors are, what clears it."""

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
        f"One was expected by {_clock(due, finding, home)}.",
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


_EXPLAIN = {
    FindingKind.PRESS: _press,
    FindingKind.SILENCE: _silence,
    FindingKind.KIT_UNHEARD: _kit_unheard,
    FindingKind.SENSOR_UNHEARD: _sensor_unheard,
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
