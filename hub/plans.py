"""The plan in force for an alert: as agreed, or the built-in one, with its people named, and never silent."""

from collections.abc import Iterable, Mapping, Sequence

from hub.store.once import asking_once
from hub.store.records import Records
from hub.store.relatives import Break, Relatives
from hub.store.ways import Ways, of_staff
from models.alert import Alert, Lane
from models.notices import Preferences, in_quiet_hours
from models.people import Role
from models.response import ResponsePlan, for_people, never_silent, passed_over, with_hands
from models.urgency import asks_for_a_look

REMEMBERED = 10_000
Named = tuple[ResponsePlan, tuple[str, ...]]
"""A plan, and the contacts of whom it is about."""


def plan_of(records: Records, alert: Alert, *, partner: bool = False) -> ResponsePlan:
    """With `partner`, a partner centre is at hand."""
    plan, contacts = _named(records, alert, partner=partner)
    relatives = Relatives(records.engine)
    breaks, chosen = (relatives.breaks(contacts), relatives.all_preferences(contacts)) if contacts else ({}, {})
    return passed_over(plan, contacts, _spared(records, contacts, alert, breaks, chosen))


def _named(records: Records, alert: Alert, *, partner: bool) -> Named:
    living = [alert.resident] if alert.resident else [one.id for one in records.residents_of(alert.home)]
    contacts = tuple(contact.id for one in living for contact in records.contacts_of(one))
    plan = for_people(with_hands(records.plan_for(alert), alert.lane), contacts)
    return never_silent(plan, alert.lane, partner=partner, pushed=_pushed(records, alert)), contacts


def _pushed(records: Records, alert: Alert) -> bool:
    """Whether a supervisor of the alert's council asked in a browser to be told, wherever they are."""
    home = records.home(alert.home)
    if home is None or alert.lane is Lane.KIT:
        return False
    supervisors = [one.login for one in records.accounts_of(Role.SUPERVISOR) if one.council == home.council]
    return Ways(records.engine).told([of_staff(login) for login in supervisors])


class Plans:
    """As `plan_of` says, asked again only when the register has changed, or somebody's breaks and quiet hours have."""

    def __init__(self, records: Records, *, partner: bool) -> None:
        self._records, self._partner = records, partner
        self._relatives = Relatives(records.engine)
        self._version = -1
        self._known: dict[tuple[str, str | None, str, Lane], Named] = {}
        self._breaks: dict[str, list[Break]] = {}
        self._chosen: dict[str, Preferences] = {}

    def refresh(self) -> None:
        version = self._records.version()
        if version != self._version or len(self._known) > REMEMBERED:
            self._version, self._known = version, {}
            self._breaks, self._chosen = self._relatives.breaks(), self._relatives.all_preferences()

    def of(self, alert: Alert) -> ResponsePlan:
        """As it was at the last `refresh`, or is now. Who is spared is settled when the alert is raised, so that its
        steps keep their numbers.
        """
        key = (alert.home, alert.resident, alert.kind, alert.lane)
        if key not in self._known:
            with asking_once():
                self._known[key] = _named(self._records, alert, partner=self._partner)
        plan, contacts = self._known[key]
        spared = _spared(self._records, contacts, alert, self._breaks, self._chosen)
        return passed_over(plan, contacts, spared)


def _spared(
    records: Records,
    contacts: Iterable[str],
    alert: Alert,
    breaks: Mapping[str, Sequence[Break]],
    chosen: Mapping[str, Preferences],
) -> list[str]:
    """Who has a break; and in quiet hours whom no call for help would be for."""

    def rests(contact: str) -> bool:
        return any(one.began <= alert.raised_at < one.until for one in breaks.get(contact, ()))

    def sleeps(contact: str) -> bool:
        if contact not in chosen or (alert.lane is Lane.PERSON and not asks_for_a_look(alert.kind)):
            return False
        home = records.home(alert.home)
        return home is not None and in_quiet_hours(chosen[contact], alert.raised_at, home.timezone)

    return [one for one in contacts if rests(one) or sleeps(one)]
