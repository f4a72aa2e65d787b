"""Why an alert was what it was: one table, for the buttons that close it, the figures, and the detectors' tuning."""

from dataclasses import dataclass

from models.alert import Outcome


@dataclass(frozen=True, slots=True)
class Reason:
    """`counts` is whether it tells anything about how patiently the home should be watched."""

    code: str
    said: str
    counts: bool = True


_AWAY = (Reason("told_us", "had told us", counts=False), Reason("not_told", "had told nobody"))

REASONS: dict[Outcome, tuple[Reason, ...]] = {
    Outcome.FALL: (Reason("trip", "tripped or slipped"), Reason("unwell", "felt unwell"), Reason("bed", "out of bed")),
    Outcome.HELP_NEEDED: (
        Reason("unwell", "felt unwell"),
        Reason("care", "needed care"),
        Reason("lost", "confused or lost"),
        Reason("distress", "afraid or upset"),
    ),
    Outcome.ACCIDENT: (
        Reason("knocked", "knocked"),
        Reason("slept_on", "lay on it"),
        Reason("pet", "a child or pet"),
    ),
    Outcome.COMPANY: (Reason("lonely", "wanted to talk"), Reason("asked", "had a question")),
    Outcome.VISITOR: (Reason("family", "family"), Reason("carer", "a carer"), Reason("trade", "somebody at work")),
    Outcome.AWAY: (*_AWAY, Reason("hospital", "in hospital", counts=False)),
    Outcome.TEST: (Reason("own", "their own test"), Reason("installer", "an installer's", counts=False)),
    Outcome.FAULT: (Reason("sensor", "a sensor", counts=False), Reason("kit", "the kit", counts=False)),
    Outcome.FALSE: (
        Reason("slept_in", "slept in"),
        Reason("quiet_day", "a quiet day"),
        Reason("missed", "the sensors missed them"),
        Reason("changed", "their days have changed"),
        Reason("our_fault", "our mistake", counts=False),
    ),
}
"""What is not here has no reason to choose from."""

CODES = frozenset(one.code for reasons in REASONS.values() for one in reasons)
NOT_COUNTED: frozenset[tuple[Outcome, str]] = frozenset(
    (outcome, one.code) for outcome, reasons in REASONS.items() for one in reasons if not one.counts
)


def known(outcome: Outcome, code: str) -> bool:
    """Whether that reason belongs to that outcome; none said ('') belongs to all."""
    return code == "" or any(one.code == code for one in REASONS.get(outcome, ()))


def said(outcome: Outcome | None, code: str) -> str:
    """In words; '' where none was said."""
    found = (one.said for one in REASONS.get(outcome, ()) if one.code == code) if outcome else iter(())
    return next(found, "")
