"""A telephone call by the operator's own Asterisk, over its REST interface (ARI).

Asterisk rings the number and, when it is taken, goes to the extension `nightlight` of its dialplan, which speaks and
waits for a key; docs/RUNNING.md has one. The key comes back by the link that the call carries. So a call that rings, or
that a machine takes, is no answer. A call that only tells something goes to its extension `aloud`, which plays the
sound at the address that it is given.
"""

from urllib.parse import quote

import requests

from hub.settings import Settings, secret
from hub.transports.call import Call, Told, Unreached
from hub.transports.plainly import unreached
from hub.transports.post import TIMEOUT, answers, checked

EXCHANGE = "the telephone exchange"
RINGS = 45
"""Seconds."""


class Sip:
    needs_address = True

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @property
    def set_up(self) -> bool:
        return self._settings.sip_url is not None

    def send(self, call: Call) -> Told:
        if self._settings.sip_url is None:
            raise Unreached("no telephone exchange is set up: set sip_url")
        failed = [why for why in (self._failure(call, number) for number in call.to) if why]
        if len(failed) == len(call.to):
            raise failed[0]
        return Told("ringing" if call.aloud else "ringing; a key pressed will be the answer")

    def probe(self) -> bool:
        return self._settings.sip_url is not None and answers(self._settings.sip_url)

    def _failure(self, call: Call, number: str) -> Unreached | None:
        asked = {
            "endpoint": self._settings.sip_endpoint.replace("{to}", quote(number.replace(" ", ""), safe="+")),
            "context": "nightlight",
            "extension": "aloud" if call.aloud else "s",
            "priority": "1",
            "timeout": str(RINGS),
        }
        asks = {"NIGHTLIGHT_REPLY": call.link, "NIGHTLIGHT_ALERT": str(call.alert)}
        told = {"variables": {"NIGHTLIGHT_ALOUD": call.aloud} if call.aloud else asks}
        login = (self._settings.sip_login, secret(self._settings.sip_password_file) or "")
        url = f"{(self._settings.sip_url or '').rstrip('/')}/channels"
        try:
            answer = requests.post(url, params=asked, json=told, auth=login, timeout=TIMEOUT, allow_redirects=False)
            checked(EXCHANGE, answer)
        except requests.RequestException as bad:
            return Unreached(unreached(EXCHANGE, bad), broken=True)
        except Unreached as why:
            return why
        return None
