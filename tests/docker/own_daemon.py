"""A Docker daemon of the tests' own, to be stopped, killed and filled up, beside the one that everybody uses.

Its data is in memory, on a small disk that can be full. It has a bridge of its own and writes no packet filter rules:
with `--bridge none` it would remove the other daemon's default bridge.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import docker
import psutil
import pytest

from tests.docker.broker_rig import build_fake_image, build_image
from tests.support import eventually_sync

SMALL_IMAGE = "flotilla-fake-pool:small"
SUBNETS = "10.214.0.0/20"
_BRIDGE_ADDRESS = "10.214.255.1/28"
_CONTEXT = Path(__file__).parent / "fake_pool"
_SMALL = """FROM {image} AS whole
COPY shrink.py /shrink.py
RUN ["python", "/shrink.py", "/small"]
FROM scratch
COPY --from=whole /small /
ENV PATH=/usr/bin PYTHONPATH=/fake
LABEL flotilla.protocol="1" flotilla.freqtrade="0"
ENTRYPOINT ["python", "/agent.py"]
"""


class OwnDaemon:
    """Files are below `directory`, which has a short path: sockets are there."""

    def __init__(self, directory: Path, bridge: str) -> None:
        self.disk = directory / "d"
        self.host = f"unix://{directory}/s"
        self._directory = directory
        self._bridge = bridge
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Returns once it answers, whatever was left by one that was killed."""
        with (self._directory / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *("dockerd", "--host", self.host, "--data-root", str(self.disk / "docker")),
                    *("--exec-root", str(self._directory / "e"), "--pidfile", str(self._directory / "p")),
                    *("--bridge", self._bridge, "--iptables=false", "--ip-forward=false", "--ip-masq=false"),
                    *("--shutdown-timeout", "5"),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        eventually_sync(self._answers, message="the daemon answers")

    def end(self, number: signal.Signals) -> None:
        """By this signal; returns when it has ended. SIGKILL leaves containers without a daemon."""
        assert self._process is not None
        self._process.send_signal(number)
        self._process.wait(180)
        self._process = None
        self._forget_pids()

    def client(self) -> Any:
        return docker.APIClient(self.host, version="auto", timeout=60)

    def fill(self) -> Path:
        """Takes all space that is left; removing the file frees it."""
        file = self.disk / "full"
        with file.open("wb") as taken:
            for size in (2**20, 4096):
                with contextlib.suppress(OSError):
                    while taken.write(b"\0" * size):
                        taken.flush()
        return file

    def clear(self) -> None:
        """Ends it with all its containers."""
        if self._process is None or self._process.poll() is not None:
            self._forget_pids()
            self.start()
        client = self.client()
        for container in client.containers(all=True):
            client.remove_container(container["Id"], force=True)
        for network in client.networks(filters={"type": "custom"}):
            client.remove_network(network["Id"])
        client.close()
        self.end(signal.SIGTERM)

    def kill_what_is_left(self) -> None:
        """Of its own: their command lines name its directory."""
        for process in psutil.process_iter(["cmdline"]):
            if any(str(self._directory / "e") in argument for argument in process.info["cmdline"] or []):
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()

    def _forget_pids(self) -> None:
        """Its containerd dies with it, but counts as living where nobody reaps it."""
        for file in (self._directory / "p", self._directory / "e" / "containerd" / "containerd.pid"):
            file.unlink(missing_ok=True)

    def _answers(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise AssertionError((self._directory / "log").read_text()[-2000:])
        try:
            self.client().close()
        except docker.errors.DockerException:
            return False
        return True


@contextmanager
def own_daemon(client: Any, disk_bytes: int) -> Iterator[OwnDaemon]:
    """One that runs and has SMALL_IMAGE, made by the daemon of `client`. Skips where this user cannot run one, but not
    where CI=true."""
    lacking = [tool for tool in ("dockerd", "ip", "mount") if shutil.which(tool) is None]
    if os.geteuid() != 0 or lacking:
        message = f"a second Docker daemon needs root{', and ' + ', '.join(lacking) if lacking else ''}"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    directory = Path(tempfile.mkdtemp(prefix="fl-", dir="/tmp"))
    bridge = f"fl{os.getpid()}"
    daemon = OwnDaemon(directory, bridge)
    daemon.disk.mkdir()
    try:
        _run("mount", "-t", "tmpfs", "-o", f"size={disk_bytes}", "flotilla-test", str(daemon.disk))
        _run("ip", "link", "add", bridge, "type", "bridge")
        _run("ip", "address", "add", _BRIDGE_ADDRESS, "dev", bridge)
        daemon.start()
        _hand_over(client, daemon)
        yield daemon
        daemon.clear()
    finally:
        with contextlib.suppress(AssertionError, subprocess.TimeoutExpired):
            daemon.end(signal.SIGKILL)
        daemon.kill_what_is_left()
        subprocess.run(["ip", "link", "delete", bridge], check=False, capture_output=True)
        subprocess.run(["umount", "--lazy", str(daemon.disk)], check=False, capture_output=True)
        shutil.rmtree(directory, ignore_errors=True)


def _hand_over(client: Any, daemon: OwnDaemon) -> None:
    image = _SMALL.format(image=build_fake_image(client))
    build_image(client, SMALL_IMAGE, image, {"shrink.py": _CONTEXT / "shrink.py"})
    own = daemon.client()
    own.load_image(b"".join(client.get_image(SMALL_IMAGE)))
    own.close()


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
