"""What somebody is told by telephone: fetched by the exchange that rings them, by a link that is good for an hour."""

from hub.keyring import Keyring
from hub.links import Expired, Links, Matter, Unsigned
from hub.settings import Settings
from hub.store.relatives import Relatives
from hub.web.access.door import Door, Hidden, Viewer
from hub.web.access.family import FamilyDesk
from hub.web.shown import News
from models.people import Account, Role


class AloudDesk:
    def __init__(self, door: Door, settings: Settings, family: FamilyDesk) -> None:
        self._door, self._family = door, family
        self._links, self._relatives = Links(Keyring(settings.secrets)), Relatives(door.records.engine)

    def told(self, token: str) -> News:
        """How things are, as the one who is rung may know it: the look is theirs. Raises Hidden."""
        notice = self._relatives.notice(self._read(token))
        contact = self._door.records.contact(notice.person) if notice else None
        resident = self._door.records.resident(contact.resident) if contact else None
        if contact is None or resident is None or resident.ended:
            raise Hidden("link")
        login = self._door.records.login_of(contact.id) or contact.id
        account = Account(login, contact.name, Role.CONTACT, contact.id)
        return self._family.news(Viewer(account, "", telling=self._relatives.telling(contact)))

    def picked_up(self, token: str) -> None:
        """An exchange fetches what it plays when the telephone was picked up. Raises Hidden."""
        self._relatives.picked_up(self._read(token), self._door.clock.now())

    def _read(self, token: str) -> int:
        try:
            return self._links.read(Matter.NOTICE, token, self._door.clock.now())
        except (Unsigned, Expired) as bad:
            raise Hidden("link") from bad
