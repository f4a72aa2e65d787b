from dataclasses import dataclass

import pytest

from models.settings import BadSettings, settings_from


@dataclass(frozen=True)
class Wanted:
    port: int = 1883
    host: str | None = None


def test_what_is_unset_has_its_default() -> None:
    assert settings_from(Wanted, {"host": "broker"}, "hub.toml") == Wanted(1883, "broker")


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"prot": 1}, "unknown key 'prot' .perhaps 'port'.$"),
        ({"prot": 1, "colour": 2}, "unknown key 'colour', unknown key 'prot' .perhaps 'port'.; known keys are"),
        ({"port": "many"}, r"Expected `int`.*\$.port"),
    ],
)
def test_what_cant_be_meant_is_named(table: dict[str, object], said: str) -> None:
    with pytest.raises(BadSettings, match=f"hub.toml: {said}"):
        settings_from(Wanted, table, "hub.toml")
