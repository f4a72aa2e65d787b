"""How the timeline of an alert, the people of a home and a centre's clock are said, in one place for all subjects."""

from collections import Counter
from collections.abc import Iterable, Sequence

from hub.store.alerts import Entry
from hub.web.shown import Reason
from models.alert import Act, Alert
from models.home import Home
from models.people import Resident

EXPLAINED = frozenset({Act.RAISE, Act.GROW})
"""Acts whose text is an explanation, which the page shows apart from what people did."""


def people(residents: Iterable[Resident]) -> tuple[tuple[str, str], ...]:
    """How each is called, and the whole name where that says more."""
    return tuple((one.called or one.name, one.name if one.called else "") for one in residents)


def sent_of(entries: Iterable[Entry]) -> str | None:
    texts = [entry.text for entry in entries if entry.act is Act.SEND]
    return texts[-1].splitlines()[0] if texts and texts[-1] else None


def reasons(entries: Iterable[Entry]) -> tuple[Reason, ...]:
    """A line a part; what is older is one line."""
    explained = [entry for entry in entries if entry.act in EXPLAINED]
    return tuple(Reason(entry.at, *entry.text.split("\n")[:4]) for entry in explained)


def line(alert: Alert, why: Sequence[Reason]) -> str:
    """The reason in one line: what raised the alert and what came last; of several presses only the last."""
    noticed = [one.noticed for one in why]
    return " Then: ".join(dict.fromkeys(noticed[-1:] if alert.presses > 1 else noticed[:1] + noticed[-1:]))


def zone_of(homes: Iterable[Home]) -> str:
    """The contact centre's clock is that of most of its homes."""
    count = Counter(home.timezone for home in homes)
    return count.most_common(1)[0][0] if count else "Europe/London"
