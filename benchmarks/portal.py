"""What the portal costs a browser, against its budgets.

    python -m benchmarks.portal [--bots 1000] [--seconds 60] [--minutes 10] [--slower RATE] [--json]

In the system's Chromium, before the real API over a fleet of that many bots whose money moves every second
(`benchmarks.synthetic_fleet`):

- JavaScript that arrives until the fleet's table stands, gzipped, and what comes after it (charts);
- when the page can be used, with nothing in the cache: from the first request until the rows stand and the piece of
  work that set them (if over 50 ms) has ended, with a phone's network (10 Mbit/s, 40 ms) and the processor slowed down
  to a mid phone's, of a small fleet as people have it (20 bots, the median of five visits) and of the large one; the
  small one at full speed and at a quarter of it, too; beside it the longest piece of work in the three seconds after:
  a tap waits for it at worst;
- how much that is slower than this machine: at which rate an index like Lighthouse's BenchmarkIndex is that of a mid
  phone (`_MID_PHONE`), found as Chrome's own calibration of its CPU presets finds it; or `--slower` times;
- share of a core while every bot's figures change each second: of the page's own process, and of the whole browser,
  which draws without a graphics card here; beside it the plain alternative, the whole portfolio each second;
- the heap of the page over `--minutes`, after garbage collection.

Exit code 1 where a budget is missed: 250 kB, 2 s (20 bots), 30 % of a core (page), no growth of the heap.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

import httpx
import psutil
from playwright.sync_api import BrowserContext, CDPSession, Page, Playwright, sync_playwright
from rich.console import Console
from rich.table import Table

from benchmarks import chromium
from benchmarks.processes import running
from benchmarks.product import free_port
from benchmarks.rigs import ROOT, wait_until
from benchmarks.synthetic_fleet import PASSWORD

_SMALL = 20
_DESK = {"width": 1440, "height": 900}
_PHONE = {"width": 390, "height": 844}
_NETWORK = {"offline": False, "latency": 40, "downloadThroughput": 10e6 / 8, "uploadThroughput": 5e6 / 8}
_LONG_TASKS = """
window.longTasks = [];
new PerformanceObserver((list) => list.getEntries().forEach((one) => longTasks.push([one.startTime, one.duration])))
  .observe({ type: 'longtask', buffered: true });
"""
_SCRIPTS = """performance.getEntriesByType('resource').filter(({ name }) => name.endsWith('.js'))
  .map(({ startTime, encodedBodySize }) => [startTime, encodedBodySize])"""
"""When each script was asked for, ms after the navigation began, and the bytes of its body as compressed."""
_INDEX = """() => {
  const SHARE_MS = 250;
  const perSecond = (work) => {
    const began = performance.now();
    let times = 0;
    while (times % 10 !== 0 || performance.now() - began < SHARE_MS) work(times++);
    return times / (performance.now() - began) * 1000;
  };
  const [one, other] = [0, 1].map(() => Array.from({ length: 100_000 }, (_, place) => place));
  const strings = perSecond(() => {
    let text = '';
    for (let length = 0; length < 10_000; length++) text += 'a';
    if (text.length === 1) throw new Error('it is not left out');
  });
  const copies = perSecond((times) => {
    const [from, to] = times % 2 === 0 ? [one, other] : [other, one];
    for (let place = 0; place < from.length; place++) to[place] = from[place];
  });
  return (strings + copies) / 20;
}"""
"""How fast this page computes, as Lighthouse defines it: a tenth of how often it makes a string of 10,000 characters in
a second, and copies 100,000 numbers, on average."""
_MID_PHONE = 800
"""Of that index. Lighthouse's documentation on throttling gives mid-tier phones 125 (oldest) to 800, and desktops 1000
to 2000; the calibration in Chrome's DevTools takes a Pixel 5 for mid-tier, at 1000, and 264 for a low-tier phone."""
_QUARTER = 4.0
"""Lighthouse's rate where nothing is calibrated, which it means for fast desktops."""
_GENTLEST, _SLOWEST = 2.0, 16.0
"""Between these it is looked for. Lighthouse slows even a weak desktop down twice, and a busy machine looks weak."""
_VISITS = 5
_WAIT_MS = 120_000
_BUDGET = {"first_load_kilobytes": 250.0, "usable_seconds": 2.0, "page_core_share": 0.3, "heap_growth": 0.05}


@dataclass
class Speed:
    """Of the processor, for a page."""

    index: float
    """At full speed."""
    slower: float
    phone_index: float
    """So much slower."""


@dataclass
class Load:
    """Of one first visit. Kilobytes are 1000 bytes, as they came over the network."""

    bots: int
    slower: float
    first_load_kilobytes: float
    later_kilobytes: float
    shown_seconds: float
    """When the fleet's rows stood."""
    usable_seconds: float
    """When they did, and the last long task that began before had ended."""
    longest_after_ms: float
    """The longest task of the three seconds that follow."""


@dataclass
class Running:
    """While the figures move."""

    page_core_share: float
    browser_core_share: float
    kilobytes_per_second: float


@dataclass
class Result:
    speed: Speed
    loads: list[Load] = field(default_factory=list)
    """The first is the one that the budget of time is for."""
    changes: Running | None = None
    whole: Running | None = None
    heap_megabytes: list[float] = field(default_factory=list)
    heap_growth: float = 0

    def missed(self) -> list[str]:
        values = {
            "first_load_kilobytes": max(load.first_load_kilobytes for load in self.loads),
            "usable_seconds": self.loads[0].usable_seconds,
            "page_core_share": self.changes.page_core_share if self.changes else 0,
            "heap_growth": self.heap_growth,
        }
        return [
            f"{name}: {values[name]:.2f}, budget {limit}" for name, limit in _BUDGET.items() if values[name] > limit
        ]


def main() -> None:
    arguments = _arguments()
    subprocess.run([str(ROOT / "scripts" / "portal")], check=True)
    with sync_playwright() as playwright:
        with _browser(playwright, _PHONE) as context:
            result = Result(_speed(context, arguments.slower))
        slower = result.speed.slower
        for count, rates in ((_SMALL, (slower, 1.0, _QUARTER)), (arguments.bots, (slower,))):
            with _fleet(count) as url, _browser(playwright, _PHONE) as context:
                _signed_in(context.new_page(), url).close()
                result.loads += [_visits(context, url, count, rate) for rate in rates]
        with _fleet(arguments.bots) as url, _browser(playwright, _DESK) as context:
            page = _signed_in(context.new_page(), url)
            result.changes = _running(context, page, arguments.seconds)
            result.heap_megabytes = _heap(context, page, arguments.minutes)
            result.heap_growth = _growth(result.heap_megabytes)
        with _fleet(arguments.bots) as url, _browser(playwright, _DESK) as context:
            page = context.new_page()
            page.route("**/stream?changes=true", lambda route: route.continue_(url=route.request.url.split("?")[0]))
            result.whole = _running(context, _signed_in(page, url), arguments.seconds)
    if arguments.json:
        print(json.dumps(asdict(result)))
    else:
        _print(result)
    if missed := result.missed():
        raise SystemExit("budgets missed: " + "; ".join(missed))


@contextmanager
def _fleet(bots: int) -> Iterator[str]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as scratch:
        command = [sys.executable, "-m", "benchmarks.synthetic_fleet", "--directory", scratch, "--bots", str(bots)]
        with running([*command, "--port", str(port)], Path(scratch) / "log", cwd=ROOT):
            wait_until(lambda: _answers(url), 240, "the API")
            yield url


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/api/v1/auth/methods").status_code == 200
    except httpx.TransportError:
        return False


@contextmanager
def _browser(playwright: Playwright, size: dict[str, int]) -> Iterator[BrowserContext]:
    """With nothing in any cache."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        context = playwright.chromium.launch_persistent_context(
            profile, executable_path=chromium.executable(), args=chromium.ARGUMENTS, viewport=size,  # type: ignore[arg-type]
            locale="en-GB",
        )  # fmt: skip
        try:
            yield context
        finally:
            context.close()


def _signed_in(page: Page, url: str) -> Page:
    page.goto(f"{url}/sign-in")
    page.get_by_label("User name").fill("admin")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_test_id("bot-row").first.wait_for(timeout=_WAIT_MS)
    return page


def _speed(context: BrowserContext, slower: float | None) -> Speed:
    """How much slower than at full speed a page has to be to be on a mid phone, to a twentieth; or as it is told."""
    page = context.new_page()
    devtools = context.new_cdp_session(page)

    def index_at(rate: float) -> float:
        devtools.send("Emulation.setCPUThrottlingRate", {"rate": rate})
        # What else the machine does can only lower it.
        return max(float(page.evaluate(_INDEX)) for _ in range(3))

    index_at(1)  # the compiler's turn
    index = index_at(1)
    if slower is None:
        fast, slow = _GENTLEST, _SLOWEST
        while slow - fast > 0.05:
            rate = (fast + slow) / 2
            fast, slow = (rate, slow) if index_at(rate) > _MID_PHONE else (fast, rate)
        slower = round(slow, 2)
    speed = Speed(round(index), slower, round(index_at(slower)))
    page.close()
    return speed


def _visits(context: BrowserContext, url: str, bots: int, slower: float) -> Load:
    """The one in the middle, by when it can be used."""
    visits = [_load(context, url, bots, slower) for _ in range(_VISITS)]
    return sorted(visits, key=lambda load: load.usable_seconds)[_VISITS // 2]


def _load(context: BrowserContext, url: str, bots: int, slower: float) -> Load:
    """A first visit of somebody whose session stands (the cookie), in an empty cache."""
    page = context.new_page()
    page.add_init_script(_LONG_TASKS)
    devtools = context.new_cdp_session(page)
    _forget(devtools, url)
    devtools.send("Network.emulateNetworkConditions", _NETWORK)
    devtools.send("Emulation.setCPUThrottlingRate", {"rate": slower})
    page.goto(url, wait_until="commit")
    page.get_by_test_id("bot-row").first.wait_for(timeout=_WAIT_MS)
    shown = float(page.evaluate("performance.now()"))
    page.wait_for_timeout(3_000)  # what is fetched ahead, and the charts
    tasks = page.evaluate("longTasks")
    usable = max([shown, *[at + took for at, took in tasks if at < shown]])
    after = max([0.0, *[took for at, took in tasks if at >= shown]])
    total = {"first": 0.0, "later": 0.0}
    for at, size in page.evaluate(_SCRIPTS):
        total["first" if at < shown else "later"] += size / 1000
    page.close()
    return Load(
        bots, slower, round(total["first"], 1), round(total["later"], 1), round(shown / 1000, 2),
        round(usable / 1000, 2), round(after),
    )  # fmt: skip


def _forget(devtools: CDPSession, url: str) -> None:
    """What was loaded; not who is signed in."""
    devtools.send("Network.enable")
    devtools.send("Network.clearBrowserCache")
    kinds = "cache_storage,service_workers"
    devtools.send("Storage.clearDataForOrigin", {"origin": url, "storageTypes": kinds})


def _running(context: BrowserContext, page: Page, seconds: float) -> Running:
    devtools = context.new_cdp_session(page)
    received = [0]
    devtools.on("Network.dataReceived", lambda told: received.__setitem__(0, received[0] + told["dataLength"]))
    devtools.send("Network.enable")
    page.wait_for_timeout(10_000)  # what comes once is not what is measured
    renderer = _renderer()
    before, whole_before, bytes_before, began = _cpu([renderer]), _cpu(_processes()), received[0], time.monotonic()
    page.wait_for_timeout(seconds * 1000)
    took = time.monotonic() - began
    return Running(
        round((_cpu([renderer]) - before) / took, 3),
        round((_cpu(_processes()) - whole_before) / took, 3),
        round((received[0] - bytes_before) / took / 1000, 1),
    )


def _processes() -> list[psutil.Process]:
    """The browser's, all of them: children of this process."""
    return [one for one in psutil.Process().children(recursive=True) if "chrom" in one.name()]


def _renderer() -> psutil.Process:
    """The process of the page, which is the busiest of its kind: nothing else was opened."""
    renderers = [one for one in _processes() if "--type=renderer" in one.cmdline()]
    return max(renderers, key=lambda one: sum(one.cpu_times()[:2]))


def _cpu(processes: list[psutil.Process]) -> float:
    total = 0.0
    for one in processes:
        try:
            total += sum(one.cpu_times()[:2])
        except psutil.NoSuchProcess:
            continue
    return total


def _heap(context: BrowserContext, page: Page, minutes: float) -> list[float]:
    """Used heap every half minute, in MB (10^6 bytes), after garbage collection; empty where nobody wants to know."""
    devtools = context.new_cdp_session(page)
    used = []
    readings = max(4, round(minutes * 2)) if minutes else 0
    for _ in range(readings):
        page.wait_for_timeout(minutes * 60_000 / readings)
        devtools.send("HeapProfiler.collectGarbage")
        used.append(round(devtools.send("Runtime.getHeapUsage")["usedSize"] / 1e6, 2))
    return used


def _growth(used: list[float]) -> float:
    """Of the last half's median over the first half's, as a ratio; the first quarter warms up."""
    if not used:
        return 0.0
    warm = used[len(used) // 4 :]
    half = len(warm) // 2
    return round(statistics.median(warm[-half:]) / statistics.median(warm[:half]) - 1, 4)


def _print(result: Result) -> None:
    speed = result.speed
    print(
        f"this machine's index is {speed.index:.0f}; a mid phone's {_MID_PHONE}, after Lighthouse's documentation and "
        f"Chrome's calibration; {speed.slower:g} times slower it is {speed.phone_index:.0f}"
    )
    heads = ("JS kB gz", "later", "shown s", "usable s", "longest task after, ms")
    loads = Table("first visit", "slower", *heads, title="Portal in Chromium")
    for load in result.loads:
        sizes = (load.first_load_kilobytes, load.later_kilobytes)
        times = (load.shown_seconds, load.usable_seconds, load.longest_after_ms)
        loads.add_row(f"{load.bots} bots", f"{load.slower:g}", *(str(value) for value in (*sizes, *times)))
    Console().print(loads)
    table = Table("figures of all bots change each second", "page, of a core", "whole browser", "kB/s")
    for name, one in (("what changed", result.changes), ("whole portfolios (plain)", result.whole)):
        assert one is not None
        values = (f"{one.page_core_share:.0%}", f"{one.browser_core_share:.0%}", f"{one.kilobytes_per_second:.0f}")
        table.add_row(name, *values)
    Console().print(table)
    print(f"heap, MB: {result.heap_megabytes}; growth {result.heap_growth:.1%}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.portal", description=__doc__)
    parser.add_argument("--bots", type=int, default=1000, help="size of the large fleet")
    parser.add_argument("--seconds", type=float, default=60, help="how long the processor's share is measured")
    parser.add_argument("--minutes", type=float, default=10, help="how long the heap is watched; 0: not")
    parser.add_argument("--slower", type=float, help="how much slower a phone's processor is; else it is calibrated")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser.parse_args()


if __name__ == "__main__":
    main()
