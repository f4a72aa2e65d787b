"""A home that is new is held to fixed limits as well, and everyone is told until when."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

KNOWN_AFTER = timedelta(days=14)
"""From then on a home's own routine stands alone."""


def early(known_since: datetime, at: datetime) -> bool:
    return at - known_since < KNOWN_AFTER


BY_OTHERS = "by other homes, while what is usual in this one is learned anew"
ANEW = "What is usual in this home is being learned anew; until then fixed limits hold as well."


def known_by(known_for: timedelta) -> str:
    """Whose days speak when a routine is asked."""
    if known_for < KNOWN_AFTER:
        return "by other homes, for this one is new"
    return f"by {known_for.days} days of this home"


def told(known_since: datetime, zone: str) -> str:
    since, until = (at.astimezone(ZoneInfo(zone)) for at in (known_since, known_since + KNOWN_AFTER))
    return f"This home has been known since {since:%-d %B}; until {until:%-d %B} fixed limits hold as well."
