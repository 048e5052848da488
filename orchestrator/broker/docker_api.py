"""The one place that dials Docker. The client is made when it is first needed, so that the broker starts, and says what
is wrong, while the daemon is down. Everything here blocks: call it from a worker thread."""

import threading
from collections.abc import Mapping
from typing import Any

import docker
import requests

from orchestrator.broker.refusals import translated


class DockerApi:
    """`client` of `docker.APIClient`, shared by the worker threads. `base_url` like `unix:///var/run/docker.sock`."""

    def __init__(self, base_url: str, call_seconds: float, connections: int = 40) -> None:
        self.base_url = base_url
        self._call_seconds = call_seconds
        self._connections = connections
        self._lock = threading.Lock()
        self._client: Any = None

    @property
    def client(self) -> Any:
        """Raises Refused while the daemon is not there."""
        with self._lock:
            if self._client is None:
                with translated("be asked for its version"):
                    self._client = self.dial(self._call_seconds)
            return self._client

    def update(self, container_id: str, resources: Mapping[str, int]) -> None:
        """Limits of a living container in Docker's words: `APIClient.update_container` knows some of them only. Raises
        docker.errors.APIError, requests.RequestException."""
        client = self.client
        url = f"{client.base_url}/v{client.api_version}/containers/{container_id}/update"
        try:
            client.post(url, json=dict(resources), timeout=client.timeout).raise_for_status()
        except requests.HTTPError as error:
            raise docker.errors.create_api_error_from_http_exception(error) from error

    def dial(self, seconds: float | None) -> Any:
        """A client of its own, for a stream that may last; None waits for ever."""
        return docker.APIClient(self.base_url, version="auto", timeout=seconds, max_pool_size=self._connections)

    def close(self) -> None:
        with self._lock:
            if self._client is not None:
                self._client.close()
                self._client = None
