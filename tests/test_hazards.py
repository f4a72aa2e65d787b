"""The hazard log and the data protection assessment are true to the code: what each names is there."""

import ast
import tomllib
from functools import cache
from pathlib import Path

import pytest

HERE = Path(__file__).parents[1]
LOG = tomllib.loads((HERE / "docs" / "hazards.toml").read_text(encoding="utf-8"))["hazards"]
QUESTIONS = tomllib.loads((HERE / "docs" / "dpia.toml").read_text(encoding="utf-8"))["questions"]


@cache
def named_in(path: Path) -> frozenset[str]:
    body = ast.parse(path.read_text(encoding="utf-8")).body
    defined = {node.name for node in body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    targets = [one for node in body for one in getattr(node, "targets", [getattr(node, "target", None)])]
    return frozenset(defined | {one.id for one in targets if isinstance(one, ast.Name)})


def is_there(place: str) -> bool:
    path, _, name = place.partition("::")
    return name in named_in(HERE / path) if name else (HERE / path).exists()


def test_each_hazard_has_an_id_of_its_own() -> None:
    assert len({one["id"] for one in LOG}) == len(LOG) >= 15
    assert len({one["id"] for one in QUESTIONS}) == len(QUESTIONS) >= 15


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
    gone = [one for one in hazard["tests"] if not is_there(one)]
    assert not gone, f"{hazard['id']} names tests that are gone: {gone}"


@pytest.mark.parametrize("asked", QUESTIONS, ids=lambda asked: asked["id"])
def test_each_question_of_data_protection_has_an_answer_where_it_stands_and_tests(asked: dict[str, list[str]]) -> None:
    assert asked["question"]
    assert asked["answer"]
    assert asked["where"]
    assert all("::test_" in one for one in asked["tests"])
    gone = [one for one in (*asked["where"], *asked["tests"]) if not is_there(one)]
    assert not gone, f"{asked['id']} names what is gone: {gone}"
