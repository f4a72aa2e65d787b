"""A pause ends by itself: the kind of sensor that was paused is in use again, and its kit is told so."""

import logging
from datetime import datetime

from hub.store import Store
from hub.store.register import Overtaken
from hub.store.wishes import Wishes
from models.privacy import Consent
from models.share import WHOLE, Share

log = logging.getLogger(__name__)


class Pauses:
    """Read again only when the records changed. What should have ended while the hub was down ends at once."""

    def __init__(self, store: Store, share: Share = WHOLE) -> None:
        self._share = share
        self._records, self._wishes = store.records, Wishes(store.records.engine)
        self._version = -1
        self._paused: list[Consent] = []

    def end(self, now: datetime) -> None:
        version = self._records.version()
        if version != self._version:
            self._paused = [one for one in self._wishes.paused() if self._share.owns(one.home)]
            self._version = version
        for consent in [one for one in self._paused if one.paused_until and one.paused_until <= now]:
            self._resume(consent, now)

    def _resume(self, consent: Consent, now: datetime) -> None:
        """Where the resident decided otherwise at the same moment, that holds."""
        self._paused.remove(consent)
        living = self._records.residents_of(consent.home)
        try:
            self._wishes.resume(consent, living[0].id if living else "", now)
        except Overtaken:
            log.info("home %s: a pause was ended or stopped meanwhile", consent.home)
        else:
            log.info("home %s: the pause of %s is over", consent.home, consent.about)
