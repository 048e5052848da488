"""What of the machine a bot may reach: its own directory, the code it runs, what a Python process reads of the system,
and the TCP ports of exchanges.

Of the pool's directory nothing but its own part, and the candles that the agent puts there for all. `agent.sock` needs
no rule: Landlock has none for Unix sockets.
"""

import os
import ssl
import sys
import sysconfig
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from pool.bot.sandbox.landlock import Use
from pool.settings import PoolSettings

_HTTPS, _DNS = 443, 53
_DEFAULT_PORTS = {"http": 80, "https": _HTTPS}
_DEVICES = ("/dev/null",)
_SYSTEM = (
    "/usr", "/lib", "/lib32", "/lib64", "/dev/urandom", "/dev/random", "/sys/devices/system/cpu",
    "/etc/resolv.conf", "/etc/hosts", "/etc/host.conf", "/etc/nsswitch.conf", "/etc/gai.conf", "/etc/services",
    "/etc/protocols", "/etc/ssl", "/etc/pki", "/etc/ca-certificates", "/etc/ca-certificates.conf", "/etc/localtime",
    "/etc/timezone", "/etc/mime.types", "/etc/ld.so.cache", "/etc/passwd", "/etc/group", "/etc/os-release",
    "/etc/debian_version",
    "/proc/stat", "/proc/meminfo", "/proc/cpuinfo", "/proc/loadavg", "/proc/uptime", "/proc/vmstat",
    "/proc/sys/vm/overcommit_memory",
)  # fmt: skip
_CERTIFICATE_VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


def paths(directory: Path, shared: Path | None = None) -> Iterator[tuple[Path, Use]]:
    """Every path with a rule; `directory` is the bot's own, `shared` what all bots of the pool may read. Some may
    not exist."""
    yield directory, Use.OWN
    if shared is not None:
        yield shared, Use.READ
    yield Path("/proc", str(os.getpid())), Use.READ
    yield from common_paths()


@cache
def common_paths() -> tuple[tuple[Path, Use], ...]:
    """Those that all bots have. Found once, in the zygote: what each bot finds for itself is memory of its own."""
    readable: list[Path] = []
    for path in (*map(Path, _SYSTEM), *_name_resolution(), *_python(), *_certificates()):
        if path.exists() and not any(path.is_relative_to(other) for other in readable):
            readable.append(path)
    return (*((Path(device), Use.DEVICE) for device in _DEVICES), *((path, Use.READ) for path in readable))


def connect_ports(settings: PoolSettings) -> list[int]:
    """TCP ports to connect to: HTTPS, name resolution (for answers too long for UDP), the paper exchange's, the
    gateway's, and what the pool's settings add."""
    ports = {_HTTPS, _DNS, *settings.connect_ports}
    for root in (settings.paper_exchange_url, settings.gateway_url):
        if root is not None:
            url = urlsplit(root)
            ports.add(url.port or _DEFAULT_PORTS.get(url.scheme, _HTTPS))
    return sorted(ports)


def _python() -> Iterator[Path]:
    """The interpreter's libraries and what is installed: not the whole prefix, in which anything else may lie."""
    for name in ("stdlib", "platstdlib", "purelib", "platlib"):
        yield Path(sysconfig.get_path(name))
    for prefix in {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix}:
        for part in ("lib", "lib64", "share"):
            yield Path(prefix, part)
    for entry in sys.path:
        if os.path.basename(entry) in ("site-packages", "dist-packages"):
            yield Path(entry)
    for name in [name for name in sys.modules if "." not in name]:
        yield from _package(name)


def _package(name: str) -> Iterator[Path]:
    """Where a package lies, which need not be among the site packages: an editable installation, or the image's own
    directory. The rest of the directory that it is in is not a bot's business."""
    spec = getattr(sys.modules[name], "__spec__", None)
    if spec is not None and spec.submodule_search_locations:
        for location in spec.submodule_search_locations:
            yield Path(location)
    elif spec is not None and spec.has_location and spec.origin:
        yield Path(spec.origin)


def _certificates() -> Iterator[Path]:
    default = ssl.get_default_verify_paths()
    named = [os.environ.get(variable) for variable in _CERTIFICATE_VARIABLES]
    for place in (default.cafile, default.capath, *named):
        if place:
            yield Path(place)


def _name_resolution() -> Iterator[Path]:
    """Where resolv.conf is a link to a file that is exchanged with the network, the directory it lies in."""
    target = Path(os.path.realpath("/etc/resolv.conf"))
    if target.is_relative_to("/run"):
        yield target.parent
