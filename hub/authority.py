"""The hub's own small certificate authority: who may speak for which home, and who no longer may.

Its keys and its ledger stand in a folder of their own, outside the databases, readable by the hub's user alone.
Two clocks are never trusted here. A Pi without a battery believes in 1970 until the network tells it better, and a
press must not wait for that: so what kits check is valid from 1970. And a broker whose list of revoked certificates has
run out would turn every home away: so that list never does, and its date counts up instead of telling the time.
"""

import fcntl
import ipaddress
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

HUB = "@hub"
"""What the hub calls itself to a broker: no home's id can hold an @."""
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
FOR_EVER = datetime(2100, 1, 1, tzinfo=UTC)
LASTS = timedelta(days=15 * 365)
"""A kit is left alone for years, and nobody wants to travel to it for a date."""
RENEWED_BEFORE = timedelta(days=5 * 365)
_KIT, _BROKER = ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH


@dataclass(frozen=True, slots=True)
class Issued:
    """A line of the ledger: which certificate speaks for `home`, who asked for it, and since when it no longer does."""

    serial: str
    home: str
    at: datetime
    until: datetime
    by: str
    revoked_at: datetime | None = None
    revoked_by: str = ""


@dataclass(frozen=True, slots=True)
class Pair:
    """A private key and its certificate, as PEM."""

    key: bytes
    certificate: bytes
    issued: Issued


class Authority:
    """Made with its folder at the first use. `certificate` and `revoked` are the files that brokers read.

    `trial_certificate` is nobody's: it is revoked by the newest list, so that a broker that takes it has not read that.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.certificate, self.revoked = folder / "ca.pem", folder / "crl.pem"
        self.broker_certificate, self.broker_key = folder / "broker.pem", folder / "broker.key"
        self.trial_certificate, self.trial_key = folder / "trial.pem", folder / "trial.key"
        self._key_file, self._ledger_file = folder / "ca.key", folder / "issued.json"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._alone():
            if not self.certificate.exists():
                self._begin()
            elif not self._lists_all():
                self._list_revoked(self.ledger())

    def issue(self, home: str, by: str, now: datetime) -> Pair:
        """A new certificate for a kit; those issued before stay good until they are revoked."""
        with self._alone():
            key, certificate = self._signed(home, _KIT, now - timedelta(days=1), now + LASTS)
            serial = f"{certificate.serial_number:x}"
            issued = Issued(serial, home, now, certificate.not_valid_after_utc, by)
            self._write_ledger([*self.ledger(), issued])
        return Pair(_pem_key(key), certificate.public_bytes(Encoding.PEM), issued)

    def ledger(self) -> list[Issued]:
        """Every certificate that a kit was ever given, oldest first."""
        if not self._ledger_file.exists():
            return []
        return msgspec.json.decode(self._ledger_file.read_bytes(), type=list[Issued])

    def revoke(self, home: str, by: str, now: datetime, serial: str = "") -> list[Issued]:
        """Those that spoke for `home` until now, or of them the one whose serial begins so."""
        with self._alone():
            before = self.ledger()
            ended = [one for one in before if _good(one) and one.home == home and one.serial.startswith(serial)]
            after = [replace(one, revoked_at=now, revoked_by=by) if one in ended else one for one in before]
            self._write_ledger(after)
            self._list_revoked(after)
        return ended

    def prove(self, name: str, now: datetime) -> None:
        """See to it that the broker's own certificate carries `name`, by which kits reach it, and lasts."""
        with self._alone():
            if self._is_whole() and _serves(self._read(self.broker_certificate), name, now):
                return
            key, certificate = self._signed("Nightlight broker", _BROKER, BEGINNING, now + 2 * LASTS, [name])
            _write(self.broker_key, _pem_key(key), private=True)
            _write(self.broker_certificate, certificate.public_bytes(Encoding.PEM))

    def _is_whole(self) -> bool:
        """Whether the broker's certificate and its key are there and of each other: a crash may have come between."""
        if not (self.broker_certificate.exists() and self.broker_key.exists()):
            return False
        key = load_pem_private_key(self.broker_key.read_bytes(), None)
        return key.public_key() == self._read(self.broker_certificate).public_key()

    def _lists_all(self) -> bool:
        """The same of the list of the revoked, the ledger and the trial's certificate: without the list no broker
        begins, and whoever is missing from it is let in.
        """
        if not (self.revoked.exists() and self.trial_certificate.exists()):
            return False
        listed = x509.load_pem_x509_crl(self.revoked.read_bytes())
        ended = [int(one.serial, 16) for one in self.ledger() if not _good(one)]
        serials = [*ended, self._read(self.trial_certificate).serial_number]
        return all(listed.get_revoked_certificate_by_serial_number(one) is not None for one in serials)

    def broker_until(self) -> datetime:
        return self._read(self.broker_certificate).not_valid_after_utc

    def _begin(self) -> None:
        key = generate_private_key(SECP256R1())
        name = x509.Name(
            [x509.NameAttribute(NameOID.COMMON_NAME, f"Nightlight hub {x509.random_serial_number():x}"[:40])]
        )
        usage = _usage(signs_others=True)
        built = _builder(name, name, key, BEGINNING, FOR_EVER).add_extension(usage, critical=True)
        built = built.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        _write(self._key_file, _pem_key(key), private=True)
        _write(self.certificate, built.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM))
        self._list_revoked([])

    def _signed(
        self, name: str, purpose: x509.ObjectIdentifier, start: datetime, end: datetime, reached_by: Sequence[str] = ()
    ) -> tuple[EllipticCurvePrivateKey, x509.Certificate]:
        ca, key = self._read(self.certificate), generate_private_key(SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        built = _builder(ca.subject, subject, key, start, end)
        built = built.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        built = built.add_extension(_usage(signs_others=False), critical=True)
        built = built.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        if reached_by:
            names = x509.SubjectAlternativeName([_reached(one) for one in reached_by])
            built = built.add_extension(names, critical=False)
        own = self._key
        return key, built.add_extension(_signed_with(own), critical=False).sign(own, hashes.SHA256())

    def _list_revoked(self, ledger: Iterable[Issued]) -> None:
        """Its date is its number, in seconds after 1970: always newer than the last one, never in the future."""
        number, trial = self._number() + 1, self._new_trial()
        built = x509.CertificateRevocationListBuilder().issuer_name(self._read(self.certificate).subject)
        built = built.last_update(BEGINNING + timedelta(seconds=number)).next_update(FOR_EVER)
        built = built.add_extension(x509.CRLNumber(number), critical=False)
        own = self._key
        built = built.add_extension(_signed_with(own), critical=False)
        ended = [(int(one.serial, 16), one.revoked_at) for one in ledger if one.revoked_at is not None]
        for serial, at in [*ended, (trial, BEGINNING)]:
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(at)
            built = built.add_revoked_certificate(entry.build())
        _write(self.revoked, built.sign(own, hashes.SHA256()).public_bytes(Encoding.PEM))

    def _new_trial(self) -> int:
        key, certificate = self._signed("@trial", _KIT, BEGINNING, FOR_EVER)
        _write(self.trial_key, _pem_key(key), private=True)
        _write(self.trial_certificate, certificate.public_bytes(Encoding.PEM))
        return certificate.serial_number

    def _number(self) -> int:
        if not self.revoked.exists():
            return 0
        last = x509.load_pem_x509_crl(self.revoked.read_bytes())
        return last.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number

    @property
    def _key(self) -> EllipticCurvePrivateKey:
        key = load_pem_private_key(self._key_file.read_bytes(), None)
        assert isinstance(key, EllipticCurvePrivateKey)
        return key

    @staticmethod
    def _read(file: Path) -> x509.Certificate:
        return x509.load_pem_x509_certificate(file.read_bytes())

    def _write_ledger(self, ledger: list[Issued]) -> None:
        _write(self._ledger_file, msgspec.json.format(msgspec.json.encode(ledger), indent=1), private=True)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with (self.folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _builder(
    issuer: x509.Name, subject: x509.Name, key: EllipticCurvePrivateKey, start: datetime, end: datetime
) -> x509.CertificateBuilder:
    built = x509.CertificateBuilder().issuer_name(issuer).subject_name(subject).public_key(key.public_key())
    built = built.serial_number(x509.random_serial_number()).not_valid_before(start).not_valid_after(end)
    return built.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)


def _signed_with(key: EllipticCurvePrivateKey) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())


def _usage(*, signs_others: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_others,
        key_cert_sign=signs_others,
        crl_sign=signs_others,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _reached(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _serves(certificate: x509.Certificate, name: str, now: datetime) -> bool:
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return list(names) == [_reached(name)] and certificate.not_valid_after_utc - now > RENEWED_BEFORE


def _good(issued: Issued) -> bool:
    return issued.revoked_at is None


def _pem_key(key: EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _write(path: Path, content: bytes, *, private: bool = False) -> None:
    """On the disk as a whole or not at all; a key is never readable by others, not even while it is written."""
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if private else 0o644), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
