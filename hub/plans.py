"""The plan in force for an alert: as agreed, or the built-in one, with its people named, and never silent."""

from hub.store.records import Records
from models.alert import Alert, Lane
from models.response import ResponsePlan, for_people, never_silent, with_hands

REMEMBERED = 10_000


def plan_of(records: Records, alert: Alert, *, partner: bool = False) -> ResponsePlan:
    """With `partner`, a partner centre is at hand."""
    living = [alert.resident] if alert.resident else [one.id for one in records.residents_of(alert.home)]
    contacts = [contact.id for one in living for contact in records.contacts_of(one)]
    plan = for_people(with_hands(records.plan_for(alert), alert.lane), contacts)
    return never_silent(plan, alert.lane, partner=partner)


class Plans:
    """`plan_of`, asked again only when the register has changed."""

    def __init__(self, records: Records, *, partner: bool) -> None:
        self._records, self._partner = records, partner
        self._version = -1
        self._known: dict[tuple[str, str | None, str, Lane], ResponsePlan] = {}

    def refresh(self) -> None:
        version = self._records.version()
        if version != self._version or len(self._known) > REMEMBERED:
            self._version, self._known = version, {}

    def of(self, alert: Alert) -> ResponsePlan:
        """As it was at the last `refresh`, or is now."""
        key = (alert.home, alert.resident, alert.kind, alert.lane)
        if key not in self._known:
            self._known[key] = plan_of(self._records, alert, partner=self._partner)
        return self._known[key]
