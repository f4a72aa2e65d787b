"""The ways to reach a person, in one table. A new one is a small file with one verb, and a line here."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from hub.settings import Settings
from hub.transports.call import Call, Transport, Unreached
from hub.transports.email import Email
from hub.transports.log import Log

__all__ = ["TRANSPORTS", "Call", "Transport", "Unreached", "transports"]

TRANSPORTS: Mapping[str, Callable[[Settings], Transport]] = MappingProxyType({"log": Log, "email": Email})


def transports(settings: Settings) -> dict[str, Transport]:
    return {name: make(settings) for name, make in TRANSPORTS.items()}
