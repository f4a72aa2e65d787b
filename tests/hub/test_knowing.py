"""What the hub knows of a home: of its mornings only those that it has whole, and no more than is believed."""

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from hub.knowing import Knowing
from hub.settings import Settings
from hub.store import open_store
from hub.store.records import Beat, Expectation
from hub.store.row import Row
from hub.store.wishes import Wishes
from models.alert import Act, Outcome
from models.detection import Finding, FindingKind
from models.glimpse import At, Glimpse, Grain, Lack, Tone, glimpse
from models.observation import SensorKind, What
from models.privacy import Consent, Data
from models.protection import Spell, Unprotected
from models.register import Register
from models.wishes import Deed, Wish
from tests.conftest import with_armchair
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


def test_a_morning_that_was_paused_or_away_is_not_learned_as_a_late_one(tmp_path: Path, register: Register) -> None:
    store = open_store(Settings(data_dir=str(tmp_path / "data")))
    store.records.load(register, {"tom": "-", "ada": "-"})
    home, seven, eleven = store.records.home(HOME), T0.replace(hour=7), T0.replace(hour=11)
    assert home

    def ago(moment: datetime, days: float) -> datetime:
        return moment - timedelta(days=days)

    wishes = Wishes(store.records.engine)
    wishes.keep(Wish(ago(seven, 5.5), HOME, "grace", "grace", Deed.PAUSED, "motion", until=ago(eleven, 5)))
    wishes.keep(Wish(ago(eleven, 5), HOME, "grace", "hub", Deed.RESUMED, "motion"))
    left = Row(HOME, "box", 90, "front-door", What.CLOSED, ago(seven, 3.5), ago(seven, 3.5))
    silence = Finding(FindingKind.SILENCE, HOME, ago(seven, 1.6), ago(seven, 1.5))
    raised = store.alerts.raise_(silence, "grace", "-", ago(seven, 1.5))
    assert raised
    store.alerts.act(raised.alert.id, Act.ANSWER, "tom", ago(seven, 1.5))
    store.alerts.act(raised.alert.id, Act.CLOSE, "tom", ago(seven, 1.5), outcome=Outcome.AWAY)
    up = [ago(eleven, 7), ago(seven, 6), ago(eleven, 5), ago(seven, 4), ago(eleven, 3), ago(seven, 2), ago(eleven, 1)]
    store.series.append([left])
    for number, moment in enumerate(up):
        store.series.append(about(10 * number + 1, moment))
    knowing = Knowing(store.records, store.alerts, store.series)
    assert knowing.ups(home, T0, 28) == [ago(seven, 6), ago(seven, 4), ago(seven, 2)]
    wishes.keep(Wish(ago(seven, 5), HOME, "grace", "grace", Deed.STOPPED, "bed"))
    assert knowing.ups(home, T0, 28) == [ago(seven, 6), ago(seven, 4), ago(seven, 2)]
    on_the_day = ago(T0, 1) + timedelta(hours=4)
    of_today = knowing.known(register.residents[0], home, on_the_day, judged=True)
    assert of_today.last_sign == ago(eleven, 1) + timedelta(minutes=20)
    assert of_today.up is None


def test_a_chair_that_is_not_believed_hides_no_sign_of_life_from_elsewhere(tmp_path: Path, register: Register) -> None:
    store = open_store(Settings(data_dir=str(tmp_path / "data")))
    home, now = with_armchair(register.homes[0]), T0 + timedelta(hours=4)
    agreed = Consent(HOME, SensorKind.CHAIR, "grace", "agreed", T0)
    with_chair = replace(register, homes=(home, *register.homes[1:]), consents=(*register.consents, agreed))
    store.records.load(with_chair, {"tom": "-", "ada": "-"})

    def says(number: int, minutes: float, sensor: str, what: What) -> Row:
        at = now - timedelta(minutes=minutes)
        return Row(HOME, "box", number, sensor, what, at, at)

    up, blinks = says(1, 90, "hall", What.MOVED), says(2, 60, "armchair", What.STOOD_UP)
    later = [says(3, 40, "armchair", What.SAT_DOWN), says(4, 39.8, "armchair", What.STOOD_UP)]
    store.series.append([up, says(5, 60.2, "armchair", What.SAT_DOWN), blinks, *later])
    store.records.beat([Beat(HOME, None, now, now)])
    known = partial(Knowing(store.records, store.alerts, store.series).known, register.residents[0], home, now)

    def counted(sign: Row) -> Glimpse:
        store.records.expect([Expectation(HOME, sign.at, now + timedelta(hours=2))])
        return glimpse(known(judged=True), frozenset(Data))

    assert counted(blinks).lack is Lack.BEHIND
    flaps = Finding(FindingKind.SENSOR_FLAPPING, HOME, blinks.at, now, sensor="armchair")
    store.alerts.raise_(flaps, None, "-", now)
    told = counted(blinks)
    assert (told.tone, told.last, told.due) == (
        Tone.WELL,
        At(blinks.at, Grain.MINUTE),
        At(now + timedelta(hours=2), Grain.MINUTE),
    )
    assert counted(later[1]).tone is Tone.WELL, "the watch counted it before it knew"
    store.alerts.raise_(replace(flaps, at=now + timedelta(minutes=1), over=True), None, "-", now)
    assert counted(blinks).lack is Lack.BEHIND
