"""The filter's program, run by a small evaluator of the kernel's BPF: allowed, refused, or the end of the process."""

import errno
import mmap
import os
import socket
import struct

import pytest

from pool.bot.sandbox.seccomp import ALLOW, KILL, REFUSED, Instruction, program, template
from pool.bot.sandbox.syscalls import NUMBERS, known

PID = 4711
ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
MACHINES = tuple(ARCHITECTURES)
REFUSE = 0x00050000 | errno.EPERM
MISSING = 0x00050000 | errno.ENOSYS
THREAD_FLAGS = 0x3D0F00
"""What the C library starts a thread with."""
MOST_INSTRUCTIONS = 4096


def evaluate(code: list[Instruction], data: bytes) -> int:
    """As the kernel does; fails on a jump out of the program or an instruction that is not known."""
    accumulator, at = 0, 0
    while True:
        operation, if_true, if_false, operand = code[at]
        at += 1
        match operation:
            case 0x20:
                (accumulator,) = struct.unpack_from("=I", data, operand)
            case 0x54:
                accumulator &= operand
            case 0x15:
                at += if_true if accumulator == operand else if_false
            case 0x35:
                at += if_true if accumulator >= operand else if_false
            case 0x45:
                at += if_true if accumulator & operand else if_false
            case 0x06:
                return operand
            case _:
                raise AssertionError(f"unknown instruction {operation:#x}")


def verdict(machine: str, name: str, *arguments: int, architecture: int | None = None) -> int:
    number = known(name, machine)
    assert number is not None
    return of_number(machine, number, *arguments, architecture=architecture)


def of_number(machine: str, number: int, *arguments: int, architecture: int | None = None) -> int:
    padded = [argument & 0xFFFFFFFFFFFFFFFF for argument in (*arguments, 0, 0, 0, 0, 0, 0)[:6]]
    which = ARCHITECTURES[machine] if architecture is None else architecture
    return evaluate(program(machine, PID), struct.pack("=IIQ6Q", number, which, 0, *padded))


@pytest.mark.parametrize("machine", MACHINES)
def test_jumps_and_length_fit(machine: str) -> None:
    code = program(machine, PID)
    assert len(code) < MOST_INSTRUCTIONS
    assert all(0 <= field < 256 for _, if_true, if_false, _ in code for field in (if_true, if_false))
    for at, (operation, if_true, if_false, _) in enumerate(code):
        if operation & 0x07 == 0x05:
            assert at + 1 + max(if_true, if_false) < len(code)
    assert code[-1][0] == 0x06


@pytest.mark.parametrize("machine", MACHINES)
def test_what_is_refused_is_refused_whatever_the_arguments(machine: str) -> None:
    names = [name for name in REFUSED if known(name, machine) is not None]
    assert {"execve", "ptrace", "bind", "listen", "mount", "io_uring_setup"} < set(names)
    for name in names:
        assert verdict(machine, name) == REFUSE, name
        assert verdict(machine, name, PID, 2**64 - 1, 1, 1) == REFUSE, name


@pytest.mark.parametrize("machine", MACHINES)
def test_a_check_of_a_strategy_reaches_nobody_and_makes_no_directory(machine: str) -> None:
    numbers = [known(name, machine) for name in ("socket", "mkdir", "mkdirat")]
    for number in (number for number in numbers if number is not None):
        data = struct.pack("=IIQ6Q", number, ARCHITECTURES[machine], 0, socket.AF_UNIX, socket.SOCK_STREAM, 0, 0, 0, 0)
        assert evaluate(program(machine, PID, offline=True), data) == REFUSE
        assert evaluate(program(machine, PID), data) == ALLOW
    assert template(machine, offline=True) != template(machine)


@pytest.mark.parametrize("machine", MACHINES)
def test_what_is_not_named_is_allowed(machine: str) -> None:
    named = {known(name, machine) for name in NUMBERS if not name.startswith(("landlock", "seccomp"))}
    others = [number for number in range(470) if number not in named]
    assert all(of_number(machine, number, 1, 2, 3) == ALLOW for number in others)
    assert len(others) > 200


@pytest.mark.parametrize("machine", MACHINES)
def test_another_architecture_or_the_x32_calls_end_the_process(machine: str) -> None:
    other = next(value for name, value in ARCHITECTURES.items() if name != machine)
    assert verdict(machine, "execve", architecture=other) == KILL
    assert of_number(machine, 0, architecture=0x40000003) == KILL
    assert of_number(machine, 0x40000000 | 59) == KILL


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("name", ["kill", "tkill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo"])
def test_signals_go_to_the_process_itself_alone(machine: str, name: str) -> None:
    assert verdict(machine, name, PID, 15) == ALLOW
    for other in (PID + 1, 1, 0, -1, -PID):
        assert verdict(machine, name, other, 15) == REFUSE


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("name", ["prlimit64", "sched_setaffinity", "sched_setscheduler", "sched_setattr"])
def test_nobody_elses_limits_are_changed(machine: str, name: str) -> None:
    assert verdict(machine, name, 0) == ALLOW
    assert verdict(machine, name, PID) == ALLOW
    assert verdict(machine, name, PID + 1) == REFUSE


@pytest.mark.parametrize("machine", MACHINES)
def test_threads_start_and_processes_do_not(machine: str) -> None:
    assert verdict(machine, "clone3") == MISSING, "the C library takes clone instead"
    assert verdict(machine, "clone", THREAD_FLAGS) == ALLOW
    assert verdict(machine, "clone", THREAD_FLAGS & ~0x400) == REFUSE, "a thread with descriptors of its own"
    assert verdict(machine, "close_range", 3, 9, 2) == REFUSE, "they become its own"
    assert verdict(machine, "close_range", 3, 9, 4) == ALLOW
    assert verdict(machine, "clone", 17) == REFUSE, "fork"
    assert verdict(machine, "clone", 0x4111) == REFUSE, "vfork, posix_spawn"
    for namespace in (0x20000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000):
        assert verdict(machine, "clone", THREAD_FLAGS | namespace) == REFUSE


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((socket.AF_UNIX, socket.SOCK_STREAM, 0), ALLOW),
        ((socket.AF_INET, socket.SOCK_STREAM, 0), ALLOW),
        ((socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK, 6), ALLOW),
        ((socket.AF_INET6, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC, 17), ALLOW),
        ((socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, 0), ALLOW),
        ((socket.AF_NETLINK, socket.SOCK_RAW, 9), REFUSE),
        ((socket.AF_INET, socket.SOCK_STREAM, 262), REFUSE),
        ((socket.AF_INET6, socket.SOCK_STREAM, 132), REFUSE),
        ((socket.AF_INET, socket.SOCK_RAW, 1), REFUSE),
        ((socket.AF_INET, socket.SOCK_SEQPACKET, 0), REFUSE),
        ((socket.AF_PACKET, socket.SOCK_RAW, 0), REFUSE),
        ((socket.AF_VSOCK, socket.SOCK_STREAM, 0), REFUSE),
        ((socket.AF_ALG, socket.SOCK_SEQPACKET, 0), REFUSE),
        ((0, 0, 0), REFUSE),
        ((43, socket.SOCK_STREAM, 0), REFUSE),
    ],
)
def test_sockets_are_unix_tcp_udp_and_routes(machine: str, arguments: tuple[int, int, int], expected: int) -> None:
    assert verdict(machine, "socket", *arguments) == expected


@pytest.mark.parametrize("machine", MACHINES)
def test_socket_pairs_are_unix(machine: str) -> None:
    assert verdict(machine, "socketpair", socket.AF_UNIX, socket.SOCK_STREAM) == ALLOW
    assert verdict(machine, "socketpair", 30, socket.SOCK_STREAM) == REFUSE


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize(("name", "position"), [("sendto", 3), ("sendmsg", 2), ("sendmmsg", 3)])
def test_nothing_connects_by_sending(machine: str, name: str, position: int) -> None:
    plain, fast = [7, 7, 7, 7], [7, 7, 7, 7]
    plain[position], fast[position] = socket.MSG_NOSIGNAL, socket.MSG_NOSIGNAL | 0x20000000
    assert verdict(machine, name, *plain) == ALLOW
    assert verdict(machine, name, *fast) == REFUSE


@pytest.mark.parametrize("machine", MACHINES)
def test_anonymous_memory_is_private(machine: str) -> None:
    shared, private, anonymous = mmap.MAP_SHARED, mmap.MAP_PRIVATE, mmap.MAP_ANONYMOUS
    assert verdict(machine, "mmap", 0, 4096, 3, private | anonymous) == ALLOW
    assert verdict(machine, "mmap", 0, 4096, 3, shared) == ALLOW, "SQLite maps its index file"
    assert verdict(machine, "mmap", 0, 4096, 3, shared | anonymous) == REFUSE
    assert verdict(machine, "mmap", 0, 4096, 3, shared | private | anonymous) == REFUSE


@pytest.mark.parametrize("machine", MACHINES)
def test_buffers_of_sockets_stay_as_they_are(machine: str) -> None:
    for option in (socket.SO_SNDBUF, socket.SO_RCVBUF, 32, 33):
        assert verdict(machine, "setsockopt", 5, socket.SOL_SOCKET, option) == REFUSE
        assert verdict(machine, "setsockopt", 5, socket.IPPROTO_TCP, option) == ALLOW
    assert verdict(machine, "setsockopt", 5, socket.SOL_SOCKET, socket.SO_KEEPALIVE) == ALLOW


@pytest.mark.parametrize("machine", MACHINES)
def test_the_kernel_is_not_made_to_signal_others(machine: str) -> None:
    assert verdict(machine, "fcntl", 5, 2, 1) == ALLOW
    for command in (8, 15):
        assert verdict(machine, "fcntl", 5, command, 1) == REFUSE
    assert verdict(machine, "ioctl", 0, 0x5401) == ALLOW
    for request in (0x5412, 0x8901, 0x8902):
        assert verdict(machine, "ioctl", 0, request) == REFUSE


@pytest.mark.parametrize("machine", MACHINES)
def test_every_table_entry_is_a_call_of_its_own(machine: str) -> None:
    numbers = [known(name, machine) for name in NUMBERS if known(name, machine) is not None]
    assert len(numbers) == len(set(numbers))


@pytest.mark.parametrize("machine", MACHINES)
def test_the_shared_program_differs_by_the_pid_alone(machine: str) -> None:
    shared = list(struct.iter_unpack("HBBI", template(machine)))
    mine = program(machine, PID)
    places = [at for at, (one, other) in enumerate(zip(shared, mine, strict=True)) if one != other]
    assert len(places) == 10, "five calls that signal, five that take 0 as well"
    assert {shared[at][3] for at in places} == {0x7FEDCBA9}
    assert {mine[at][3] for at in places} == {PID}
    assert template(machine).count(struct.pack("I", 0x7FEDCBA9)) == len(places)


def test_an_unknown_machine_has_no_program() -> None:
    with pytest.raises(KeyError):
        program("riscv64", os.getpid())
