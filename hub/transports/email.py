"""Mail by the operator's own server, one message a person, so that nobody learns who else was told."""

import hashlib
import smtplib
import ssl
from email.message import EmailMessage

from hub.settings import Settings, secret
from hub.transports.call import Call, Told, Unreached
from hub.transports.plainly import unreached

TIMEOUT = 15.0
"""Real seconds for each answer of the mail server."""


class Email:
    needs_address = True

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @property
    def set_up(self) -> bool:
        return self._settings.smtp_host is not None

    def send(self, call: Call) -> Told:
        host = self._settings.smtp_host
        if host is None:
            raise Unreached("no mail server is set up: set smtp_host")
        try:
            with smtplib.SMTP(host, self._settings.smtp_port, timeout=TIMEOUT) as server:
                self._log_in(server)
                refused = [why for why in (self._refusal(server, call, to) for to in call.to) if why]
        except (smtplib.SMTPException, OSError) as bad:
            raise Unreached(unreached("the mail server", bad), broken=True) from bad
        if len(refused) == len(call.to):
            raise Unreached(refused[0])
        return Told(f"{len(call.to) - len(refused)} of {len(call.to)} taken by the mail server")

    def probe(self) -> bool:
        try:
            with smtplib.SMTP(self._settings.smtp_host or "", self._settings.smtp_port, timeout=TIMEOUT) as server:
                self._log_in(server)
        except (smtplib.SMTPException, OSError):
            return False
        return True

    def _log_in(self, server: smtplib.SMTP) -> None:
        if self._settings.smtp_starttls:
            server.starttls(context=ssl.create_default_context())
        if self._settings.smtp_username:
            server.login(self._settings.smtp_username, secret(self._settings.smtp_password_file) or "")

    def _message(self, call: Call, to: str) -> EmailMessage:
        message = EmailMessage()
        message["From"] = self._settings.smtp_from
        message["To"] = to
        message["Subject"] = call.subject
        message["Auto-Submitted"] = "auto-generated"
        if call.key:
            mark = hashlib.sha256(f"{call.key} {to}".encode()).hexdigest()[:32]
            message["Message-ID"] = f"<{mark}@{self._settings.smtp_from.rpartition('@')[2]}>"
        message.set_content(call.text)
        if call.sound:
            message.add_attachment(call.sound, maintype="audio", subtype="wav", filename="nightlight.wav")
        return message

    def _refusal(self, server: smtplib.SMTP, call: Call, to: str) -> str | None:
        """Why this one address is not reached. An address that no header can carry is a ValueError."""
        try:
            server.send_message(self._message(call, to))
        except smtplib.SMTPResponseException as bad:
            return f"the mail server refused the message ({bad.smtp_code})"
        except smtplib.SMTPRecipientsRefused:
            return "the mail server refused the address: ask them for the right one"
        except ValueError:
            return "the address is none that mail can be sent to: ask them for the right one"
        return None
