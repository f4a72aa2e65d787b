"""The door of the hub's own broker, kept in step with the authority for as long as the hub serves."""

import socket
import ssl
from datetime import UTC, datetime

from hub.authority import Authority
from hub.broker import Door, mosquitto
from hub.settings import Settings
from models.settings import BadSettings


class Doorkeeper:
    """Sees to the broker's certificate at once; afterwards `turned_away` tells who has been revoked meanwhile."""

    def __init__(self, name: str, port: int, settings: Settings) -> None:
        self._authority = Authority(settings.authority)
        self._authority.prove(name, datetime.now(UTC))
        self.door = Door(port, settings.authority, settings.kits_address)
        self._known, self._read_at = self._revoked(), self._written_at()

    def turned_away(self) -> set[str]:
        """The homes of certificates that were revoked since this was last asked."""
        written_at = self._written_at()
        if written_at == self._read_at:
            return set()
        self._read_at, before, self._known = written_at, self._known, self._revoked()
        return {home for serial, home in self._known.items() if serial not in before}

    def list_is_read(self) -> bool:
        """Whether the broker turns away what its newest list revokes: not every mosquitto reads that on a SIGHUP."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.maximum_version = ssl.TLSVersion.TLSv1_2  # in which it says so before the handshake ends
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.load_cert_chain(self._authority.trial_certificate, self._authority.trial_key)
        try:
            with socket.create_connection((self.door.address or "127.0.0.1", self.door.port), 5) as path:
                context.wrap_socket(path).close()
        except ssl.SSLError:
            return True
        return False

    def _written_at(self) -> int:
        return self._authority.revoked.stat().st_mtime_ns

    def _revoked(self) -> dict[str, str]:
        return {one.serial: one.home for one in self._authority.ledger() if one.revoked_at is not None}


def doorkeeper(settings: Settings) -> Doorkeeper | None:
    """None where no door is wanted. Raises BadSettings where nobody could keep it."""
    if settings.kits_port is None or settings.kits_host is None:
        return None
    if mosquitto() is None:
        raise BadSettings("kits_port is set, and only mosquitto can ask kits for certificates: install mosquitto")
    return Doorkeeper(settings.kits_host, settings.kits_port, settings)
