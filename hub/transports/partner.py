"""Another contact centre takes over where nobody answers. It has taken over only when it says so."""

import msgspec

from hub.settings import Settings, secret
from hub.transports.call import Call, Told, Unreached
from hub.transports.post import answers, post
from models.response import Answer


class Taken(msgspec.Struct):
    """What the partner answers; `reference` is its own number for the alert."""

    taken: bool
    reference: str = ""


class Partner:
    """Later words of the partner (somebody is on the way, all is fine) come by the link in what is posted."""

    needs_address = False

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @property
    def set_up(self) -> bool:
        return self._settings.partner_url is not None

    def send(self, call: Call) -> Told:
        if self._settings.partner_url is None:
            raise Unreached("no partner centre is set up: set partner_url")
        content = {"alert": call.alert, "kind": call.kind, "text": call.text, "reply": call.link}
        body = post(
            "the partner centre's system",
            self._settings.partner_url,
            content,
            secret(self._settings.partner_secret_file) or "",
        )
        try:
            said = msgspec.json.decode(body, type=Taken)
        except msgspec.DecodeError:
            raise Unreached("the partner centre did not say that it took over") from None
        if not said.taken:
            raise Unreached("the partner centre did not take over")
        return Told(f"the partner centre took over{_as(said.reference)}", Answer.TAKEN_OVER)

    def probe(self) -> bool:
        return self._settings.partner_url is not None and answers(self._settings.partner_url)


def _as(reference: str) -> str:
    return f" as {reference[:60]}" if reference else ""
