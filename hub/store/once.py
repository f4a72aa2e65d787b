"""A page asks the same thing in many places, and much of the store. Within `asking_once` the store is asked each thing
once, over one connection to each database, which shows all as it was at one moment: the page is quicker, and says the
same everywhere.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import wraps
from typing import Any, TypeVar, cast

from sqlalchemy import Column, Connection, Engine, Select, bindparam, select

F = TypeVar("F", bound=Callable[..., Any])


class _Answers(threading.local):
    """Of this thread's page, by question; None where nothing is remembered."""

    known: dict[tuple[object, ...], Any] | None = None
    open: dict[Engine, Connection]


_answers = _Answers()


@contextmanager
def asking_once() -> Iterator[None]:
    """For what only reads: of a change that is made within, nothing would be seen."""
    if _answers.known is not None:
        yield
        return
    _answers.known, _answers.open = {}, {}
    try:
        yield
    finally:
        _answers.known = None
        for connection in _answers.open.values():
            connection.close()


def reading(engine: Engine) -> AbstractContextManager[Connection]:
    """To ask the store something."""
    if _answers.known is None:
        return engine.connect()
    if engine not in _answers.open:
        _answers.open[engine] = _at_one_moment(engine)
    return nullcontext(_answers.open[engine])


def asked_by(*columns: Any, **same: Column[Any]) -> Select[Any]:
    """A question to be made once and asked often, with a value for each name in `same`: to make one takes three times
    as long as to ask it.
    """
    return select(*columns).where(*(column == bindparam(name) for name, column in same.items()))


def _at_one_moment(engine: Engine) -> Connection:
    """SQLite shows one moment in any transaction."""
    connection = engine.connect()
    if engine.name == "postgresql":
        connection.execution_options(isolation_level="REPEATABLE READ")
    return connection


def once(question: F) -> F:
    """A method whose answer is left as it was given: nobody adds to a list that others are handed as well."""

    @wraps(question)
    def asked(self: object, *given: Any, **named: Any) -> Any:
        known = _answers.known
        if known is None:
            return question(self, *given, **named)
        key = (self, question, *given, *named.items())
        if key not in known:
            known[key] = question(self, *given, **named)
        return known[key]

    return cast("F", asked)
