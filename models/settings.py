"""Settings as one frozen dataclass, filled from a TOML table, refusing what it does not know; and a typed address."""

import dataclasses
import difflib
from argparse import ArgumentTypeError
from collections.abc import Iterable, Mapping
from typing import TypeVar

import msgspec

T = TypeVar("T")


class BadSettings(ValueError):
    """The settings file says something that can't be meant; the text names the key and the file."""


def not_known(unknown: Iterable[str], known: Iterable[str]) -> str:
    """All of them at once; each with the one that was perhaps meant, else with all that there are."""
    near = {one: difflib.get_close_matches(one, known, 1, 0.75) for one in unknown}
    said = ", ".join(f"unknown key '{one}'" + (f" (perhaps '{like[0]}')" if like else "") for one, like in near.items())
    return said if all(near.values()) else f"{said}; known keys are {', '.join(sorted(known))}"


def settings_from(kind: type[T], table: Mapping[str, object], source: str) -> T:
    """The dataclass `kind` with the values of `table`; `source` names the file in every complaint."""
    known = {field.name for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    unknown = sorted(set(table) - known)
    if unknown:
        raise BadSettings(f"{source}: {not_known(unknown, known)}")
    try:
        return msgspec.convert(dict(table), kind)
    except msgspec.ValidationError as bad:
        raise BadSettings(f"{source}: {bad}") from bad


def address(text: str) -> tuple[str, int]:
    """Of HOST:PORT behind a command. Raises ArgumentTypeError."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 2**16:
        raise ArgumentTypeError(f"'{text}' is no HOST:PORT: 127.0.0.1:1883 is one")
    return host, int(port)
