"""InfluxDB 2 as a place for observations: points written, read by Flux, and deleted, through influxdb-client.

One bucket holds what is kept equally long, so that InfluxDB's own retention is a second net under ours. A point is one
observation: home, sensor, what and outbox are its tags, and its time is the observation's microsecond with the last
three digits of its number as nanoseconds. So one that is written again is the same point, and two that a sensor noticed
at once stay two.
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from influxdb_client import BucketRetentionRules, Dialect, InfluxDBClient, Point, WritePrecision
from influxdb_client.client.write_api import SYNCHRONOUS
from influxdb_client.rest import ApiException
from msgspec import json
from urllib3 import HTTPResponse
from urllib3.exceptions import HTTPError

from hub.settings import Settings, secret
from hub.store.away import Away, Refused
from hub.store.row import Row
from hub.store.schema import from_us, to_us
from hub.store.settled import Columns, Ints, coded
from models.observation import KINDS_OF, Evidence, What
from models.privacy import RETENTION

MEASUREMENT = "observation"
PATIENCE_MS = 10_000
MARGIN = timedelta(days=30)
"""A bucket keeps this much longer than we do: what is counted at the end of its retention must still be there."""
REFUSED = frozenset({400, 422})
"""What InfluxDB answers to points that it will never take."""
NOT_FOUND = 404
KEEPS = tuple(sorted({keep.days for keep in RETENTION.values()}))
"""Days; one bucket each."""

FLUX = """
from(bucket: inBucket)
    |> range(start: begin, stop: end)
    |> filter(fn: (r) => r._measurement == "observation" and r.home == ofHome{only})
    |> pivot(rowKey: ["_time"], columnKey: ["_field"], valueColumn: "_value")
    |> keep(columns: ["_time", "sensor", "what", "outbox", "number", "arrived", "trusted", "evidence"])
    |> group()
    |> sort(columns: ["_time"], desc: backwards)
    |> limit(n: most)
"""
ONLY = " and r.what == ofWhat"
ALL = 2**31 - 1
_PLAIN = Dialect(header=True, annotations=[], date_time_format="RFC3339Nano")


def days_kept(what: What) -> int:
    return min((RETENTION[kind].days for kind in KINDS_OF[what]), default=KEEPS[0])


@dataclass(frozen=True, slots=True)
class Influx:
    client: InfluxDBClient
    name: str

    def bucket(self, keep: int) -> str:
        return f"{self.name}-{keep}d"

    def write(self, keep: int, rows: Sequence[Row]) -> None:
        """Taken when this returns. Raises Away and Refused, after which some may have been taken."""
        lines = [_line(row) for row in rows]
        with _asked(f"{len(rows)} observations were not taken"):
            if not self._written(keep, lines):
                self._make(keep)
                self._written(keep, lines)

    def _written(self, keep: int, lines: Sequence[str]) -> bool:
        """False where there is no such bucket yet."""
        api = self.client.write_api(write_options=SYNCHRONOUS)
        try:
            api.write(self.bucket(keep), record="\n".join(lines).encode(), write_precision=WritePrecision.NS)
        except ApiException as bad:
            if bad.status in REFUSED:
                raise Refused(_said(bad)) from bad
            if bad.status != NOT_FOUND:
                raise
            return False
        return True

    def _make(self, keep: int) -> None:
        seconds = int((timedelta(days=keep) + MARGIN).total_seconds())
        rules = [BucketRetentionRules(type="expire", every_seconds=seconds)]
        self.client.buckets_api().create_bucket(bucket_name=self.bucket(keep), retention_rules=rules)

    def read(
        self, keep: int, home: str, begin: datetime, end: datetime, what: What | None = None, *, newest: bool = False
    ) -> Columns:
        """With begin <= at < end, in order of `at`; with `newest` the last one alone. Raises Away."""
        if begin >= end:
            return Columns()
        asked: dict[str, object] = {
            "inBucket": self.bucket(keep),
            "begin": begin,
            "end": end,
            "ofHome": home,
            "backwards": newest,
            "most": 1 if newest else ALL,
        }
        if what is not None:
            asked["ofWhat"] = what.value
        with _asked(f"home {home} can't be read"):
            try:
                answer = self._query(FLUX.format(only=ONLY if what else ""), asked)
            except ApiException as bad:
                if bad.status != NOT_FOUND:
                    raise
                return Columns()  # no bucket yet: nothing was ever written
            return _columns(answer.data.decode())

    def _query(self, flux: str, asked: Mapping[str, object]) -> HTTPResponse:
        answer: HTTPResponse = self.client.query_api().query_raw(flux, dialect=_PLAIN, params=dict(asked))
        return answer

    def delete(self, keep: int, home: str, what: What | None, before: datetime | None) -> None:
        """All of `home` in that bucket, or of that only `what`, or what is `before`. Raises Away."""
        until = "2261-01-01T00:00:00Z" if before is None else _last_before(before)
        only = "" if what is None else f' AND what="{what.value}"'
        with _asked(f"home {home} can't be deleted from"):
            try:
                self.client.delete_api().delete(
                    "1970-01-01T00:00:00Z", until, f'_measurement="{MEASUREMENT}" AND home="{home}"{only}',
                    self.bucket(keep),
                )  # fmt: skip
            except ApiException as bad:
                if bad.status != NOT_FOUND:
                    raise

    def answers(self) -> None:
        """A question about no home, by the token. Raises Away."""
        self.read(KEEPS[0], "-", from_us(0), from_us(1))


def influx(settings: Settings) -> Influx:
    client = InfluxDBClient(
        url=settings.series_url,
        token=secret(settings.influx_token_file),
        org=settings.influx_org,
        timeout=PATIENCE_MS,
        enable_gzip=True,
    )
    return Influx(client, settings.influx_bucket)


@contextmanager
def _asked(what: str) -> Iterator[None]:
    try:
        yield
    except ApiException as bad:
        raise Away(f"InfluxDB: {what}: {_said(bad)}") from bad
    except (HTTPError, OSError) as bad:
        raise Away(f"InfluxDB: {what}: {bad}") from bad


def _said(bad: ApiException) -> str:
    """Its own words where it has any; never what was sent."""
    return f"{bad.status} {bad.message or bad.reason or ''}".strip()


def _line(row: Row) -> str:
    point = Point(MEASUREMENT).tag("home", row.home).tag("sensor", _as_tag(row.sensor)).tag("what", row.what.value)
    point.tag("outbox", _as_tag(row.outbox)).field("number", row.number).field("arrived", to_us(row.arrived))
    evidence = json.encode(dict(row.evidence)).decode() if row.evidence is not None else ""
    point.field("trusted", row.clock_trusted).field("evidence", evidence)
    line: str = point.time(1000 * to_us(row.at) + row.number % 1000, WritePrecision.NS).to_line_protocol()
    return line


def _as_tag(name: str) -> str:
    """The line protocol has no way to end a tag with a backslash."""
    return name.replace("%", "%25").replace("\\", "%5C")


def _from_tag(text: str) -> str:
    return text.replace("%5C", "\\").replace("%25", "%")


def _last_before(at: datetime) -> str:
    """The nanosecond before, since a deletion takes its end with it."""
    return f"{at - timedelta(microseconds=1):%Y-%m-%dT%H:%M:%S.%f}999Z"


def _columns(text: str) -> Columns:
    """A table of the query above; its columns come in any order."""
    lines = [line for line in csv.reader(text.splitlines()) if line]
    if len(lines) < 2:
        return Columns()
    place = {name: at for at, name in enumerate(lines[0])}
    found = {name: [line[place[name]] for line in lines[1:]] for name in place if name}
    sensors, sensor = coded(map(_from_tag, found["sensor"]))
    whats, what = coded(found["what"])
    outboxes, outbox = coded(map(_from_tag, found["outbox"]))
    ns: Ints = np.array([one.removesuffix("Z") for one in found["_time"]], "datetime64[ns]").astype(np.int64)
    untrusted = np.array([one != "true" for one in found["trusted"]])
    numbers = [ns // 1000, _whole(found["arrived"]), _whole(found["number"]), untrusted, sensor, what, outbox]
    return Columns(sensors, whats, outboxes, np.array(numbers, np.int64), _evidence(found["evidence"])).ordered()


def _whole(texts: Sequence[Any]) -> Ints:
    return np.array([int(one) for one in texts], np.int64)


def _evidence(texts: Sequence[str]) -> dict[int, Evidence]:
    return {place: json.decode(one, type=dict[str, float]) for place, one in enumerate(texts) if one}
