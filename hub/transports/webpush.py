"""Push to browsers: encrypted for each of them, by the push service that the browser itself named."""

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec
import requests
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from hub.keyring import Keyring
from hub.settings import Settings
from hub.transports.call import Call, Told, Unreached
from hub.transports.plainly import answered, unreached
from hub.transports.post import PASSING, TIMEOUT, answers

if TYPE_CHECKING:
    from py_vapid import Vapid02

GONE = frozenset({404, 410})
SERVICE = "the push service of their browser"
LASTS = 3600
"""Seconds for which a push service keeps what it can't hand over at once."""


class Keys(msgspec.Struct):
    p256dh: str
    auth: str


class Subscription(msgspec.Struct):
    """What a browser says of itself when it is asked to be told things."""

    endpoint: str
    keys: Keys


def readable(settings: Settings, content: bytes) -> bool:
    """Whether it is a subscription that we may push to: the hub must not be sent to any other server by a form."""
    try:
        there = urlsplit(msgspec.json.decode(content, type=Subscription).endpoint)
    except (msgspec.DecodeError, ValueError):
        return False
    host = there.hostname or ""
    named = any(host == one or host.endswith(f".{one}") for one in settings.push_services)
    return named and (there.scheme == "https" or host == "127.0.0.1")


def vapid(settings: Settings) -> "Vapid02":
    """The hub's own key, made once; browsers that subscribed know the hub by it."""
    from py_vapid import Vapid02

    pem = Keyring(settings.secrets).kept("vapid.pem", _made)
    return Vapid02.from_pem(pem)


def public_key(settings: Settings) -> bytes:
    """As browsers want it: an uncompressed point."""
    point: bytes = vapid(settings).public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return point


def _made() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


class WebPush:
    """An address is a subscription, as JSON."""

    needs_address, set_up = True, True

    def __init__(self, settings: Settings) -> None:
        self._settings, self._failed = settings, ""

    def send(self, call: Call) -> Told:
        known = [to for to in call.to if readable(self._settings, to.encode())]
        failed = [why for why in (self._failure(call, one) for one in known) if why]
        gone = tuple(one for why in failed for one in why.gone)
        if not known:
            raise Unreached("no browser of theirs asked to be told")
        if len(failed) == len(known):
            still = next((why for why in failed if not why.gone), failed[0])
            self._failed = msgspec.json.decode(known[0], type=Subscription).endpoint
            raise Unreached(str(still), broken=still.broken, gone=gone)
        return Told(f"{len(known) - len(failed)} of {len(known)} browsers", gone=gone)

    def probe(self) -> bool:
        """Where it failed last. After a restart nobody knows where that was, and the next try tells."""
        there = urlsplit(self._failed)
        return not self._failed or answers(f"{there.scheme}://{there.netloc}/")

    def _failure(self, call: Call, subscription: str) -> Unreached | None:
        from pywebpush import WebPushException, webpush  # takes long to load, and a hub that restarts is in a hurry

        shown = {"title": call.subject, "text": call.text, "link": call.link, "tag": call.key, "silent": call.silent}
        try:
            webpush(
                msgspec.json.decode(subscription),
                msgspec.json.encode(shown).decode(),
                vapid_private_key=vapid(self._settings),
                vapid_claims={"sub": f"mailto:{self._settings.smtp_from}"},
                ttl=LASTS,
                timeout=TIMEOUT,
                headers={"urgency": "low" if call.silent else "high"},
            )
        except WebPushException as bad:
            return _why(bad.response, msgspec.json.decode(subscription, type=Subscription).endpoint)
        except (requests.RequestException, ValueError) as bad:
            broken = not isinstance(bad, ValueError)
            return Unreached(
                unreached(SERVICE, bad)
                if broken
                else "what the browser said of itself does not read: its push has to be turned on again there",
                broken=broken,
            )
        return None


def _why(answer: requests.Response | None, endpoint: str) -> Unreached:
    code = 0 if answer is None else answer.status_code
    if code in GONE:
        return Unreached("the browser is subscribed no longer", gone=(endpoint,))
    return Unreached(answered(SERVICE, code), broken=code in PASSING or code >= 500)
