"""What a borough's homes take of memory stays as long as the process: nobody has to look through it for garbage."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def nothing_is_garbage() -> Iterator[None]:
    """What is built here stays. Looking for garbage among it costs a sixth of a restart, and afterwards it would hold a
    press up for as long as that takes, each time. What is garbage by now goes first, since it would stay as well.
    """
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
