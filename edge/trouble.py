"""What stands between a kit and a broker, before a word of MQTT is spoken: whose fault it is, and what to do."""

import errno
import socket
import ssl

from edge.connection import Broker

WITHIN = 5.0
OF_TIME = {9, 10, 11, 12}
OF_NAME = {62, 64}
"""OpenSSL's numbers for what is wrong with a certificate; all others are about who issued it."""
TURNED_AWAY = {
    "SSLV3_ALERT_CERTIFICATE_REVOKED": "hub_cert was revoked by the hub: have a new kit made for this home",
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": "hub_cert has run out, by the hub's clock: have a new kit made for this home",
    "TLSV1_ALERT_UNKNOWN_CA": "that hub did not issue hub_cert: this kit was made for another hub",
    "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE": "hub_cert is not one of a kit: use the kit.pem that the hub made",
    "SSLV3_ALERT_BAD_CERTIFICATE": "hub_cert can't be used there: use the kit.pem that the hub made",
    "TLSV1_ALERT_DECRYPT_ERROR": "hub_key does not prove hub_cert: use both as the hub made them",
}
NOT_TLS = "does not speak TLS there: hub_port is perhaps that of a plain listener; 8883 is usual"
SPEAKS_TLS = "takes no plain text, and hub_ca is not set: use the settings that the hub made for this kit"
NO_CERTIFICATE = "asks for a certificate, and hub_cert and hub_key are not set: use the settings that the hub made"


def hindrance(broker: Broker, *, clock_trusted: bool) -> str | None:
    """Why the broker can't be spoken with, as the end of a sentence that begins with its name; None if it can."""
    try:
        context = None if broker.ca is None else _context(broker)
        with socket.create_connection((broker.host, broker.port), WITHIN) as path:
            return _plain_trouble(path) if context is None else _greeted(context, path, broker, clock_trusted)
    except _Unusable as unusable:
        return str(unusable)
    except OSError as error:
        return _unreached(error)


class _Unusable(Exception):
    """A file of ours."""


def _context(broker: Broker) -> ssl.SSLContext:
    """TLS 1.2, in which the other side says before the handshake ends what it thinks of our certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_verify_locations(broker.ca)
    except OSError as error:
        raise _Unusable(f"can't be told from another: hub_ca, {broker.ca}: {_of_file(error)}") from error
    if broker.cert is not None:
        try:
            context.load_cert_chain(broker.cert, broker.key)
        except OSError as error:
            said = f"hub_cert, {broker.cert}, or hub_key, {broker.key}: {_of_file(error)}"
            raise _Unusable(f"can't be shown who we are: {said}") from error
    return context


def _of_file(error: OSError) -> str:
    if not isinstance(error, ssl.SSLError):
        return error.strerror or str(error)
    if error.reason == "KEY_VALUES_MISMATCH":
        return "the key belongs to another certificate"
    return "not a PEM file, or damaged"


def _greeted(context: ssl.SSLContext, path: socket.socket, broker: Broker, clock_trusted: bool) -> str | None:
    try:
        context.wrap_socket(path, server_hostname=broker.host).close()
    except ssl.SSLCertVerificationError as error:
        return _disbelieved(error.verify_code, broker, clock_trusted)
    except TimeoutError:
        return "takes the connection and says nothing: the network there may be too slow, or something else listens"
    except (ssl.SSLEOFError, ConnectionError):
        return NOT_TLS
    except ssl.SSLError as error:
        return _refused(error.reason or str(error), broker)
    return None


def _disbelieved(code: int, broker: Broker, clock_trusted: bool) -> str:
    if code in OF_TIME and not clock_trusted:
        return "can't prove itself while this kit's clock is not set: give it a network that tells the time"
    if code in OF_TIME:
        return (
            "has a certificate that is not good at this time: if this kit's clock is right, the hub's keeper must act"
        )
    if code in OF_NAME:
        return f"proves to be the hub under another name than '{broker.host}': hub_host has to be the hub's kits_host"
    return "is not the hub that made this kit: hub_ca does not vouch for it. Wrong hub_host, or a kit of another hub"


def _refused(reason: str, broker: Broker) -> str | None:
    if reason in TURNED_AWAY:
        return f"turns this kit away: {TURNED_AWAY[reason]}"
    if reason == "SSLV3_ALERT_HANDSHAKE_FAILURE" and broker.cert is None:
        return NO_CERTIFICATE
    if reason in {"TLSV1_ALERT_PROTOCOL_VERSION", "UNSUPPORTED_PROTOCOL"}:
        return None  # it insists on TLS 1.3, so that only the real connection can tell
    if reason in {"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST"}:
        return NOT_TLS
    return f"does not come to terms with this kit over TLS: {reason}"


def _plain_trouble(path: socket.socket) -> str | None:
    """We would speak in plain text: does the other side answer to TLS?"""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    path.settimeout(1.0)
    try:
        context.wrap_socket(path).close()
    except ssl.SSLError as error:
        return SPEAKS_TLS if "ALERT" in (error.reason or "") else None
    except OSError:
        return None
    return SPEAKS_TLS


def _unreached(error: OSError) -> str:
    if isinstance(error, socket.gaierror):
        return "can't be found by that name: it is misspelt in the settings, or this kit has no network"
    if isinstance(error, ConnectionRefusedError):
        return "refused: nothing listens there. It is down, or the port in the settings is wrong"
    if isinstance(error, TimeoutError):
        return "does not answer: a firewall keeps the port closed, or the address in the settings is wrong"
    if error.errno in {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN}:
        return "can't be reached: this kit has no network that leads there"
    return f"can't be reached: {error}"
