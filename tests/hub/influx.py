"""What answers as InfluxDB 2's documentation says, for the requests that we make, over HTTP: none is to be had in
Debian. It takes one Flux query, ours, and reads its parameters; NIGHTLIGHT_TEST_INFLUX_URL names a real one instead.
"""

import csv
import gzip
import io
import json
import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

from hub.settings import Settings
from hub.store.influx import FLUX, ONLY

REAL = os.environ.get("NIGHTLIGHT_TEST_INFLUX_URL")
"""With NIGHTLIGHT_TEST_INFLUX_ORG and NIGHTLIGHT_TEST_INFLUX_TOKEN."""
ORG, TOKEN = "nightlight", "a-token"

Tags = tuple[tuple[str, str], ...]
Point = dict[str, str]

_FIELD = re.compile(r'(\w+)=("(?:[^"\\]|\\.)*"|[^,]*),?')
_PREDICATE = re.compile(r'(\w+)="([^"]*)"')
COLUMNS = ("_time", "sensor", "what", "outbox", "number", "arrived", "trusted", "evidence")


class Fake(ThreadingHTTPServer):
    """Points by bucket, and within it by tags and time (nanoseconds)."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.buckets: dict[str, dict[tuple[Tags, int], Point]] = {}
        self.kept_s: dict[str, int] = {}
        self.refuses = ""
        """A batch with this in it is refused, as points of the wrong type are."""
        self.trouble: int | None = None
        """An HTTP status that answers everything."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Answers(BaseHTTPRequestHandler):
    server: Fake

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path == "/ping":
            self._say(204)
        else:
            self._say(200, {"orgs": [{"id": "0123456789abcdef", "name": ORG}]})

    def do_POST(self) -> None:
        asked = urlsplit(self.path)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        if self.server.trouble is not None:
            self._say(self.server.trouble, {"code": "internal error", "message": "in trouble"})
        elif self.headers.get("Authorization") != f"Token {TOKEN}":
            self._say(401, {"code": "unauthorized", "message": "unauthorized access"})
        else:
            words = {name: values[0] for name, values in parse_qs(asked.query).items()}
            getattr(self, f"_{asked.path.rpartition('/')[2]}")(words, body)

    def _bucket(self, name: str) -> dict[tuple[Tags, int], Point] | None:
        found = self.server.buckets.get(name)
        if found is None:
            self._say(404, {"code": "not found", "message": f'bucket "{name}" not found'})
        return found

    def _write(self, words: dict[str, str], body: bytes) -> None:
        bucket = self._bucket(words["bucket"])
        assert words["precision"] == "ns"
        if bucket is None:
            return
        if self.server.refuses and self.server.refuses in body.decode():
            self._say(422, {"code": "unprocessable entity", "message": "partial write: field type conflict"})
            return
        bucket.update(_point(line) for line in body.decode().splitlines())
        self._say(204)

    def _buckets(self, _words: dict[str, str], body: bytes) -> None:
        asked = json.loads(body)
        self.server.buckets[asked["name"]] = {}
        self.server.kept_s[asked["name"]] = asked["retentionRules"][0]["everySeconds"]
        self._say(201, asked | {"id": "0"})

    def _query(self, _words: dict[str, str], body: bytes) -> None:
        asked = json.loads(body)
        given = {one["assignment"]["id"]["name"]: _value(one["assignment"]["init"]) for one in asked["extern"]["body"]}
        assert asked["query"] == FLUX.format(only=ONLY if "ofWhat" in given else "")
        bucket = self._bucket(given["inBucket"])
        if bucket is None:
            return
        found = [
            dict(tags) | point | {"_time": _told(ns)}
            for (tags, ns), point in sorted(bucket.items(), key=lambda one: one[0][1], reverse=given["backwards"])
            if dict(tags)["home"] == given["ofHome"] and given["begin"] <= ns < given["end"]
            if "ofWhat" not in given or dict(tags)["what"] == given["ofWhat"]
        ]
        text = io.StringIO()
        table = csv.writer(text, lineterminator="\r\n")
        if found:
            table.writerow(["", "result", "table", *COLUMNS])
            table.writerows(["", "_result", 0, *(row[name] for name in COLUMNS)] for row in found[: given["most"]])
        self._say(200, text.getvalue().encode() + b"\r\n")

    def _delete(self, words: dict[str, str], body: bytes) -> None:
        bucket = self._bucket(words["bucket"])
        if bucket is None:
            return
        asked = json.loads(body)
        wanted = dict(_PREDICATE.findall(asked["predicate"]))
        del wanted["_measurement"]
        for tags, ns in list(bucket):
            if _ns(asked["start"]) <= ns <= _ns(asked["stop"]) and wanted.items() <= dict(tags).items():
                del bucket[tags, ns]
        self._say(204)

    def _say(self, status: int, content: bytes | dict[str, Any] = b"") -> None:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/csv" if isinstance(content, bytes) else "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _point(line: str) -> tuple[tuple[Tags, int], Point]:
    named, _, ns = line.rpartition(" ")
    at = re.search(r"(?<!\\) ", named)
    assert at
    tags = [re.split(r"(?<!\\)=", one) for one in re.split(r"(?<!\\),", named[: at.start()])[1:]]
    fields = {name: _plain(value) for name, value in _FIELD.findall(named[at.end() :])}
    return (tuple(sorted((name, re.sub(r"\\(.)", r"\1", value)) for name, value in tags)), int(ns)), fields


def _plain(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value.removesuffix("i")


def _value(literal: dict[str, Any]) -> Any:
    value = literal["value"]
    if literal["type"] == "DateTimeLiteral":
        return _ns(value)
    return int(value) if literal["type"] == "IntegerLiteral" else value


def _ns(text: str) -> int:
    whole, _, part = text.removesuffix("Z").partition(".")
    return int(datetime.fromisoformat(whole).replace(tzinfo=UTC).timestamp()) * 10**9 + int(part.ljust(9, "0"))


def _told(ns: int) -> str:
    """Without the zeros at the end, as Go writes it."""
    part = f"{ns % 10**9:09d}".rstrip("0")
    return f"{datetime.fromtimestamp(ns // 10**9, UTC):%Y-%m-%dT%H:%M:%S}{'.' + part if part else ''}Z"


@contextmanager
def served() -> Iterator[Fake]:
    with Fake() as fake:
        thread = threading.Thread(target=fake.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield fake
        fake.shutdown()
        thread.join()


def settings_for(url: str, folder: Path) -> Settings:
    """A hub whose observations go there, into buckets of its own."""
    words = os.environ if url == REAL else {}
    token = folder / "influx-token"
    token.write_text(words.get("NIGHTLIGHT_TEST_INFLUX_TOKEN", TOKEN), encoding="utf-8")
    hub = Settings(data_dir=str(folder / "data"), series_url=url, influx_token_file=str(token))
    org = words.get("NIGHTLIGHT_TEST_INFLUX_ORG", ORG)
    return replace(hub, influx_bucket=f"test-{uuid4().hex[:12]}", influx_org=org)
