"""What the hub makes of things, as an operator reads it off the console."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from models.detection import FindingKind
from simulators.browser import Browser

SAYS = {
    FindingKind.PRESS: re.compile(r"Help was called for with[^.]*\."),
    FindingKind.FALL: re.compile(r"A fall may have been felt by the [a-z ]+ at \d\d:\d\d"),
    FindingKind.SILENCE: re.compile(r"No sign of life since[^.]*\."),
    FindingKind.KIT_UNHEARD: re.compile(r"(?:The kit has not been heard|Nothing is heard from the home)[^.]*\."),
    FindingKind.SENSOR_UNHEARD: re.compile(r"The [a-z ]+ has not reported[^.]*\."),
}
"""How each finding begins when it is explained (models.detection.explain)."""

NOTICED = re.compile(r"What was noticed ([^.]*\.)")

RAISED = re.compile(r"· raised (\d\d:\d\d)")

IS_OVER = re.compile(r"A sign of life at[^.]*\.")


@dataclass(frozen=True, slots=True)
class Shown:
    """An alert as its page shows it: whose home, and how often each finding stands on it."""

    number: int
    home: str
    text: str

    def sentences(self, kind: FindingKind) -> list[str]:
        """Each once, though a page may say it in two places."""
        return list(dict.fromkeys(SAYS[kind].findall(self.text)))

    @property
    def why(self) -> str:
        """The first sentence of its explanation."""
        noticed = NOTICED.search(self.text)
        return noticed.group(1) if noticed else "no reason that we know"

    def told(self, called: str, began: str) -> str:
        """What is said of it, at the residence of whoever is so `called`, by those who look from `began` (HH:MM) on."""
        raised = RAISED.search(self.text)
        if raised and raised.group(1) < began:
            return f"alert {self.number} waits since {raised.group(1)}, when nobody looked, at {called}'s: {self.why}"
        return f"alert {self.number} is raised at {called}'s: {self.why}"


class View:
    """Looks at the queue when asked to; `names` are the residents by home, which is how a page names a home."""

    def __init__(self, operator: Browser, names: Mapping[str, str]) -> None:
        self._operator = operator
        self._names = names
        self.open: list[int] = []
        self.shown: dict[int, Shown] = {}

    def look(self) -> list[Shown]:
        """Read what is new in the queue."""
        self.open = self._operator.waiting()
        return [self.read(number) for number in self.open if number not in self.shown]

    def read(self, number: int) -> Shown:
        text = self._operator.alert(number).text
        home = next((home for home, name in self._names.items() if name in text), "")
        self.shown[number] = Shown(number, home, text)
        return self.shown[number]

    def of(self, home: str, kind: FindingKind) -> list[Shown]:
        return [shown for shown in self.shown.values() if shown.home == home and shown.sentences(kind)]


def by_kind(alerts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """Alerts raised by kind, over homes."""
    total: dict[str, int] = {}
    for one in alerts:
        for kind, count in one.items():
            total[kind] = total.get(kind, 0) + count
    return dict(sorted(total.items()))
