"""Settings as one frozen dataclass, filled from a TOML table, refusing what it does not know."""

import dataclasses
from collections.abc import Mapping
from typing import TypeVar

import msgspec

T = TypeVar("T")


class BadSettings(ValueError):
    """The settings file says something that can't be meant; the text names the key and the file."""


def settings_from(kind: type[T], table: Mapping[str, object], source: str) -> T:
    """The dataclass `kind` with the values of `table`; `source` names the file in every complaint."""
    known = {field.name for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    unknown = sorted(set(table) - known)
    if unknown:
        raise BadSettings(f"{source}: unknown key '{unknown[0]}'; known keys are {', '.join(sorted(known))}")
    try:
        return msgspec.convert(dict(table), kind)
    except msgspec.ValidationError as bad:
        raise BadSettings(f"{source}: {bad}") from bad
