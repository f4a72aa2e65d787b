"""What holds for the tree itself, whoever adds to it."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
GIVEN = {"edge", "hub", "models", "firmware_config", "simulators", "tests", "pyproject.toml", "README.md"}
CUSTOMARY = {
    ".ci",
    ".gitignore",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "LICENSE",
    "Makefile",
    "SECURITY.md",
    "docs",
}
SAYS_NOTHING = {"common", "exceptions", "helpers", "manager", "managers", "misc", "util", "utils"}
# The character classes keep these lines from finding themselves.
OF_THIS_MACHINE = re.compile(
    r"(^|[^.\w])/(work|farm|root|tmp)/\w|index[-]url|find[-]links|files[.]\w+hosted|[p]ypi[.]org|registry[.]\w+[.](org|com)"
)
MOCKS = re.compile(r"unittest[.]mock|from unittest import[ ]mock|import[ ]pytest_mock|\bmocker\b[.]")
NOT_ON_A_PI = [
    "amqtt",
    "cryptography",
    "fastapi",
    "numba",
    "numpy",
    "pydantic",
    "rich",
    "segno",
    "sklearn",
    "sqlalchemy",
    "starlette",
    "uvicorn",
]
EDGE_ALONE = """
import importlib, pkgutil, sys
for name in sys.argv[1:]:
    sys.modules[name] = None
import edge.app
for module in pkgutil.walk_packages(edge.__path__, "edge."):
    importlib.import_module(module.name)
"""


@pytest.fixture(scope="module")
def tracked() -> list[Path]:
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout, so nothing says which files are the project's")
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [Path(name) for name in listing.split("\0") if name and (ROOT / name).is_file()]


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    table: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return table


@pytest.fixture(scope="module")
def constraints() -> list[str]:
    return (ROOT / ".ci/constraints.txt").read_text(encoding="utf-8").splitlines()


def package(requirement: str) -> str:
    """The name a package index knows a requirement by."""
    return re.sub(r"[-_.]+", "-", re.split(r"[^\w.-]|==", requirement)[0].lower())


def lines_matching(pattern: re.Pattern[str], paths: list[Path]) -> list[str]:
    return [
        f"{path}:{number}: {line.strip()}"
        for path in paths
        for number, line in enumerate((ROOT / path).read_text(encoding="utf-8", errors="ignore").splitlines(), 1)
        if pattern.search(line)
    ]


def test_the_top_level_holds_only_the_given_and_the_customary_names(tracked: list[Path]) -> None:
    assert {path.parts[0] for path in tracked} <= GIVEN | CUSTOMARY


def test_no_file_names_a_path_of_a_machine_or_a_package_host(tracked: list[Path]) -> None:
    assert lines_matching(OF_THIS_MACHINE, tracked) == []


def test_no_module_has_a_name_that_says_nothing(tracked: list[Path]) -> None:
    assert [path for path in tracked if SAYS_NOTHING & {*path.parts[:-1], path.stem}] == []


def test_tests_use_fakes_that_behave(tracked: list[Path]) -> None:
    assert lines_matching(MOCKS, [path for path in tracked if path.suffix == ".py"]) == []


def test_constraints_hold_a_name_and_a_version_and_nothing_else(constraints: list[str]) -> None:
    assert [line for line in constraints if not re.fullmatch(r"[\w.-]+==[\w.]+", line)] == []
    assert len({package(line) for line in constraints}) == len(constraints)


def test_every_named_requirement_is_constrained(project: dict[str, Any], constraints: list[str]) -> None:
    named = {package(each) for extra in project["optional-dependencies"].values() for each in extra}
    assert named - {"nightlight"} <= {package(line) for line in constraints}


def test_each_kind_of_machine_has_its_extra_and_its_command(project: dict[str, Any]) -> None:
    assert {"edge", "hub", "sim", "dev"} <= project["optional-dependencies"].keys()
    assert project["scripts"] == {
        "nightlight-edge": "edge.app:main",
        "nightlight-hub": "hub.__main__:main",
        "nightlight-sim": "simulators.__main__:main",
    }


@pytest.mark.parametrize(("program", "extra"), [("hub", "hub"), ("simulators", "sim")])
def test_where_an_extra_is_not_installed_its_command_says_so_in_a_line(program: str, extra: str) -> None:
    line = [sys.executable, "-S", "-m", program, "check"]
    bare = subprocess.run(line, cwd=ROOT, check=False, capture_output=True, text=True, timeout=60)
    assert bare.returncode == 2
    assert re.fullmatch(rf"There is no '\w+' here: pip install 'nightlight\[{extra}\]'\n", bare.stderr)


def test_the_edge_starts_without_what_a_pi_does_not_install() -> None:
    alone = subprocess.run(
        [sys.executable, "-W", "error", "-c", EDGE_ALONE, *NOT_ON_A_PI],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert alone.returncode == 0, alone.stderr
