"""The plan in force for an alert: as agreed, or the built-in one, with its people named, and never silent."""

from hub.store.records import Records
from models.alert import Alert
from models.response import ResponsePlan, for_people, never_silent


def plan_of(records: Records, alert: Alert, *, partner: bool = False) -> ResponsePlan:
    """Of the resident; where an alert is about no one resident, of the first in the home who agreed to one."""
    living = [alert.resident] if alert.resident else [one.id for one in records.residents_of(alert.home)]
    built_in = records.plan(None, alert.kind, alert.lane)
    plans = [records.plan(one, alert.kind, alert.lane) for one in living]
    agreed = next((plan for plan in plans if plan != built_in), built_in)
    contacts = [contact.id for one in living for contact in records.contacts_of(one)]
    return never_silent(for_people(agreed, contacts), alert.lane, partner=partner)
