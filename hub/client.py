"""paho's client, reading what has come in one go, and acknowledging it in one. By itself it asks the system seven times
for each message, and each time the process's other threads have their turn first: a storm was read more slowly than it
came. Messages that stand whole in what was read are read here, in a tenth of the time; all else is left to paho.
"""

import struct
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import MQTTErrorCode

AT_ONCE = 256 * 1024
"""Bytes."""
MUCH = 16 * 1024
"""Bytes in one reading, after which the next follows at once."""
BREATH = 0.016
"""Seconds from one reading to the next, in which more comes: each costs as much as four messages. The first message
after a quiet while is read at once.
"""
_PUBLISH, _PUBACK = 0x30, 0x40
_SEVERAL = 0
"""No packet's own kind: paho has nothing to do once they are written."""
_RETAINED, _QOS = 0x01, 0x06
_ACKNOWLEDGED = struct.Struct("!BBH")

Came = tuple[str, bytes, bool]
"""A message: topic, content, and whether the broker had kept it."""


class AllAtOnce(Client):
    """`came` is called with the messages of one reading, in their order. `_sock_recv`, `_send_puback`, `_packet_queue`
    and `_in_packet` are paho's own ways to and from the socket.
    """

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.came: Callable[[Sequence[Came]], object] = len
        self.on_message = self._one_came
        self._read_at = float("-inf")
        self._writing = threading.RLock()
        self._forget()

    def _forget(self) -> None:
        self._bytes, self._read, self._acknowledged = b"", 0, bytearray()
        self._messages: list[Came] = []

    def reconnect(self) -> MQTTErrorCode:
        self._forget()
        return super().reconnect()

    def publish_all(self, messages: Iterable[tuple[str, bytes]]) -> None:
        """At QoS 0, in one go."""
        packets = bytearray()
        for topic, content in messages:
            name = topic.encode()
            packets.append(_PUBLISH)
            packets += _length(2 + len(name) + len(content))
            packets += len(name).to_bytes(2, "big") + name + content
        if packets and self.is_connected():
            self._packet_queue(_SEVERAL, bytes(packets), 0, 0)

    def loop_write(self) -> MQTTErrorCode:
        """One thread at a time, else the rest of what one began stands behind what another wrote meanwhile."""
        with self._writing:
            return super().loop_write()

    def loop_read(self, max_packets: int = 1) -> MQTTErrorCode:
        done = self._read_more()
        while done is MQTTErrorCode.MQTT_ERR_SUCCESS:
            self._take_messages()
            if self._read == len(self._bytes):
                break
            done = super().loop_read(max_packets)
        if self._acknowledged and done is MQTTErrorCode.MQTT_ERR_SUCCESS:
            all_of_them, self._acknowledged = bytes(self._acknowledged), bytearray()
            done = self._packet_queue(_PUBACK, all_of_them, 0, 0)
        self._hand_on()
        return done

    def _read_more(self) -> MQTTErrorCode:
        """The rest of a packet that paho has begun with, and what is wrong with the socket, is for paho."""
        if self._read < len(self._bytes) or self._in_packet["command"]:
            return super().loop_read()
        wait = self._read_at + BREATH - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        try:
            some = super()._sock_recv(AT_ONCE)
        except OSError:
            some = b""
        if not some:
            return super().loop_read()
        self._bytes, self._read = some, 0
        self._read_at = time.monotonic() if len(some) < MUCH else float("-inf")
        return MQTTErrorCode.MQTT_ERR_SUCCESS

    def _take_messages(self) -> None:
        """Those that stand whole where paho would read on."""
        some, at = self._bytes, self._read
        while not self._in_packet["command"] and at + 4 < len(some) and some[at] & 0xF0 == _PUBLISH:
            size, start = _size(some, at + 1)
            end, qos = start + size, some[at] & _QOS
            named = start + 2 + int.from_bytes(some[start : start + 2], "big")
            body = named + (2 if qos else 0)
            if size < 0 or end > len(some) or body > end or qos > 2:
                break
            try:
                topic = some[start + 2 : named].decode()
            except UnicodeDecodeError:
                break
            self._messages.append((topic, some[body:end], bool(some[at] & _RETAINED)))
            if qos:
                self._send_puback(int.from_bytes(some[named:body], "big"))
            at = self._read = end

    def _one_came(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        self._messages.append((message.topic, bytes(message.payload), message.retain))

    def _hand_on(self) -> None:
        if self._messages:
            messages, self._messages = self._messages, []
            self.came(messages)

    def _send_puback(self, mid: int) -> MQTTErrorCode:
        self._acknowledged += _ACKNOWLEDGED.pack(_PUBACK, 2, mid)
        return MQTTErrorCode.MQTT_ERR_SUCCESS

    def _sock_recv(self, bufsize: int) -> bytes:
        if self._read == len(self._bytes):
            self._bytes, self._read = super()._sock_recv(AT_ONCE), 0
        some = self._bytes[self._read : self._read + bufsize]
        self._read += len(some)
        return some


def _size(some: bytes, at: int) -> tuple[int, int]:
    """What is left of a packet after its length, which stands at `at`; and where that begins. Below 0: can't tell."""
    size = 0
    for place, byte in enumerate(some[at : at + 4]):
        size |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            return size, at + place + 1
    return -1, at


def _length(size: int) -> bytes:
    said = bytearray()
    while size >= 0x80:
        said.append(size & 0x7F | 0x80)
        size >>= 7
    said.append(size)
    return bytes(said)
