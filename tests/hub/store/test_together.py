import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.exc import OperationalError

from hub.store import together
from hub.store.database import opened, writing
from hub.store.pen import pen
from hub.store.together import written
from tests.conftest import eventually

Work = Callable[[Connection], int]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = opened(f"sqlite:///{tmp_path / 'hub.db'}")
    with writing(made) as connection:
        connection.execute(text("CREATE TABLE said (number INTEGER PRIMARY KEY)"))
    yield made
    made.dispose()


def says(number: int) -> Work:
    def work(connection: Connection) -> int:
        connection.execute(text("INSERT INTO said VALUES (:number)"), {"number": number})
        if number == 3:
            raise LookupError("three is not to be said")
        return number * 10

    return work


def breaks(connection: Connection) -> int:
    return connection.execute(text("SELECT * FROM nothing_like_it")).rowcount


def said(engine: Engine) -> list[int]:
    with engine.connect() as connection:
        return list(connection.execute(text("SELECT number FROM said ORDER BY number")).scalars())


def at_once(engine: Engine, works: list[Work]) -> list[object]:
    """What came of each, where all of them waited for the pen at the same time."""
    came: list[object] = [None] * len(works)

    def write(place: int) -> None:
        try:
            came[place] = written(engine, works[place])
        except (LookupError, OperationalError) as error:
            came[place] = type(error)

    written(engine, lambda _: 0)
    desk, path = together._desks[engine]["acts"], engine.url.database
    assert path is not None
    with pen(path):
        threads = [threading.Thread(target=write, args=(place,), daemon=True) for place in range(len(works))]
        for one in threads:
            one.start()
        eventually(lambda: len(desk.waiting) == len(works))
    for one in threads:
        one.join(30)
    return came


def test_those_who_wait_write_in_one_commit_and_one_that_fails_fails_alone(engine: Engine) -> None:
    commits = list[int]()
    event.listen(engine, "commit", lambda _: commits.append(1))
    came = at_once(engine, [says(number) for number in range(6)])
    assert came == [0, 10, 20, LookupError, 40, 50]
    assert said(engine) == [0, 1, 2, 4, 5], "nothing is left of what failed"
    assert len(commits) == 2, "one more for the first, who was alone"
    assert written(engine, says(7)) == 70, "the desk is free again"


def test_where_the_database_fails_nothing_is_written_and_all_are_told(engine: Engine) -> None:
    assert at_once(engine, [says(1), breaks, says(2)]) == [OperationalError] * 3
    assert said(engine) == []
    assert written(engine, says(7)) == 70


def test_more_than_fit_follow_in_the_next_turn(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(together, "AT_ONCE", 2)
    assert sorted(map(str, at_once(engine, [says(number) for number in (10, 11, 12, 13, 14)]))) == [
        "100", "110", "120", "130", "140",
    ]  # fmt: skip
    assert said(engine) == [10, 11, 12, 13, 14]


def test_one_that_fails_alone_leaves_nothing(engine: Engine) -> None:
    with pytest.raises(LookupError):
        written(engine, says(3))
    assert said(engine) == []
