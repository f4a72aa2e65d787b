"""Who may speak for which home."""

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import NameOID

from hub.authority import Authority

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "ca")


def read(content: bytes) -> x509.Certificate:
    return x509.load_pem_x509_certificate(content)


def test_a_certificate_names_its_home_and_nothing_else_of_it(authority: Authority) -> None:
    pair = authority.issue("h_larch3", "ivan", NOW)
    certificate, ca = read(pair.certificate), read(authority.certificate.read_bytes())
    certificate.verify_directly_issued_by(ca)
    assert [one.value for one in certificate.subject] == ["h_larch3"]
    assert certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    assert not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert certificate.not_valid_after_utc - NOW > timedelta(days=14 * 365), "a kit is left alone for years"


def test_keys_are_for_their_owner_alone(authority: Authority, tmp_path: Path) -> None:
    authority.prove("hub.example.org", NOW)
    private = {path.name for path in (tmp_path / "ca").iterdir() if b"PRIVATE" in path.read_bytes()}
    assert private == {"ca.key", "broker.key", "trial.key"}
    for path in (tmp_path / "ca").iterdir():
        if path.name in private | {"issued.json"}:
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    assert stat.S_IMODE((tmp_path / "ca").stat().st_mode) == 0o700


def test_the_ledger_outlives_the_program_and_says_who_and_when(authority: Authority, tmp_path: Path) -> None:
    first, second = authority.issue("h_a", "ivan", NOW), authority.issue("h_a", "ivan", NOW)
    authority.issue("h_b", "ivan", NOW)
    later = NOW + timedelta(days=3)
    assert [one.serial for one in authority.revoke("h_a", "sunita", later, first.issued.serial[:8])] == [
        first.issued.serial
    ]
    ledger = Authority(tmp_path / "ca").ledger()
    assert [(one.home, one.by, one.revoked_by, one.revoked_at) for one in ledger] == [
        ("h_a", "ivan", "sunita", later),
        ("h_a", "ivan", "", None),
        ("h_b", "ivan", "", None),
    ]
    assert [one.serial for one in authority.revoke("h_a", "sunita", later)] == [second.issued.serial]
    assert authority.revoke("h_a", "sunita", later) == []


def test_the_list_of_the_revoked_is_ever_newer_and_never_runs_out(authority: Authority) -> None:
    """A broker turns every home away whose list has run out, or seems to be of tomorrow."""
    dates = []
    for home in ("h_a", "h_b"):
        serial = int(authority.issue(home, "ivan", NOW).issued.serial, 16)
        authority.revoke(home, "ivan", NOW)
        crl = x509.load_pem_x509_crl(authority.revoked.read_bytes())
        assert crl.get_revoked_certificate_by_serial_number(serial) is not None
        assert crl.next_update_utc is not None
        assert crl.next_update_utc.year >= 2100
        dates.append(crl.last_update_utc)
    assert dates[0] < dates[1] < datetime(1971, 1, 1, tzinfo=UTC)


def listed(authority: Authority) -> set[int]:
    return {one.serial_number for one in x509.load_pem_x509_crl(authority.revoked.read_bytes())}


def test_what_a_crash_left_half_written_is_made_whole_at_the_next_start(authority: Authority, tmp_path: Path) -> None:
    """Without a list, or with a key of another certificate, the broker would not let in a single kit."""
    before = authority.revoked.read_bytes()
    serial = int(authority.issue("h_larch3", "ivan", NOW).issued.serial, 16)
    authority.revoke("h_larch3", "ivan", NOW)
    for left in (before, None):
        if left is None:
            authority.revoked.unlink()
        else:
            authority.revoked.write_bytes(left)
        again = Authority(tmp_path / "ca")
        assert {serial, read(again.trial_certificate.read_bytes()).serial_number} <= listed(again)
    again.prove("hub.example.org", NOW)
    again.broker_key.write_bytes(again.trial_key.read_bytes())
    again.prove("hub.example.org", NOW)
    key = load_pem_private_key(again.broker_key.read_bytes(), None)
    assert key.public_key() == read(again.broker_certificate.read_bytes()).public_key()
    kept = again.broker_key.read_bytes(), again.revoked.read_bytes()
    Authority(tmp_path / "ca").prove("hub.example.org", NOW)
    assert (again.broker_key.read_bytes(), again.revoked.read_bytes()) == kept, "what is whole is left alone"


def test_a_kit_that_believes_in_1970_or_a_year_ahead_still_believes_the_hub(authority: Authority) -> None:
    authority.prove("hub.example.org", NOW)
    for file in (authority.certificate, authority.broker_certificate):
        certificate = read(file.read_bytes())
        assert certificate.not_valid_before_utc == datetime(1970, 1, 1, tzinfo=UTC)
        assert certificate.not_valid_after_utc > NOW + timedelta(days=365 * 6)


def test_the_broker_proves_the_name_that_it_has_now(authority: Authority) -> None:
    authority.prove("hub.example.org", NOW)
    before = authority.broker_certificate.read_bytes()
    authority.prove("hub.example.org", NOW + timedelta(days=300))
    assert authority.broker_certificate.read_bytes() == before
    authority.prove("192.0.2.7", NOW)
    names = read(authority.broker_certificate.read_bytes()).extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    )
    assert [str(one.value) for one in names.value] == ["192.0.2.7"]
    at_last = authority.broker_until() - timedelta(days=365)
    authority.prove("192.0.2.7", at_last)
    assert authority.broker_until() > at_last + timedelta(days=365 * 6)
