"""paho's client, reading what has come in one go, and acknowledging it in one. By itself it asks the system seven times
for each message, and each time the process's other threads have their turn first: a storm was read more slowly than it
came.
"""

import struct
from typing import Any

from paho.mqtt.client import Client
from paho.mqtt.enums import MQTTErrorCode

AT_ONCE = 64 * 1024
"""Bytes."""
_PUBACK = 0x40
_ACKNOWLEDGED = struct.Struct("!BBH")


class AllAtOnce(Client):
    """`_sock_recv` and `_send_puback` are paho's own ways to the socket."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._forget()

    def _forget(self) -> None:
        self._came, self._read, self._acknowledged = b"", 0, bytearray()

    def reconnect(self) -> MQTTErrorCode:
        self._forget()
        return super().reconnect()

    def loop_read(self, max_packets: int = 1) -> MQTTErrorCode:
        done = super().loop_read(max_packets)
        while done is MQTTErrorCode.MQTT_ERR_SUCCESS and self._read < len(self._came):
            done = super().loop_read(max_packets)
        if self._acknowledged and done is MQTTErrorCode.MQTT_ERR_SUCCESS:
            all_of_them, self._acknowledged = bytes(self._acknowledged), bytearray()
            done = self._packet_queue(_PUBACK, all_of_them, 0, 0)
        return done

    def _send_puback(self, mid: int) -> MQTTErrorCode:
        self._acknowledged += _ACKNOWLEDGED.pack(_PUBACK, 2, mid)
        return MQTTErrorCode.MQTT_ERR_SUCCESS

    def _sock_recv(self, bufsize: int) -> bytes:
        if self._read == len(self._came):
            self._came, self._read = super()._sock_recv(AT_ONCE), 0
        some = self._came[self._read : self._read + bufsize]
        self._read += len(some)
        return some
