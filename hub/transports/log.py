"""A line in the hub's log: reaches nobody by itself, and so suits who watches the console already."""

import json
import logging

from hub.settings import Settings
from hub.transports.call import Call, Told

log = logging.getLogger(__name__)


class Log:
    needs_address, set_up = False, True

    def __init__(self, _settings: Settings) -> None:
        pass

    def send(self, call: Call) -> Told:
        ids = {"alert": call.alert, "home": call.home, "kind": call.kind, "who": call.who}
        log.warning("%s", json.dumps({"reach": ids}))
        return Told("in the hub's log")

    def probe(self) -> bool:
        return True
