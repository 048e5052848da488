"""The mapped candles' figures for Prometheus."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from pool.exchange.gateway.mapped.service import MappedService


class MappedMetrics(Collector):
    """Read when it is asked for."""

    def __init__(self, service: MappedService) -> None:
        self._service = service

    def collect(self) -> Iterator[Metric]:
        """See prometheus_client."""
        service = self._service
        yield CounterMetricFamily("gateway_mapped_made", "Candles made for bots to map.", service.made)
        yield GaugeMetricFamily("gateway_mapped_series", "Of which bots asked for candles.", service.series)
        yield GaugeMetricFamily("gateway_mapped_bytes", "Mapped candles in memory.", service.bytes)
