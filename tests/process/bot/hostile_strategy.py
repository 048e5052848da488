"""A strategy that tries to get out, read as text into a slot: what came of each attempt goes to `escapes.json`.

`targets.json` in the bot's directory says whom to attack. An attempt's outcome is `done`, or the name of the exception
it met. Signals sent are number 0, which the kernel checks like any other and nobody feels.
"""

import ctypes
import fcntl
import json
import mmap
import os
import resource
import socket
import sqlite3
import subprocess
import threading
import urllib.request
from pathlib import Path

from freqtrade.strategy import IStrategy

LIBC = ctypes.CDLL(None, use_errno=True)


def called(result):
    if result == -1:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def connect(family, address):
    with socket.socket(family, socket.SOCK_STREAM) as client:
        client.settimeout(3)
        client.connect(address)


def listen(kind):
    with socket.socket(socket.AF_INET, kind) as server:
        server.bind(("127.0.0.1", 0))


def listen_without_bind():
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as server:
        server.listen()


def fast_open(port):
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as client:
        client.sendto(b"hello", 0x20000000, ("127.0.0.1", port))


def become_owner_of_signals(pid):
    with socket.socketpair()[0] as end:
        fcntl.fcntl(end, 8, pid)


def eat_memory():
    eaten = []
    for _ in range(400):
        eaten.append(bytearray(b"x") * (4 << 20))


def many_threads_with_room():
    threads = [threading.Thread(target=threading.Event().wait, args=(0.2,)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def map_file(file, **how):
    with open(file, "rb") as opened, mmap.mmap(opened.fileno(), 0, **how) as mapped:
        assert mapped[:] == b"candles"


def replace(file):
    Path("planted").write_bytes(b"planted")
    os.rename("planted", file)


def sort_in_temporary_files():
    with sqlite3.connect("own.sqlite") as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA temp_store=FILE")
        database.execute("PRAGMA cache_size=10")
        database.execute("CREATE TABLE IF NOT EXISTS numbers (value TEXT)")
        database.executemany("INSERT INTO numbers VALUES (?)", ((str(n * 7919 % 100003) * 20,) for n in range(20000)))
        database.execute("CREATE TEMP TABLE sorted AS SELECT value FROM numbers ORDER BY value").fetchall()


def attempts(targets):
    sibling, agent, init = targets["sibling_pid"], targets["agent_pid"], targets["init_pid"]
    home, pool, numbers = targets["sibling_directory"], targets["pool"], targets["numbers"]
    candles = targets["candles"]
    yield "list_sibling", lambda: os.listdir(home)
    yield "read_sibling_slot", lambda: Path(home, "slot.json").read_text()
    yield "write_sibling_database", lambda: os.open(Path(home, "tradesv3.sqlite"), os.O_RDWR)
    yield "remove_sibling_file", lambda: os.unlink(Path(home, "config.json"))
    yield "chmod_sibling_directory", lambda: os.chmod(home, 0o777)
    yield "truncate_sibling_log", lambda: os.truncate(Path(home, "bot.log"), 0)
    yield "move_sibling_file", lambda: os.rename(Path(home, "config.json"), "stolen.json")
    for file in ("environ", "mem", "maps", "cmdline"):
        yield f"read_sibling_{file}", lambda file=file: os.open(f"/proc/{sibling}/{file}", os.O_RDONLY)
    yield "read_sibling_fd", lambda: os.listdir(f"/proc/{sibling}/fd")
    yield "read_agent_environ", lambda: Path(f"/proc/{agent}/environ").read_bytes()
    yield "read_pool_settings", lambda: Path(pool, "pool.json").read_text()
    yield "read_agent_token", lambda: Path(pool, "agent-token").read_text()
    yield "write_mapped", lambda: os.open(candles, os.O_RDWR)
    yield "write_through_mapped", lambda: map_file(candles)
    yield "truncate_mapped", lambda: os.truncate(candles, 0)
    yield "replace_mapped", lambda: replace(candles)
    yield "remove_mapped", lambda: os.unlink(candles)
    yield "move_mapped", lambda: os.rename(candles, "stolen")
    yield "chmod_mapped", lambda: os.chmod(candles, 0o666)
    yield "plant_beside_mapped", lambda: Path(candles).with_name("planted").touch()
    yield "list_pool", lambda: os.listdir(pool)
    yield "read_shadow", lambda: Path("/etc/shadow").read_text()
    yield "list_root_home", lambda: os.listdir("/root")
    yield "list_tmp", lambda: os.listdir("/tmp")
    yield "write_tmp", lambda: Path("/tmp/flotilla-escaped").touch()
    yield "write_code", lambda: os.open(targets["code"], os.O_RDWR)
    yield "chmod_code", lambda: os.fchmod(os.open(targets["code"], os.O_RDONLY), 0o777)
    yield "spare_itself_from_oom", lambda: Path("/proc/self/oom_score_adj").write_text("0")
    for name, pid in (("sibling", sibling), ("agent", agent), ("init", init), ("group", 0), ("everybody", -1)):
        yield f"signal_{name}", lambda pid=pid: os.kill(pid, 0)
    yield "signal_by_thread_id", lambda: called(LIBC.syscall(numbers["tkill"], sibling, 0))
    yield "open_pidfd", lambda: os.pidfd_open(sibling)
    yield "signals_by_fcntl", lambda: become_owner_of_signals(sibling)
    yield "limit_sibling", lambda: resource.prlimit(sibling, resource.RLIMIT_NOFILE, (10, 10))
    yield "slow_sibling_down", lambda: os.setpriority(os.PRIO_PROCESS, sibling, 19)
    yield "change_group", lambda: os.setpgid(0, 0)
    yield "leave_session", os.setsid
    yield "pin_sibling", lambda: os.sched_setaffinity(sibling, {0})
    yield "ptrace", lambda: called(LIBC.ptrace(16, sibling, None, None))
    yield "read_memory", lambda: called(LIBC.process_vm_readv(sibling, None, 0, None, 0, 0))
    yield "exec", lambda: os.execv("/bin/true", ["true"])
    yield "spawn", lambda: os.posix_spawn("/bin/true", ["true"], {})
    yield "subprocess", lambda: subprocess.run(["/bin/true"])
    yield "fork", lambda: os.fork() or os._exit(0)
    yield "mount", lambda: called(LIBC.mount(b"none", b"/tmp", b"tmpfs", 0, None))
    yield "unshare", lambda: called(LIBC.unshare(0x10000000))
    yield "io_uring", lambda: called(LIBC.syscall(numbers["io_uring_setup"], 8, ctypes.create_string_buffer(120)))
    yield "bpf", lambda: called(LIBC.syscall(numbers["bpf"], 0, None, 0))
    yield "keyring", lambda: called(LIBC.syscall(numbers["keyctl"], 0, 0, 0))
    yield "become_root", lambda: os.setuid(0)
    yield "listen_tcp", lambda: listen(socket.SOCK_STREAM)
    yield "listen_udp", lambda: listen(socket.SOCK_DGRAM)
    yield "listen_without_bind", listen_without_bind
    yield "connect_elsewhere", lambda: connect(socket.AF_INET, ("127.0.0.1", targets["closed_port"]))
    yield "connect_by_fast_open", lambda: fast_open(targets["closed_port"])
    yield "connect_to_metadata", lambda: connect(socket.AF_INET, ("169.254.169.254", 80))
    yield "connect_abstract", lambda: connect(socket.AF_UNIX, targets["abstract"])
    yield "multipath_tcp", lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262)
    yield "raw_socket", lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)
    yield "packet_socket", lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    yield "vsock", lambda: socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
    yield "crypto_socket", lambda: socket.socket(socket.AF_ALG, socket.SOCK_SEQPACKET)
    yield "watch_sibling", lambda: called(LIBC.inotify_init1(0))
    yield "plant_link", lambda: os.symlink("/etc/shadow", "link")
    yield "plant_second_name", lambda: os.link("slot.json", "second-name")
    yield "plant_pipe", lambda: os.mkfifo("pipe")
    yield "memory_file", lambda: os.memfd_create("bomb")
    yield "shared_memory", lambda: mmap.mmap(-1, 1 << 20)
    yield "memory_bomb", eat_memory
    yield "big_file", lambda: os.truncate("big", os.open("big", os.O_CREAT | os.O_WRONLY) and (300 << 20))
    yield "core_dump", lambda: resource.setrlimit(resource.RLIMIT_CORE, (1 << 20, 1 << 20))
    # what must go on working
    yield "ok_own_file", lambda: Path("mine").write_text("mine")
    yield "ok_own_directory", lambda: (os.makedirs("deep/er", exist_ok=True), os.rename("mine", "deep/er/mine"))
    yield "ok_mapped", lambda: map_file(candles, access=mmap.ACCESS_READ)
    yield "ok_threads", many_threads_with_room
    yield "ok_exchange", lambda: urllib.request.urlopen(targets["exchange"] + "/api/v3/ping", timeout=60).read()
    yield "ok_resolve", lambda: socket.getaddrinfo("localhost", 443)
    yield "ok_processors", lambda: (os.cpu_count(), os.getloadavg(), Path("/proc/self/status").read_text())
    yield "ok_memory", lambda: len(bytearray(b"x") * (50 << 20))
    yield "ok_sqlite", sort_in_temporary_files
    yield "ok_signal_itself", lambda: os.kill(os.getpid(), 0)


class Hostile(IStrategy):
    """Trades as little as it can: everything happens when it is made."""

    INTERFACE_VERSION = 3
    timeframe = "1m"
    minimal_roi = {"0": 10}  # noqa: RUF012 - read by FreqTrade as it is
    stoploss = -0.9
    startup_candle_count = 5

    def __init__(self, config):
        super().__init__(config)
        outcomes = {}
        for name, attempt in attempts(json.loads(Path("targets.json").read_text())):
            try:
                attempt()
                outcomes[name] = "done"
            except BaseException as refusal:
                outcomes[name] = type(refusal).__name__
        outcomes["credentials"] = config["exchange"].get("key", "")
        Path("escapes.part").write_text(json.dumps(outcomes))
        Path("escapes.part").rename("escapes.json")

    def populate_indicators(self, dataframe, metadata):
        return dataframe

    def populate_entry_trend(self, dataframe, metadata):
        return dataframe

    def populate_exit_trend(self, dataframe, metadata):
        return dataframe
