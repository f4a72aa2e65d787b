"""The wire between one home and its hub, which can be cut and mended."""

import contextlib
import socket
import threading


class Relay:
    """Passes bytes between whoever connects to `port` and (host, port) behind it, until it is `cut`."""

    def __init__(self, host: str, port: int) -> None:
        self._behind = (host, port)
        self._seat = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._seat.getsockname()[1]
        self._whole = threading.Event()
        self._whole.set()
        self._ends: set[socket.socket] = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """From now on nothing passes, and nobody gets through."""
        self._whole.clear()
        for end in tuple(self._ends):
            _shut(end)

    def mend(self) -> None:
        self._whole.set()

    def close(self) -> None:
        self.cut()
        _shut(self._seat)

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._seat.accept()
            except OSError:
                return
            self._join(near)

    def _join(self, near: socket.socket) -> None:
        try:
            far = socket.create_connection(self._behind, timeout=5) if self._whole.is_set() else None
        except OSError:
            far = None
        if far is None:
            _shut(near)
            return
        far.settimeout(None)
        self._ends |= {near, far}
        for one, other in ((near, far), (far, near)):
            threading.Thread(target=self._pass_on, args=(one, other), daemon=True).start()

    def _pass_on(self, one: socket.socket, other: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while passing := one.recv(65536):
                other.sendall(passing)
        for end in (one, other):
            _shut(end)
            self._ends.discard(end)


def _shut(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
