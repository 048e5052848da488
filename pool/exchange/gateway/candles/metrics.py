"""The candles' figures for Prometheus."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from pool.exchange.gateway.candles.service import CandleService

_LEVELS = (("l1", "memory"), ("l3", "disk"))


class CandleMetrics(Collector):
    """Read when it is asked for."""

    def __init__(self, service: CandleService) -> None:
        self._service = service

    def collect(self) -> Iterator[Metric]:
        """See prometheus_client."""
        readings = self._service.readings()
        looks = CounterMetricFamily(
            "gateway_candle_looks", "Series looked for in memory, and then on disk.", labels=["level", "outcome"]
        )
        for level, place in _LEVELS:
            for outcome in ("hit", "miss"):
                looks.add_metric([place, outcome], readings.get(f"{level}_{outcome}", 0))
        yield looks
        for name, text in (
            ("pages", "Pages asked of exchanges."),
            ("candles", "Closed candles that came of them."),
            ("rolled", "Candles made of one-minute ones."),
            ("joined", "Requests that waited for another's fetch."),
            ("corrupt", "Files set aside."),
            ("evicted", "Files removed to make room."),
        ):
            yield CounterMetricFamily(f"gateway_candle_{name}", text, readings.get(name, 0))
        yield GaugeMetricFamily("gateway_candle_memory_bytes", "Candles in memory.", readings["memory_bytes"])
        yield GaugeMetricFamily("gateway_candle_worker", "1 while the worker runs.", readings["worker_running"])
