"""The languages: one file each, which belongs to the program as its modules do, and is read when it starts."""

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from types import MappingProxyType

LANGUAGES = ("en", "cy")
"""A new one is a file beside this and a word here; tests/models/test_languages.py says what it lacks."""


def _read(language: str) -> Mapping[str, str]:
    text = files(__name__).joinpath(f"{language}.toml").read_text(encoding="utf-8")
    return MappingProxyType(tomllib.loads(text))


TEXTS: Mapping[str, Mapping[str, str]] = MappingProxyType({language: _read(language) for language in LANGUAGES})
