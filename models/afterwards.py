"""What follows an alert: how it went, in one tap, and whom a person can be referred to."""

from enum import StrEnum

from models.alert import Outcome


class Went(StrEnum):
    """How somebody says that it went."""

    WELL = "it went well"
    BADLY = "it did not go well"
    TALK = "please ring me about it"


class Service(StrEnum):
    """To whom a person can be referred from an alert."""

    FALLS = "falls service"
    THERAPY = "occupational therapy"
    COMMUNITY = "community connections"


SUGGESTED: dict[Outcome, Service] = {
    Outcome.FALL: Service.FALLS,
    Outcome.HELP_NEEDED: Service.THERAPY,
    Outcome.COMPANY: Service.COMMUNITY,
}
"""What is chosen beforehand; an operator may choose another."""

NOT_ASKED_AFTER = frozenset({Outcome.TEST, Outcome.FAULT, Outcome.CLEARED})
"""Nobody is asked how a test went."""
