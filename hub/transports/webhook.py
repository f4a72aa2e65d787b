"""A council's own system is told of an alert by its ids, signed; it reaches nobody by itself, as far as we know."""

from hub.settings import Settings, secret
from hub.transports.call import Call, Told, Unreached
from hub.transports.post import answers, post


class Webhook:
    needs_address = False

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @property
    def set_up(self) -> bool:
        return self._settings.webhook_url is not None

    def send(self, call: Call) -> Told:
        if self._settings.webhook_url is None:
            raise Unreached("no webhook is set up: set webhook_url")
        ids = {"alert": call.alert, "home": call.home, "kind": call.kind, "who": call.who, "subject": call.subject}
        post("the webhook's server", self._settings.webhook_url, ids, secret(self._settings.webhook_secret_file) or "")
        return Told("taken by the webhook")

    def probe(self) -> bool:
        return self._settings.webhook_url is not None and answers(self._settings.webhook_url)
