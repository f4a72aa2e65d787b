from pathlib import Path

from simulators.evaluate.golden import INVENTED, INVENTED_HOMES, REAL, difference, golden
from simulators.evaluate.homes import HOUR, Recorded
from simulators.evaluate.invented import invented
from simulators.evaluate.nightlight import shipped
from tests.simulators.evaluate.conftest import real, without_rows

STEP = 1800.0
KEPT = Path(__file__).parent


def test_the_alerts_of_golden_homes_are_those_that_were_reviewed(twenty: list[Recorded]) -> None:
    """A change in them shows here as a diff. Meant? CONTRIBUTING.md says how to keep the new ones."""
    name, homes = (REAL, twenty) if real() else (INVENTED, invented(INVENTED_HOMES))
    kept = (KEPT / name).read_text(encoding="utf-8")
    changed = difference(kept, golden(homes, shipped().model))
    assert not changed, "\n".join(changed)


def test_what_is_kept_holds_ids_and_times_only() -> None:
    for name in (REAL, INVENTED):
        lines = (KEPT / name).read_text(encoding="utf-8").splitlines()
        assert len([line for line in lines if line and not line.startswith((" ", "#"))]) == (
            20 if name == REAL else INVENTED_HOMES
        )
        assert all(line.startswith("#") or len(line.split()) in {0, 2, 6} for line in lines)


def test_an_alert_more_or_less_shows(home: Recorded) -> None:
    well = golden([home], shipped().model, STEP)
    assert well == golden([home], shipped().model, STEP)
    noon = home.first_midnight + 40 * 86400 + 13 * HOUR
    gone = without_rows(home, (home.t > noon) & (home.t < noon + 20 * HOUR))
    assert any(line.startswith("+  ") for line in difference(well, golden([gone], shipped().model, STEP)))
