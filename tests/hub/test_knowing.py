"""What the hub knows of a home's mornings: only of those that it has whole."""

from datetime import datetime, timedelta
from pathlib import Path

from hub.knowing import Knowing
from hub.settings import Settings
from hub.store import open_store
from hub.store.row import Row
from models.observation import What
from models.protection import Spell, Unprotected
from models.register import Register
from tests.hub.conftest import T0

HOME = "okafor-home"


def about(number: int, start: datetime) -> list[Row]:
    """Twenty minutes of walking about."""
    moments = [start + timedelta(minutes=5 * n) for n in range(5)]
    return [Row(HOME, "box", number + n, "hall", What.MOVED, at, at) for n, at in enumerate(moments)]


def test_the_day_of_fitting_and_one_that_was_not_heard_are_no_mornings(tmp_path: Path, register: Register) -> None:
    store = open_store(Settings(data_dir=str(tmp_path / "data")))
    store.records.load(register, {"tom": "-", "ada": "-"})
    home, seven = store.records.home(HOME), T0.replace(hour=7)
    assert home
    fitted = T0.replace(hour=11) - timedelta(days=4)
    for number, moment in enumerate([fitted, *(seven - timedelta(days=back) for back in (3, 2, 1))]):
        store.series.append(about(10 * number + 1, moment))
    store.records.health.begin([Spell(HOME, Unprotected.KIT_UNHEARD, seven - timedelta(days=2, hours=2))])
    store.records.health.end(
        [Spell(HOME, Unprotected.KIT_UNHEARD, seven - timedelta(days=2, hours=2), seven - timedelta(days=2, hours=1))]
    )
    knowing = Knowing(store.records, store.alerts, store.series)
    assert knowing.ups(home, T0, 28) == [seven - timedelta(days=back) for back in (3, 1)]
    assert knowing.mornings(home, T0) == (7 * 60, 7 * 60)
