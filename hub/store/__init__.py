"""The store: records, alerts and the series of observations, and the one way to open them."""

from dataclasses import dataclass

from sqlalchemy import Engine

from hub.settings import Settings
from hub.store.alerts import Alerts
from hub.store.database import migrate, opened
from hub.store.health import Health
from hub.store.records import Records
from hub.store.series import Series, SqlSeries
from hub.store.traces import Traces
from models.settings import BadSettings

__all__ = ["Alerts", "Health", "Records", "Series", "SqlSeries", "Store", "Traces", "open_store"]


@dataclass(frozen=True, slots=True)
class Store:
    records: Records
    alerts: Alerts
    series: Series
    traces: Traces

    @property
    def health(self) -> Health:
        return self.records.health


def open_store(settings: Settings) -> Store:
    """Opened, and migrated to the present schema."""
    shared = settings.hub_name is not None
    records, series = opened(settings.records, shared=shared), opened(settings.series, shared=shared)
    migrate(records, "records")
    migrate(series, "series")
    return Store(Records(records), Alerts(records), _series(settings, series), Traces(records))


def _series(settings: Settings, engine: Engine) -> Series:
    if not settings.to_influx:
        return SqlSeries(engine)
    try:
        from hub.store.influx import influx
        from hub.store.influx_series import InfluxSeries
    except ModuleNotFoundError as bad:
        raise BadSettings(
            f"series_url names an InfluxDB, and {bad.name} is missing: install nightlight[influx]"
        ) from bad
    return InfluxSeries(engine, influx(settings))
