"""The ways to reach a person, in one table. A new one is a small file with one verb, and a line here."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from hub.settings import Settings
from hub.transports.apprised import Push, Sms
from hub.transports.call import Call, Told, Transport, Unreached
from hub.transports.email import Email
from hub.transports.log import Log
from hub.transports.partner import Partner
from hub.transports.sip import Sip
from hub.transports.webhook import Webhook
from hub.transports.webpush import WebPush

__all__ = ["TRANSPORTS", "Call", "Told", "Transport", "Unreached", "set_up", "transports"]

TRANSPORTS: Mapping[str, Callable[[Settings], Transport]] = MappingProxyType(
    {
        "log": Log,
        "email": Email,
        "sms": Sms,
        "push": Push,
        "webpush": WebPush,
        "sip": Sip,
        "webhook": Webhook,
        "partner": Partner,
    }
)


def transports(settings: Settings) -> dict[str, Transport]:
    return {name: make(settings) for name, make in TRANSPORTS.items()}


def set_up(ways: Mapping[str, Transport]) -> frozenset[str]:
    """Those that the settings have what they need for."""
    return frozenset(name for name, way in ways.items() if way.set_up)
