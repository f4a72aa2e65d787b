"""The plan in force for an alert: as agreed, or the built-in one, with its people named, and never silent."""

from hub.store.records import Records
from models.alert import Alert
from models.response import ResponsePlan, for_people, never_silent, with_hands


def plan_of(records: Records, alert: Alert, *, partner: bool = False) -> ResponsePlan:
    """With `partner`, a partner centre is at hand."""
    living = [alert.resident] if alert.resident else [one.id for one in records.residents_of(alert.home)]
    contacts = [contact.id for one in living for contact in records.contacts_of(one)]
    plan = for_people(with_hands(records.plan_for(alert), alert.lane), contacts)
    return never_silent(plan, alert.lane, partner=partner)
