"""A strategy that leans against every wall, read as text into a slot. What came of it goes to `outcomes.json`.

`config["hostile"]` says whom to attack. An outcome is `done`, or the name of the error met (`EACCES`), or else of the
exception. Nothing is spared: signals are SIGKILL and SIGSTOP, and what is written would do harm.
"""

import ctypes
import errno
import fcntl
import json
import mmap
import os
import resource
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

from freqtrade.strategy import IStrategy

from pool.bot.sandbox.syscalls import number
from pool.ipc.framing import pack, receive_frame

if not os.getcwd().startswith("/pool/bots/"):
    raise SystemExit("this does harm outside of a pool's container")

LIBC = ctypes.CDLL(None, use_errno=True)
NEW_NAMESPACES = {"mount": 0x20000, "ipc": 0x8000000, "user": 0x10000000, "process": 0x20000000, "network": 0x40000000}
BUFFER = ctypes.create_string_buffer(4096)


def called(result):
    if result == -1:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def syscall(name, *arguments):
    called(LIBC.syscall(number(name), *arguments))


def outcome(attempt):
    try:
        attempt()
    except OSError as refusal:
        return errno.errorcode.get(refusal.errno, type(refusal).__name__)
    except BaseException as refusal:
        return type(refusal).__name__
    return "done"


def run_in_shell():
    if os.system("exit 7") >> 8 != 7:
        raise PermissionError(errno.EPERM, "nothing was run")


def clone(flags):
    child = LIBC.syscall(number("clone"), flags | signal.SIGCHLD, None, None, None, None)
    if child == 0:
        os._exit(0)
    called(child)


def fork_and_fork():
    """A fork bomb, were the first one not refused."""
    refusals = 0
    for _ in range(2000):
        try:
            if os.fork() == 0:
                os._exit(0)
        except PermissionError:
            refusals += 1
    if refusals == 2000:
        raise PermissionError(errno.EPERM, "never forked")


def connect(family, address):
    with socket.socket(family, socket.SOCK_STREAM) as client:
        client.settimeout(3)
        client.connect(address)


def listen(family, kind, address):
    with socket.socket(family, kind) as server:
        server.bind(address)


def listen_without_bind():
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as server:
        server.listen()


def enlarge_buffers(option):
    with socket.socketpair()[0] as end:
        end.setsockopt(socket.SOL_SOCKET, option, 4 << 20)


def fast_open(address):
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as client:
        client.sendto(b"hello", 0x20000000, tuple(address))


def signals_by_descriptor(pid):
    with socket.socketpair()[0] as end:
        fcntl.fcntl(end, 8, pid)


def speak_as(hello):
    """Raises EOFError where the agent hangs up without a word."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
        link.settimeout(10)
        link.connect("/pool/agent.sock")
        link.sendall(pack(json.dumps(hello).encode()))
        receive_frame(link)


def read_through(descriptor, name):
    try:
        os.close(os.open(name, os.O_RDONLY, dir_fd=descriptor))
    finally:
        os.close(descriptor)


def strange_descriptors(own):
    """Whatever was left open by those who forked us and is neither ours nor harmless."""
    harmless = (own, "/dev/null", "/proc/", "socket:", "anon_inode:", "pipe:", "/dev/urandom")
    targets = [os.readlink(f"/proc/self/fd/{name}") for name in os.listdir("/proc/self/fd") if _open(name)]
    strange = [target for target in targets if not target.startswith(harmless)]
    if not strange:
        raise LookupError
    Path("strange").write_text("\n".join(strange))


def _open(name):
    try:
        os.fstat(int(name))
    except OSError:
        return False
    return True


def of_files(t):
    home = t["sibling"]["directory"]
    yield "list_sibling_directory", lambda: os.listdir(home)
    yield "read_sibling_config", lambda: Path(home, "config.json").read_text()
    yield "read_sibling_config_by_climbing", lambda: Path("..", Path(home).name, "config.json").read_text()
    yield (
        "read_sibling_config_by_descriptor",
        lambda: read_through(os.open("..", os.O_PATH), f"{Path(home).name}/epoch"),
    )
    yield "read_sibling_config_by_proc", lambda: Path(f"/proc/self/root{home}/config.json").read_text()
    yield (
        "open_sibling_trades",
        lambda: sqlite3.connect(f"file:{home}/tradesv3.sqlite?mode=ro", uri=True).execute("SELECT * FROM trades"),
    )
    yield "write_sibling_trades", lambda: os.open(f"{home}/tradesv3.sqlite", os.O_RDWR)
    yield "take_sibling_lock", lambda: fcntl.flock(os.open(f"{home}/lock", os.O_RDWR), fcntl.LOCK_EX)
    yield "raise_sibling_epoch", lambda: Path(home, "epoch").write_text("1000000")
    yield "remove_sibling_file", lambda: os.unlink(f"{home}/config.json")
    yield "steal_sibling_file", lambda: os.rename(f"{home}/config.json", "stolen.json")
    yield "plant_in_sibling_directory", lambda: os.rename("plant", f"{home}/strategy/plant.py")
    yield "open_sibling_directory_to_all", lambda: os.chmod(home, 0o777)
    yield "truncate_sibling_log", lambda: os.truncate(f"{home}/bot.log", 0)
    yield "list_bots", lambda: os.listdir("/pool/bots")
    yield "make_bot_directory", lambda: os.mkdir("/pool/bots/mine")
    yield "list_pool", lambda: os.listdir("/pool")
    yield "list_archive", lambda: os.listdir("/pool/archive")
    yield "read_agent_token", lambda: Path("/pool/agent-token").read_text()
    yield "read_agent_token_by_descriptor", lambda: read_through(os.open("/pool", os.O_PATH), "agent-token")
    yield "write_agent_token", lambda: os.open("/pool/agent-token", os.O_WRONLY)
    yield "read_slots", lambda: Path("/pool/slots.json").read_text()
    yield "read_pool_settings", lambda: Path("/pool/pool.json").read_text()
    yield "write_pool_settings", lambda: os.open("/pool/pool.json", os.O_WRONLY)
    yield "hold_init_lock", lambda: os.open("/pool/init.lock", os.O_RDWR)
    yield "read_endpoint", lambda: Path("/pool/endpoint.json").read_text()
    yield "replace_agent_socket", lambda: os.unlink("/pool/agent.sock")
    yield "read_agent_log", lambda: Path("/pool/logs/agent.log").read_text()
    yield "write_pool", lambda: Path("/pool/written").touch()
    yield "read_shadow", lambda: Path("/etc/shadow").read_text()
    yield "list_root_directory", lambda: os.listdir("/")
    yield "list_home_of_root", lambda: os.listdir("/root")
    for place in ("/tmp", "/dev/shm", "/run", "/var/tmp", "/usr/lib", "/opt/flotilla"):
        yield f"write{place.replace('/', '_')}", lambda place=place: Path(place, "written").write_bytes(bytes(1 << 20))
    yield "write_code_of_pool", lambda: os.open(t["code"], os.O_RDWR)
    yield "write_site_packages", lambda: os.open(json.__file__, os.O_RDWR)
    yield "replace_code_of_pool", lambda: os.rename("plant", t["code"])
    yield "open_memory_device", lambda: os.open("/dev/mem", os.O_RDONLY)
    yield "open_terminal", lambda: os.open("/dev/tty", os.O_RDWR)
    yield "read_kernel_settings", lambda: Path("/proc/sys/kernel/hostname").read_text()
    yield "write_kernel_settings", lambda: os.open("/proc/sys/kernel/core_pattern", os.O_WRONLY)
    yield "trigger_kernel", lambda: os.open("/proc/sysrq-trigger", os.O_WRONLY)
    yield "list_control_groups", lambda: os.listdir("/sys/fs/cgroup")
    yield "read_mounts_of_init", lambda: Path("/proc/1/mountinfo").read_text()
    yield "find_strange_descriptors", lambda: strange_descriptors(os.getcwd())
    yield "plant_link", lambda: os.symlink("/pool/agent-token", "link")
    yield "plant_second_name", lambda: os.link("slot.json", "second-name")
    yield "plant_pipe", lambda: os.mkfifo("pipe")
    yield "plant_device", lambda: os.mknod("device", 0o20666, os.makedev(1, 1))
    yield "plant_socket", lambda: listen(socket.AF_UNIX, socket.SOCK_STREAM, "planted.sock")
    yield "raise_file_rights", lambda: os.chmod("plant", 0o4777)
    yield "give_file_away", lambda: os.chown("plant", 0, 0)


def of_processes(t):
    pids = {name: t["pids"][name] for name in ("sibling", "agent", "zygote", "init")}
    sibling = pids["sibling"]
    yield "list_processes", lambda: os.listdir("/proc")
    for name, pid in pids.items():
        for file in ("environ", "mem", "maps", "cmdline", "status", "fd/3", "task", "net/unix"):
            slug = file.replace("/", "_")
            yield f"read_{slug}_of_{name}", lambda pid=pid, file=file: os.open(f"/proc/{pid}/{file}", os.O_RDONLY)
        yield f"enter_directory_of_{name}", lambda pid=pid: os.listdir(f"/proc/{pid}/cwd")
        yield f"read_memory_of_{name}", lambda pid=pid: syscall("process_vm_readv", pid, None, 0, None, 0, 0)
        yield f"trace_{name}", lambda pid=pid: called(LIBC.ptrace(16, pid, None, None))
        yield f"seize_{name}", lambda pid=pid: called(LIBC.ptrace(0x4206, pid, None, None))
        for sent in ("SIGKILL", "SIGSTOP"):
            yield f"{sent.lower()}_{name}", lambda pid=pid, sent=sent: os.kill(pid, getattr(signal, sent))
    yield "write_memory_of_sibling", lambda: syscall("process_vm_writev", sibling, None, 0, None, 0, 0)
    yield "write_mem_of_sibling", lambda: os.open(f"/proc/{sibling}/mem", os.O_RDWR)
    yield "sigkill_first_process", lambda: os.kill(1, signal.SIGKILL)
    yield "sigkill_everybody", lambda: os.kill(-1, signal.SIGKILL)
    yield "sigkill_group_of_sibling", lambda: os.killpg(sibling, signal.SIGKILL)
    yield "sigkill_by_thread", lambda: syscall("tkill", sibling, signal.SIGKILL)
    yield "sigkill_by_thread_group", lambda: syscall("tgkill", sibling, sibling, signal.SIGKILL)
    yield "sigkill_by_queue", lambda: syscall("rt_sigqueueinfo", sibling, signal.SIGKILL, BUFFER)
    yield "open_pidfd", lambda: os.pidfd_open(sibling)
    yield "sigkill_by_pidfd", lambda: signal.pidfd_send_signal(0, signal.SIGKILL)
    yield "steal_descriptor_by_pidfd", lambda: syscall("pidfd_getfd", 0, 3, 0)
    yield "send_signals_by_descriptor", lambda: signals_by_descriptor(sibling)
    yield "compare_with_sibling", lambda: syscall("kcmp", os.getpid(), sibling, 1, 0, 0)
    yield "limit_sibling", lambda: resource.prlimit(sibling, resource.RLIMIT_NOFILE, (10, 10))
    yield "slow_sibling_down", lambda: os.setpriority(os.PRIO_PROCESS, sibling, 19)
    yield "slow_user_down", lambda: os.setpriority(os.PRIO_USER, 0, 19)
    yield "pin_sibling", lambda: os.sched_setaffinity(sibling, {0})
    yield "reschedule_sibling", lambda: os.sched_setscheduler(sibling, os.SCHED_IDLE, os.sched_param(0))
    yield "spare_itself_when_memory_runs_out", lambda: Path("/proc/self/oom_score_adj").write_text("-1000")
    yield "raise_own_limits", lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (8192, 8192))
    yield "lift_own_memory_limit", lambda: resource.setrlimit(resource.RLIMIT_DATA, (-1, -1))
    yield "dump_core", lambda: resource.setrlimit(resource.RLIMIT_CORE, (1 << 20, 1 << 20))


def of_programs(t):
    yield "run_in_shell", run_in_shell
    yield "run_by_subprocess", lambda: subprocess.run(["/bin/true"])
    yield "run_by_exec", lambda: os.execv("/bin/true", ["true"])
    yield "run_by_execveat", lambda: syscall("execveat", -100, b"/bin/true", None, None, 0)
    yield "run_by_loader", lambda: os.execv("/lib64/ld-linux-x86-64.so.2", ["ld", "/bin/true"])
    yield "run_python", lambda: os.execv(sys.executable, ["python", "-c", "1"])
    yield "run_by_spawn", lambda: os.posix_spawn("/bin/true", ["true"], {})
    yield "fork", lambda: os.fork() or os._exit(0)
    yield "fork_bomb", fork_and_fork
    yield "clone", lambda: clone(0)
    yield "vfork", lambda: clone(0x4100)
    yield "take_descriptors_of_its_own", lambda: syscall("close_range", 4000, 4001, 2)
    yield "clone3", lambda: syscall("clone3", BUFFER, 88)
    for name, flag in NEW_NAMESPACES.items():
        yield f"clone_{name}_namespace", lambda flag=flag: clone(flag)
        yield f"unshare_{name}_namespace", lambda flag=flag: called(LIBC.unshare(flag))
    yield "enter_namespace", lambda: syscall("setns", os.open("/proc/self/ns/net", os.O_RDONLY), 0)
    yield "mount_tmpfs", lambda: called(LIBC.mount(b"none", b".", b"tmpfs", 0, None))
    yield "mount_proc", lambda: called(LIBC.mount(b"proc", b".", b"proc", 0, None))
    yield "remount_root", lambda: called(LIBC.mount(b"none", b"/", None, 0x20 | 0x1000, None))
    yield "unmount_pool", lambda: called(LIBC.umount2(b"/pool", 2))
    yield "open_file_system", lambda: syscall("fsopen", b"tmpfs", 0)
    yield "open_tree", lambda: syscall("open_tree", -100, b"/", 1)
    yield "move_mount", lambda: syscall("move_mount", -100, b"/pool", -100, b"/tmp", 0)
    yield "change_root", lambda: os.chroot(".")
    yield "pivot_root", lambda: syscall("pivot_root", b".", b".")
    yield "become_root", lambda: os.setuid(0)
    yield "become_group_of_root", lambda: os.setgid(0)
    yield "become_agent", lambda: os.setresuid(10_000, 10_000, 10_000)
    yield "become_sibling", lambda: os.setreuid(t["sibling"]["uid"], t["sibling"]["uid"])
    yield "join_groups", lambda: os.setgroups([0, 10_000])
    yield "take_capabilities", lambda: syscall("capset", BUFFER, BUFFER)
    yield "change_personality", lambda: syscall("personality", 0x0040000)
    for name, *arguments in (
        ("io_uring_setup", 8, BUFFER), ("bpf", 0, BUFFER, 128), ("perf_event_open", BUFFER, 0, -1, -1, 0),
        ("userfaultfd", 0), ("keyctl", 0, 0, 0), ("add_key", b"user", b"k", b"v", 1, -3),
        ("init_module", BUFFER, 16, b""), ("finit_module", 0, b"", 0), ("delete_module", b"ext4", 0),
        ("kexec_load", 0, 0, None, 0), ("reboot", 0xFEE1DEAD, 672274793, 0x89ABCDEF, 0), ("syslog", 3, BUFFER, 4096),
        ("settimeofday", BUFFER, None), ("clock_settime", 0, BUFFER), ("sethostname", b"mine", 4),
        ("swapon", b"/pool", 0), ("acct", b"/pool"), ("quotactl", 0, b"/", 0, BUFFER), ("fanotify_init", 0, 0),
        ("inotify_init1", 0), ("name_to_handle_at", -100, b".", BUFFER, BUFFER, 0), ("open_by_handle_at", 3, BUFFER, 0),
    ):  # fmt: skip
        yield f"call_{name}", lambda name=name, arguments=arguments: syscall(name, *arguments)


def of_memory(t):
    yield "make_memory_file", lambda: os.memfd_create("bomb")
    yield "make_secret_memory", lambda: syscall("memfd_secret", 0)
    yield "map_shared_memory", lambda: mmap.mmap(-1, 1 << 30)
    yield "map_shared_memory_by_device", lambda: mmap.mmap(os.open("/dev/zero", os.O_RDWR), 1 << 30)
    yield "get_shared_segment", lambda: syscall("shmget", 0, 1 << 30, 0o1600)
    yield "get_message_queue", lambda: syscall("msgget", 0, 0o1600)
    yield "get_semaphores", lambda: syscall("semget", 0, 100, 0o1600)
    yield "open_posix_queue", lambda: syscall("mq_open", b"mine", os.O_CREAT | os.O_RDWR, 0o600, None)
    yield "enlarge_buffers_for_sending", lambda: enlarge_buffers(socket.SO_SNDBUF)
    yield "enlarge_buffers_for_receiving", lambda: enlarge_buffers(socket.SO_RCVBUF)
    yield "lock_memory", lambda: called(LIBC.mlock(ctypes.create_string_buffer(1 << 22), 1 << 22))


def of_network(t):
    own, listeners = t["own_agent"], t["listeners"]
    yield "listen_on_tcp", lambda: listen(socket.AF_INET, socket.SOCK_STREAM, ("0.0.0.0", 0))
    yield "listen_on_tcp6", lambda: listen(socket.AF_INET6, socket.SOCK_STREAM, ("::", 0))
    yield "listen_on_udp", lambda: listen(socket.AF_INET, socket.SOCK_DGRAM, ("0.0.0.0", 0))
    yield "listen_on_abstract_socket", lambda: listen(socket.AF_UNIX, socket.SOCK_STREAM, "\0flotilla")
    yield "listen_without_address", listen_without_bind
    yield "reach_abstract_socket", lambda: connect(socket.AF_UNIX, t["abstract"])
    yield "reach_docker_socket", lambda: connect(socket.AF_UNIX, "/var/run/docker.sock")
    yield "reach_broker_socket", lambda: connect(socket.AF_UNIX, "/run/flotilla/broker.sock")
    yield "reach_api_of_sibling", lambda: connect(socket.AF_UNIX, f"{t['sibling']['directory']}/api.sock")
    yield "reach_own_pools_agent", lambda: connect(socket.AF_INET, tuple(own))
    yield "reach_own_pools_agent_by_loopback", lambda: connect(socket.AF_INET, ("127.0.0.1", own[1]))
    yield "reach_pool_of_another_tenant", lambda: connect(socket.AF_INET, tuple(t["other_pool"]))
    for name, address in listeners.items():
        yield f"reach_{name}", lambda address=address: connect(socket.AF_INET, tuple(address))
        yield f"reach_{name}_by_fast_open", lambda address=address: fast_open(address)
    yield "reach_docker_over_tcp", lambda: connect(socket.AF_INET, (next(iter(listeners.values()))[0], 2375))
    yield "reach_metadata", lambda: connect(socket.AF_INET, ("169.254.169.254", 80))
    yield "reach_metadata_over_ip6", lambda: connect(socket.AF_INET6, ("fd00:ec2::254", 80))
    yield "open_multipath_socket", lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262)
    yield "open_sctp_socket", lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM, 132)
    yield "open_raw_socket", lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)
    yield "open_ping_socket", lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM, 1)
    yield "open_packet_socket", lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    yield "open_netlink_audit", lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 9)
    yield "open_vm_socket", lambda: socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
    yield "open_crypto_socket", lambda: socket.socket(socket.AF_ALG, socket.SOCK_SEQPACKET)
    for name, hello in t["hellos"].items():
        yield f"speak_as_{name}", lambda hello=hello: speak_as(hello | {"pid": os.getpid()})


def of_honest_life(t):
    """What must go on working."""
    yield "honest_files", lambda: (os.makedirs("deep/er", exist_ok=True), os.rename("plant", "deep/er/plant"))
    yield "honest_threads", honest_threads
    yield "honest_exchange", lambda: urllib.request.urlopen(t["exchange"] + "/api/v3/ping", timeout=10).read()
    yield "honest_names", lambda: socket.getaddrinfo("localhost", 443)
    yield "honest_memory", lambda: len(bytearray(b"x") * (30 << 20))
    yield (
        "honest_database",
        lambda: sqlite3.connect("own.sqlite").execute("CREATE TABLE IF NOT EXISTS own (value TEXT)"),
    )


def honest_threads():
    threads = [threading.Thread(target=threading.Event().wait, args=(0.1,)) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


AT_IMPORT = {
    "import_reads_agent_token": outcome(lambda: Path("/pool/agent-token").read_text()),
    "import_runs_a_program": outcome(lambda: subprocess.run(["/bin/true"])),
    "import_lists_bots": outcome(lambda: os.listdir("/pool/bots")),
    "import_kills_everybody": outcome(lambda: os.kill(-1, signal.SIGKILL)),
}


class Prober(IStrategy):
    """Trades as little as it can: everything happens when it is loaded and made."""

    INTERFACE_VERSION = 3
    timeframe = "1m"
    minimal_roi = {"0": 10}  # noqa: RUF012 - read by FreqTrade as it is
    stoploss = -0.9
    startup_candle_count = 5

    def __init__(self, config):
        super().__init__(config)
        Path("plant").write_text("raise SystemExit")
        found = dict(AT_IMPORT)
        for attempts in (of_files, of_processes, of_programs, of_memory, of_network, of_honest_life):
            for name, attempt in attempts(config["hostile"]):
                found[name] = outcome(attempt)
                Path("at").write_text(name)
        Path("outcomes.part").write_text(json.dumps(found))
        Path("outcomes.part").rename("outcomes.json")

    def populate_indicators(self, dataframe, metadata):
        return dataframe

    def populate_entry_trend(self, dataframe, metadata):
        return dataframe

    def populate_exit_trend(self, dataframe, metadata):
        return dataframe
