import os
import random
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edge.clock import Moment
from edge.outbox import LATELY, SPARE_NUMBERS, InUse, Outbox, Outboxes, look
from edge.sensors import Noticed
from edge.settings import Settings
from models.observation import What
from models.wire import LARGEST_NUMBER
from tests.edge.conftest import NIGHT, moment, noticed, press

LIMIT = 5000


def opened(path: Path, boot: str = "boot", limit: int = LIMIT) -> Outbox:
    return Outbox(path, boot, limit)


def every(outbox: Outbox) -> list[int]:
    return [one.number for one in outbox.between(0, 2**62)]


def test_what_is_kept_is_there_after_closing_and_opening(tmp_path: Path) -> None:
    with closing(opened(tmp_path / "o.db")) as outbox:
        outbox.keep([noticed(seconds=1.5), press(2)])
        name = outbox.name
    with closing(opened(tmp_path / "o.db")) as outbox:
        (movement,), (pressed,) = outbox.routine(0, 10), outbox.urgent(0, 10)
        assert outbox.name == name
        assert (movement.number, movement.at, movement.what) == (1, NIGHT + timedelta(seconds=1.5), What.MOVED)
        assert (pressed.number, pressed.sensor, pressed.clock_trusted) == (2, "pendant", True)
        assert (outbox.waiting, outbox.urgent_waiting) == (2, 1)


def test_a_new_file_has_a_new_name(tmp_path: Path) -> None:
    with closing(opened(tmp_path / "a.db")) as one, closing(opened(tmp_path / "b.db")) as other:
        assert one.name != other.name


def test_numbers_are_never_given_out_twice(tmp_path: Path) -> None:
    with closing(opened(tmp_path / "o.db")) as outbox:
        outbox.keep([noticed(), noticed()])
        outbox.forget([(1, 2)])
    with closing(opened(tmp_path / "o.db")) as outbox:
        outbox.keep([noticed()])
        assert every(outbox) == [3]


def test_after_a_power_cut_numbers_are_skipped_in_case_the_card_lied(tmp_path: Path) -> None:
    with closing(opened(tmp_path / "o.db", "monday")) as outbox:
        outbox.keep([noticed()])
    with closing(opened(tmp_path / "o.db", "tuesday")) as outbox:
        outbox.keep([noticed()])
        first, second = every(outbox)
        assert first == 1
        assert second >= 2 + SPARE_NUMBERS


def test_a_card_written_from_a_copy_gives_out_no_number_a_second_time(tmp_path: Path) -> None:
    """Else the hub would take a press for the repeat of something else, and receipt it."""
    with closing(opened(tmp_path / "o.db", "monday")) as outbox:
        outbox.keep([noticed() for _ in range(50)])
    copy = tmp_path / "copy.db"
    shutil.copy(tmp_path / "o.db", copy)
    given: list[int] = []
    for path, boots in ((tmp_path / "o.db", ("tuesday", "wednesday")), (copy, ("thursday", "friday"))):
        for boot in boots:
            with closing(opened(path, boot)) as outbox:
                outbox.keep([noticed() for _ in range(50)])
                given += every(outbox)[-50:]
    assert len(set(given)) == len(given)
    assert max(given) < LARGEST_NUMBER // 10**6


def test_a_hundred_observations_are_one_commit(tmp_path: Path) -> None:
    with closing(opened(tmp_path / "o.db")) as outbox:
        commits: list[str] = []
        outbox._db.set_trace_callback(lambda statement: commits.append(statement) if "COMMIT" in statement else None)
        outbox.keep([noticed(seconds=second) for second in range(100)])
        assert commits == ["COMMIT"]


def test_every_commit_is_flushed_to_the_card(tmp_path: Path) -> None:
    with closing(opened(tmp_path / "o.db")) as outbox:
        outbox.keep([noticed()])
        outbox.forget([(1, 1)])
        assert outbox._db.execute("PRAGMA synchronous").fetchone() == (2,)
        assert outbox._db.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_only_what_is_receipted_is_forgotten(tmp_path: Path) -> None:
    with closing(opened(tmp_path / "o.db")) as outbox:
        outbox.keep([noticed(), press(), noticed(), noticed()])
        outbox.forget([(1, 2), (4, 4), (9, 12)])
        assert every(outbox) == [3]
        assert (outbox.waiting, outbox.urgent_waiting) == (1, 0)


def test_oldest_is_the_earliest_moment_though_it_came_late(tmp_path: Path) -> None:
    with closing(opened(tmp_path / "o.db")) as outbox:
        assert outbox.oldest() is None
        outbox.keep([noticed(seconds=60), noticed(seconds=20), press(40)])
        assert outbox.oldest() == NIGHT + timedelta(seconds=20)


def test_beyond_its_limit_the_oldest_routine_observations_go_and_no_press(tmp_path: Path) -> None:
    with closing(opened(tmp_path / "o.db", limit=1000)) as outbox:
        outbox.keep([press(second) for second in range(400)])
        for start in range(0, 2000, 100):
            outbox.keep([noticed(seconds=start + second) for second in range(100)])
        assert outbox.urgent_waiting == len(outbox.urgent(0, 1000)) == 400
        assert outbox.waiting == len(every(outbox)) <= 1000
        assert outbox.routine(0, 1)[0].number > 401
        assert outbox.given_up == 2400 - outbox.waiting
        assert every(outbox)[-1] == 2400


def test_thirty_days_of_a_busy_home_wait_in_less_than_32_mb(tmp_path: Path) -> None:
    a_busy_day, limit = 8000, Settings("h1", "hub").outbox_limit
    assert limit >= 30 * a_busy_day
    with closing(opened(tmp_path / "o.db", limit=limit)) as outbox:
        outbox.keep([noticed(seconds=float(second)) for second in range(a_busy_day)])
        assert outbox.given_up == 0
    assert (tmp_path / "o.db").stat().st_size / a_busy_day * limit < 32 * 2**20


def test_when_the_card_is_full_presses_still_get_through(tmp_path: Path) -> None:
    with closing(opened(tmp_path / "o.db", limit=100_000)) as outbox:
        outbox.keep([noticed(seconds=second) for second in range(1000)])
        (pages,) = outbox._db.execute("PRAGMA page_count").fetchone()
        outbox._db.execute(f"PRAGMA max_page_count = {pages + 1}")
        for start in range(0, 500, 5):
            outbox.keep([press(start + second) for second in range(5)])
        assert outbox.urgent_waiting == len(outbox.urgent(0, 1000)) == 500
        assert outbox.given_up > 0


def test_when_nothing_more_can_be_written_memory_takes_it(tmp_path: Path) -> None:
    """A file size limit stands for a card that fails: nothing of the file grows, not even its log."""
    with closing(Outboxes(tmp_path / "o.db", "boot", LIMIT)) as outboxes:
        outboxes.keep([noticed()], 0.0)
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1, before[1]))
        try:
            outboxes.keep([press(1)], 1.0)
            outboxes.keep([press(2)], 2.0)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
            signal.signal(signal.SIGXFSZ, ignored)
        card, memory = outboxes.all
        assert card.name != memory.name == outboxes.all[1].name
        assert len(memory.urgent(0, 10)) == outboxes.urgent_waiting == 2
        outboxes.keep([press(3)], 100.0)
        assert [one.at for one in card.urgent(0, 10)] == [NIGHT + timedelta(seconds=3)]
        outboxes.forget(memory.name, [(1, 1)])
        assert outboxes.waiting == 3


def test_a_folder_that_is_a_file_leaves_memory(tmp_path: Path) -> None:
    (tmp_path / "folder").write_text("")
    with closing(Outboxes(tmp_path / "folder" / "o.db", "boot", LIMIT)) as outboxes:
        outboxes.keep([press()], 0.0)
        assert outboxes.urgent_waiting == 1


@pytest.mark.parametrize("content", [b"", b"not a database, whatever it is called" * 100])
def test_a_file_that_is_no_outbox_is_kept_aside_and_a_new_one_begun(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "o.db"
    path.write_bytes(content)
    with closing(Outboxes(path, "boot", LIMIT)) as outboxes:
        outboxes.keep([press()], 0.0)
        assert outboxes.all[0].path == path
    if content:
        assert (tmp_path / "o.db.aside-1").read_bytes() == content


def ruined(path: Path) -> None:
    """Overwrite a page in the middle, as a worn card does."""
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2 // 4096 * 4096)
        file.write(random.Random(1).randbytes(4096))


def test_a_ruined_outbox_is_set_aside_under_another_name_and_what_reads_goes_over(tmp_path: Path) -> None:
    path = tmp_path / "o.db"
    with closing(opened(path)) as outbox:
        outbox.keep([press(0), *(noticed(seconds=second) for second in range(1, 3000))])
        name = outbox.name
    ruined(path)
    with closing(Outboxes(path, "boot", LIMIT)) as outboxes:
        assert outboxes.name != name
        assert [one.at for one in outboxes.all[0].urgent(0, 10)] == [NIGHT]
        assert 1 < outboxes.waiting < 3000
        assert (tmp_path / "o.db.aside-1").exists()


def test_ruin_that_shows_only_while_running_is_survived(tmp_path: Path) -> None:
    path = tmp_path / "o.db"
    with closing(opened(path)) as outbox:
        outbox.keep([noticed(seconds=second) for second in range(3000)])
    with closing(Outboxes(path, "boot", LIMIT)) as outboxes:
        card = outboxes.all[0]
        card._db.execute("PRAGMA cache_size = 1")
        ruined(path)
        for start in range(0, 3000, 500):
            outboxes.ask(card, lambda one, after=start: one.routine(after, 500), otherwise=[])  # type: ignore[misc]
        outboxes.keep([press(1)], 0.0)
        assert outboxes.name != card.name
        assert outboxes.urgent_waiting == 1
        assert outboxes.all[0].path == path


def test_a_second_one_is_set_aside_beside_the_first(tmp_path: Path) -> None:
    for _ in range(2):
        (tmp_path / "o.db").write_bytes(b"nothing that reads" * 300)
        Outboxes(tmp_path / "o.db", "boot", LIMIT).close()
    assert (tmp_path / "o.db.aside-1").exists()
    assert (tmp_path / "o.db.aside-2").exists()


def test_what_was_noticed_by_a_wrong_clock_is_placed_anew_in_the_same_boot(tmp_path: Path) -> None:
    with closing(opened(tmp_path / "o.db")) as outbox:
        wrong = moment(trusted=False).back_to(NIGHT)
        early = [Noticed("pendant", What.PRESSED, wrong), Noticed("hall_pir", What.MOVED, moment(7, trusted=False))]
        other = Noticed("hall_pir", What.MOVED, moment(3, trusted=False, boot="before"))
        outbox.keep([*early, other])
        right = moment(60)
        assert outbox.set_right(right.back_to(right.at)) == 2
        placed = {one.number: (one.at, one.clock_trusted) for one in outbox.between(0, 9)}
        assert placed[1] == (NIGHT, True)
        assert placed[2] == (NIGHT + timedelta(seconds=7), True)
        assert placed[3] == (NIGHT + timedelta(seconds=3), False)


def at(boot: str, elapsed: float, clock: datetime, *, trusted: bool) -> Noticed:
    return Noticed("pendant", What.PRESSED, Moment(clock, elapsed, trusted, boot))


def placed(outbox: Outbox) -> list[tuple[datetime, bool]]:
    return [(one.at, one.clock_trusted) for one in outbox.between(0, 2**62)]


def test_a_trusted_clock_that_is_put_right_puts_right_what_it_said(tmp_path: Path) -> None:
    a_year = timedelta(days=365)
    with closing(opened(tmp_path / "o.db")) as outbox:
        outbox.keep([at("boot", 10, NIGHT + a_year, trusted=True), at("boot", 20, NIGHT, trusted=True)])
        assert outbox.set_right(Moment(NIGHT + timedelta(seconds=5), 25, True, "boot")) == 1
        assert placed(outbox) == [(NIGHT - timedelta(seconds=10), True), (NIGHT, True)]


def test_a_clock_that_drifts_moves_nothing(tmp_path: Path) -> None:
    with closing(opened(tmp_path / "o.db")) as outbox:
        outbox.keep([at("boot", 10, NIGHT, trusted=True)])
        assert outbox.set_right(Moment(NIGHT + timedelta(seconds=40), 10, True, "boot")) == 0


def test_a_boot_that_never_had_the_time_ended_before_the_next_began(tmp_path: Path) -> None:
    nineteen_seventy = datetime(1970, 1, 1, tzinfo=UTC)
    with closing(opened(tmp_path / "o.db")) as outbox:
        outbox.keep([at("first", 10, nineteen_seventy, trusted=False)])
        outbox.keep([at("first", 70, nineteen_seventy, trusted=False)])
        outbox.keep([at("second", 100, NIGHT + timedelta(days=365), trusted=False)])
        outbox.keep([at("third", 60, nineteen_seventy, trusted=False)])
        assert outbox.set_right(Moment(NIGHT, 300, True, "third")) == 4
        third_began = NIGHT - timedelta(seconds=300)
        second_began = third_began - timedelta(seconds=100)
        assert placed(outbox) == [
            (second_began - timedelta(seconds=60), False),
            (second_began, False),
            (third_began, False),
            (third_began + timedelta(seconds=60), True),
        ]
        assert outbox.set_right(Moment(NIGHT, 300, True, "third")) == 0


def test_a_boot_that_had_the_time_for_a_while_places_the_rest_by_it(tmp_path: Path) -> None:
    with closing(opened(tmp_path / "o.db")) as outbox:
        outbox.keep([at("first", 10, NIGHT, trusted=True)])
        outbox.keep([at("first", 70, NIGHT + timedelta(days=365), trusted=True)])
        assert outbox.set_right(Moment(NIGHT + timedelta(hours=1), 30, True, "second")) == 1
        assert placed(outbox) == [(NIGHT, True), (NIGHT + timedelta(seconds=60), False)]


def test_it_remembers_what_each_sensor_noticed_last(tmp_path: Path) -> None:
    with closing(opened(tmp_path / "o.db")) as outbox:
        outbox.keep([noticed(What.OPENED, "door"), noticed(What.CLOSED, "door", 5), press(3)])
        outbox.forget([(1, 3)])
        assert outbox.last_of_each() == {
            "door": (What.CLOSED, NIGHT + timedelta(seconds=5)),
            "pendant": (What.PRESSED, NIGHT + timedelta(seconds=3)),
        }


def test_it_remembers_when_something_was_noticed_lately_even_when_that_is_receipted(tmp_path: Path) -> None:
    with closing(opened(tmp_path / "o.db")) as outbox:
        outbox.keep([noticed(What.MOVED, "pir", second) for second in range(LATELY + 5)])
        outbox.keep([press(3)])
        outbox.forget([(1, LATELY + 6)])
    with closing(opened(tmp_path / "o.db")) as outbox:
        lately = outbox.lately()
        assert lately["pendant"] == [(What.PRESSED, NIGHT + timedelta(seconds=3))]
        assert lately["pir"] == [(What.MOVED, NIGHT + timedelta(seconds=second)) for second in range(6, LATELY + 5)]


def test_only_one_agent_may_have_an_outbox(tmp_path: Path) -> None:
    with closing(Outboxes(tmp_path / "o.db", "boot", LIMIT)), pytest.raises(InUse, match="another home agent"):
        Outboxes(tmp_path / "o.db", "boot", LIMIT)
    Outboxes(tmp_path / "o.db", "boot", LIMIT).close()


def test_looking_at_it_from_beside(tmp_path: Path) -> None:
    with closing(opened(tmp_path / "o.db")) as outbox:
        outbox.keep([noticed(), press(5)])
        seen = look(tmp_path / "o.db")
    assert (seen.name, seen.urgent, seen.routine, seen.oldest) == (outbox.name, 1, 1, NIGHT)
    assert seen.size > 0
    with pytest.raises(sqlite3.Error):
        look(tmp_path / "none.db")


KEEPS = """
import sys
from pathlib import Path
from edge.outbox import Outbox
from tests.edge.conftest import noticed
outbox = Outbox(Path(sys.argv[1]), "boot", 100_000)
while True:
    outbox.keep([noticed(seconds=float(outbox.last + place)) for place in range(3)])
    print(outbox.last, flush=True)
"""


@pytest.mark.processes
@pytest.mark.parametrize("seed", range(3))
def test_killed_at_any_moment_it_has_kept_all_it_said_it_kept(tmp_path: Path, seed: int) -> None:
    path = tmp_path / "o.db"
    process = subprocess.Popen([sys.executable, "-c", KEEPS, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    said = [process.stdout.readline()]
    time.sleep(random.Random(seed).uniform(0.05, 0.3))
    process.kill()
    said += process.stdout.read().splitlines()
    process.stdout.close()
    process.wait()
    promised = int([line for line in said if line.strip()][-1])
    with closing(opened(path, limit=100_000)) as outbox:
        kept = every(outbox)
        assert kept == list(range(1, len(kept) + 1))
        assert promised <= len(kept) <= promised + 3


def test_a_copy_taken_in_the_middle_of_writing_opens_whole(tmp_path: Path) -> None:
    """What lies on the card at any moment, as a power cut would leave it, is a good outbox."""
    path = tmp_path / "o.db"
    with closing(opened(path, limit=100_000)) as outbox:
        for turn in range(40):
            outbox.keep([noticed(seconds=turn + place / 10) for place in range(10)])
            if turn % 8 == 7:
                cut = tmp_path / f"cut{turn}"
                cut.mkdir()
                for file in ("o.db", "o.db-wal"):
                    shutil.copy(tmp_path / file, cut / file)
                wal = cut / "o.db-wal"
                os.truncate(wal, max(wal.stat().st_size - 2000, 0))
                with closing(opened(cut / "o.db")) as after:
                    assert len(every(after)) >= 10 * turn
