"""The hazard log is true to the code: each hazard has a control, and each test that it names is there."""

import ast
import tomllib
from functools import cache
from pathlib import Path

import pytest

HERE = Path(__file__).parents[1]
LOG = tomllib.loads((HERE / "docs" / "hazards.toml").read_text(encoding="utf-8"))["hazards"]


@cache
def named_in(path: Path) -> frozenset[str]:
    return frozenset(
        node.name for node in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(node, ast.FunctionDef)
    )


def test_each_hazard_has_an_id_of_its_own() -> None:
    assert len({one["id"] for one in LOG}) == len(LOG) >= 15


@pytest.mark.parametrize("hazard", LOG, ids=lambda hazard: hazard["id"])
def test_each_hazard_has_controls_and_the_tests_that_show_them(hazard: dict[str, list[str]]) -> None:
    assert hazard["hazard"]
    assert hazard["cause"]
    assert hazard["effect"]
    assert hazard["controls"]
    assert hazard["tests"]
    before, after = hazard["before"], hazard["after"]
    assert all(1 <= int(one) <= 5 for one in (*before, *after))
    assert all(int(one) <= int(other) for one, other in zip(after, before, strict=True))
    for named in hazard["tests"]:
        path, _, function = named.partition("::")
        assert function in named_in(HERE / path), f"{hazard['id']} names a test that is gone: {named}"
