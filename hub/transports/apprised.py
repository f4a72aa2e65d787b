"""Text messages and push by any service that Apprise speaks to."""

import logging
import re
import threading
from typing import TYPE_CHECKING, Self
from urllib.parse import quote, urlsplit

from hub.settings import Settings, secret
from hub.transports.call import Call, Told, Unreached
from hub.transports.plainly import OURS, THEIRS, answered
from hub.transports.post import answers

if TYPE_CHECKING:
    from apprise import NotifyBase

PUSHES = frozenset({"ntfy", "ntfys", "gotify", "gotifys", "pover", "signal", "signals", "tgram", "json", "jsons"})
"""Services that an address may name. Apprise speaks to many more, and some of those run programs on this machine."""

log = logging.getLogger(__name__)
_log = logging.getLogger("apprise")
_log.propagate = False  # its lines hold addresses
_log.setLevel(logging.WARNING)


class _Heard(logging.Handler):
    """What Apprise says of a try in this thread, since it returns no reason."""

    def __init__(self) -> None:
        super().__init__()
        self._thread, self.lines = threading.get_ident(), list[str]()

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self._thread:
            self.lines.append(record.getMessage())

    def __enter__(self) -> Self:
        _log.addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        _log.removeHandler(self)


class Sms:
    """`sms_url_file` holds the Apprise address of a gateway, with {to} where the number goes."""

    needs_address = True

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @property
    def set_up(self) -> bool:
        return self._settings.sms_url_file is not None

    def send(self, call: Call) -> Told:
        gateway = secret(self._settings.sms_url_file)
        if gateway is None:
            raise Unreached("no gateway for text messages is set up: set sms_url_file")
        return _told("the SMS gateway", call, [gateway.replace("{to}", quote(number, safe="+")) for number in call.to])

    def probe(self) -> bool:
        gateway = secret(self._settings.sms_url_file)
        return gateway is not None and _listens(gateway.replace("{to}", "0"))


class Push:
    """An address is the Apprise address of somebody's own channel: ntfys://ntfy.example/a-long-secret-topic."""

    needs_address, set_up = True, True

    def __init__(self, _settings: Settings) -> None:
        self._failed = ""

    def send(self, call: Call) -> Told:
        known = [to for to in call.to if to.partition("://")[0] in PUSHES]
        if not known:
            raise Unreached(f"the address is of no service that may be used: {', '.join(sorted(PUSHES))}")
        try:
            return _told("the push service", call, known)
        except Unreached:
            self._failed = known[0]
            raise

    def probe(self) -> bool:
        """Where it failed last. After a restart nobody knows where that was, and the next try tells."""
        return not self._failed or _listens(self._failed)


def _told(server: str, call: Call, addresses: list[str]) -> Told:
    failed = [why for why in (_failure(server, call, one) for one in addresses) if why]
    if len(failed) == len(addresses):
        raise failed[0]
    return Told(f"{len(addresses) - len(failed)} of {len(addresses)} taken by the service")


def _service(address: str) -> "NotifyBase | None":
    """Apprise is loaded when it is first wanted: a hub that restarts hears the homes again the sooner."""
    from apprise import Apprise

    return Apprise.instantiate(address)


def _listens(address: str) -> bool:
    """Whether anybody answers where the service of this Apprise address is."""
    service = _service(address)
    if service is None:
        return False
    there = urlsplit(str(getattr(service, "notify_url", "")))
    if there.hostname:
        return answers(f"{there.scheme}://{there.netloc}/")
    port = f":{service.port}" if service.port else ""
    return answers(f"{'https' if service.secure else 'http'}://{service.host}{port}/")


def _failure(server: str, call: Call, address: str) -> Unreached | None:
    service = _service(address)
    if service is None:
        return Unreached(f"the address of {server} does not read; {OURS}")
    with _Heard() as heard:
        taken = service.notify(title=call.subject, body=call.text)
    return None if taken else _why(server, "\n".join(heard.lines))


def _why(server: str, said: str) -> Unreached:
    code = next(iter(re.findall(r"error[=: ]+(\d{3})", said)), "")
    if code:
        return Unreached(answered(server, int(code)), broken=code.startswith("5") or code == "429")
    log.warning("%s was not reached: Apprise says no code", server)
    return Unreached(f"{server} does not answer; {THEIRS}", broken=True)
