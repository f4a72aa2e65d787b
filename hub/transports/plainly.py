"""Why a server did not take what we had for it, in words for whoever stands before a console: what is the matter, and
who can mend it. The technical word goes to the hub's log.
"""

import logging
import smtplib
import socket
import ssl
from collections.abc import Iterator

import requests

log = logging.getLogger(__name__)

Kinds = tuple[type[BaseException], ...]

THEIRS = "whoever runs it has to mend that"
OURS = "whoever runs the hub has to mend its settings"

_SAID: tuple[tuple[Kinds, str], ...] = (
    ((ssl.SSLError, requests.exceptions.SSLError), f"cannot prove by its certificate who it is; {THEIRS}"),
    ((smtplib.SMTPAuthenticationError,), f"does not take the hub's name and password; {OURS}"),
    ((smtplib.SMTPNotSupportedError,), f"does not speak as safely as the hub wants; {OURS}"),
    ((requests.exceptions.InvalidURL, requests.exceptions.MissingSchema, requests.exceptions.InvalidSchema),
     f"has an address that cannot be one; {OURS}"),
    ((socket.gaierror,), "is not found by its name: the hub's settings have it wrong, or its network is down"),
    ((TimeoutError, requests.Timeout), f"takes too long to answer; {THEIRS}"),
    ((ConnectionRefusedError,), f"does not answer: nothing runs there now; {THEIRS}"),
    ((smtplib.SMTPResponseException,), f"is in trouble and says so; {THEIRS}"),
    ((smtplib.SMTPServerDisconnected, ConnectionError, requests.exceptions.ChunkedEncodingError),
     f"hung up before it had answered; {THEIRS}"),
    ((OSError,), "cannot be reached: look whether the hub's own network is up"),
)  # fmt: skip


def unreached(server: str, bad: BaseException) -> str:
    """Such as: the mail server does not answer ... The first of the table that fits anything `bad` came from."""
    causes = [*_causes(bad)]
    log.warning("%s was not reached: %s", server, " from ".join(type(one).__name__ for one in causes))
    for kinds, said in _SAID:
        if any(isinstance(one, kinds) for one in causes):
            return f"{server} {said}"
    return f"{server} was not reached, and the hub's log says more; whoever runs the hub has to look"


def answered(server: str, code: int) -> str:
    """What an answer of HTTP that is no good one means."""
    log.warning("%s answered %d", server, code)
    if code in (401, 403):
        return f"{server} does not let the hub in ({code}); {OURS}"
    if code == 429:
        return f"{server} was asked too often for now ({code})"
    if code >= 500:
        return f"{server} is in trouble and says so ({code}); {THEIRS}"
    return f"{server} does not take it ({code}); {OURS}"


def _causes(bad: BaseException | None) -> Iterator[BaseException]:
    while bad is not None:
        yield bad
        bad = bad.__cause__ or bad.__context__
