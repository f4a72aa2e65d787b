"""The responder's side of an alert: where they are sent, and the moments that they stamp on the way."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from hub.store.alerts import Entry, since_sent
from hub.web.access.door import Door, Hidden, Viewer
from hub.web.access.said import sent_of
from hub.web.words import times as said_times
from models.alert import ON_SITE, Act, Alert, Outcome, Refused, State
from models.people import Role
from models.response import RESIDENT, Answer

LATEST = timedelta(minutes=30)
"""A stamp that a telephone could not send is believed to be at most so old."""
SPOKE = frozenset({Answer.FINE, Answer.NEEDS_HELP})


@dataclass(frozen=True, slots=True)
class OnTheWay:
    """How far a visit has come: the stamps so far, what may be stamped next, and what is known of others."""

    sent_at: datetime
    stamps: dict[Act, datetime]
    may: tuple[Act, ...]
    spoke: str
    going: tuple[str, ...]


class VisitDesk:
    def __init__(self, door: Door) -> None:
        self._door = door

    @staticmethod
    def open_to(viewer: Viewer) -> None:
        """Raises Hidden for whoever goes to nobody."""
        if viewer.role is not Role.RESPONDER:
            raise Hidden("visits")

    def of(self, viewer: Viewer, alert_id: int) -> OnTheWay:
        """Raises Hidden for whoever was not sent."""
        alert, entries = self._sent(viewer, alert_id)
        since = since_sent(entries)
        stamps = {one.act: one.at for one in reversed(since) if one.act in ON_SITE}
        names = {one.id: f"{one.name} ({one.relation})" for one in self._door.contacts(self._door.residents(alert))}
        tries = self._door.alerts.attempts(alert_id)
        coming = [names[one.who] for one in tries if one.answer is Answer.ON_THE_WAY and one.who in names]
        rung = [one for one in tries if one.who == RESIDENT and one.answer]
        may = tuple(act for act in ON_SITE if act not in stamps)
        return OnTheWay(since[0].at, stamps, may, _spoke(rung[-1].answer if rung else None, len(rung)), tuple(coming))

    def stamp(self, viewer: Viewer, alert_id: int, act: Act, ago: float, text: str, outcome: str) -> None:
        """Sent twice, it is one stamp. `ago` is how many seconds it waited for a signal. Raises Hidden, and Refused."""
        _, entries = self._sent(viewer, alert_id)
        if act not in ON_SITE:
            raise Hidden(f"alert {alert_id}")
        since = since_sent(entries)
        if any(one.act is act for one in since):
            return
        if act is Act.LEAVE and outcome not in set(Outcome):
            raise Refused("say what it was before you leave")
        now = self._door.clock.now()
        at = max(now - min(timedelta(seconds=max(ago, 0.0)), LATEST), since[-1].at)
        said = "\n".join(filter(None, [f"{outcome}." if outcome else "", text]))
        self._door.alerts.act(alert_id, act, viewer.login, at, text=said)

    def _sent(self, viewer: Viewer, alert_id: int) -> tuple[Alert, list[Entry]]:
        alert = self._door.alert(viewer, alert_id)
        entries = self._door.alerts.timeline(alert_id)
        if viewer.role is not Role.RESPONDER or alert.state is State.CLOSED or sent_of(entries) != viewer.login:
            raise Hidden(f"alert {alert_id}")
        return alert, entries


def _spoke(answer: Answer | None, times: int) -> str:
    if answer in SPOKE:
        return f"They were spoken with: {answer}."
    return f"They were rung {said_times(times)}, and nobody spoke." if times else "Nobody has rung them yet."
