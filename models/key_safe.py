"""The code of a key safe: who may be shown it, for how long, and what of it is on record.

Nobody sees it without the resident's permission from before. It is shown once to the responder who was sent, for
`SHOWN_FOR`; again only when whoever holds the alert, or a supervisor, allows it again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

SHOWN_FOR = timedelta(minutes=30)


class Deed(StrEnum):
    """What can happen around a key safe. Each is a row of a hash-chained log."""

    PERMIT = "the resident permits that it is shown"
    WITHDRAW = "the resident permits it no longer"
    ENTER = "a code was entered"
    REVEAL = "the code was shown"
    REVOKE = "the code was hidden again"
    ALLOW = "the code may be shown once more"
    ROTATE = "the code was encrypted by a new key"


@dataclass(frozen=True, slots=True)
class Done:
    """One row: who did it, about which alert, to which responder it was shown, and until when."""

    id: int
    home: str
    at: datetime
    deed: Deed
    actor: str
    alert: int | None = None
    responder: str = ""
    until: datetime | None = None
    text: str = ""


def permitted(log: Iterable[Done]) -> Done | None:
    """The permission that stands."""
    last = [one for one in log if one.deed in (Deed.PERMIT, Deed.WITHDRAW)][-1:]
    return last[0] if last and last[0].deed is Deed.PERMIT else None


def shown_until(log: Sequence[Done], alert: int, responder: str, now: datetime) -> datetime | None:
    """Until when this responder sees the code; None when they do not now."""
    last = _last(log, alert, responder)
    if permitted(log) is None or last is None or last.deed is not Deed.REVEAL or last.until is None:
        return None
    return last.until if last.until > now else None


def may_be_shown(log: Sequence[Done], alert: int, responder: str) -> bool:
    """Whether it may be shown to them now: once, unless it was allowed again."""
    last = _last(log, alert, responder)
    return permitted(log) is not None and (last is None or last.deed is Deed.ALLOW)


def _last(log: Iterable[Done], alert: int, responder: str) -> Done | None:
    about = (Deed.REVEAL, Deed.REVOKE, Deed.ALLOW)
    mine = [one for one in log if one.deed in about and (one.alert, one.responder) == (alert, responder)]
    return mine[-1] if mine else None
