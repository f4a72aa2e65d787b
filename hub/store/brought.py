"""Homes to whose past something was added that no watch saw as it came: what is usual there is to be learned anew."""

from collections.abc import Mapping

from sqlalchemy import Connection, Engine, delete, select

from hub.store.database import insert_of, writing
from hub.store.once import reading
from hub.store.schema import marks

_CALLED = "brought "


def note(connection: Connection, home: str) -> None:
    """Once more, where it was noted before."""
    once = insert_of(connection)(marks).values(name=_CALLED + home, value=1)
    more = {"value": marks.c.value + 1}
    connection.execute(once.on_conflict_do_update(index_elements=["name"], set_=more))


def noted(engine: Engine) -> dict[str, int]:
    """Each home, with how often."""
    theirs = select(marks.c.name, marks.c.value).where(marks.c.name.startswith(_CALLED))
    with reading(engine) as connection:
        return {name.removeprefix(_CALLED): value for name, value in connection.execute(theirs)}


def learned(engine: Engine, homes: Mapping[str, int]) -> None:
    """All that was noted so often; what was added since is not."""
    if not homes:
        return
    with writing(engine) as connection:
        for home, value in homes.items():
            connection.execute(delete(marks).where(marks.c.name == _CALLED + home, marks.c.value == value))


def forget(connection: Connection, home: str) -> None:
    connection.execute(delete(marks).where(marks.c.name == _CALLED + home))
