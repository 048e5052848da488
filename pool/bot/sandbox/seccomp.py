"""The last wall: system calls that a bot has no use for are refused, by a BPF program in the kernel.

A deny-list: FreqTrade and its libraries may call whatever is not named here, in whatever version. Most refusals are
EPERM. `clone3` does not exist (ENOSYS), so that the C library starts threads by `clone`, whose flags the program can
see. Signals go to the process itself alone, by argument; what can only be given a descriptor (`pidfd_send_signal`) is
refused. A program for another architecture, or the x32 calls, end the process.

Seen by argument: `socket` (Unix, TCP and UDP over IP, the routing information that name resolution reads; the kernel's
Landlock does not see MPTCP), TCP fast open (which connects where Landlock does not look), shared anonymous memory
(which RLIMIT_DATA does not count), larger buffers for sockets (the kernel's memory, which no limit of a process counts:
the out-of-memory killer would take a sibling for it), and the ways to have the kernel send signals for one
(`F_SETOWN`).
"""

import ctypes
import errno
import mmap
import os
import socket
import struct
from collections.abc import Callable, Iterable
from functools import cache

from pool.bot.sandbox.kernel import system_call
from pool.bot.sandbox.syscalls import known, number

Instruction = tuple[int, int, int, int]
"""`struct sock_filter`: code, jump if true, jump if false, operand."""

ALLOW = 0x7FFF0000
KILL = 0x80000000
_ERRNO = 0x00050000
REFUSE = _ERRNO | errno.EPERM
_MISSING = _ERRNO | errno.ENOSYS

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _AND, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
_OFFSET_NUMBER, _OFFSET_ARCHITECTURE, _OFFSET_ARGUMENTS = 0, 4, 16
_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_X32_BIT = 0x40000000
_SET_MODE_FILTER = 1

_THREAD = 0x00010000 | 0x00000400
"""CLONE_THREAD and CLONE_FILES: what a thread opens is the process's, where init sees it."""
_CLOSE_RANGE_UNSHARE = 2
_CLONE_NEW = 0x7E020000
"""CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET."""
_MSG_FASTOPEN = 0x20000000
_SHARED_ANONYMOUS = mmap.MAP_SHARED | mmap.MAP_ANONYMOUS
_F_SETOWN, _F_SETOWN_EX = 8, 15
_BUFFER_SIZES = (7, 8, 32, 33)
"""SO_SNDBUF, SO_RCVBUF, and both with FORCE."""
_TIOCSTI, _FIOSETOWN, _SIOCSPGRP = 0x5412, 0x8901, 0x8902
_SOCKET_TYPE = 0xF
_INSTRUCTION, _OPERAND = struct.Struct("HBBI"), struct.Struct("I")
_NOBODY = 0x7FEDCBA9
"""No process has this id (the kernel's go up to 2**22), and no other operand is it."""

REFUSED = (
    "execve", "execveat", "fork", "vfork", "ptrace", "process_vm_readv", "process_vm_writev", "process_madvise",
    "process_mrelease", "kcmp", "pidfd_open", "pidfd_getfd", "pidfd_send_signal", "setpriority", "ioprio_set",
    "migrate_pages", "move_pages",
    "setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid", "setfsuid", "setfsgid", "setgroups",
    "setpgid", "setsid", "capset", "personality",
    "bind", "listen",
    "mount", "umount2", "pivot_root", "chroot", "fsopen", "fsconfig", "fsmount", "fspick", "move_mount", "open_tree",
    "open_tree_attr", "mount_setattr", "statmount", "listmount", "unshare", "setns", "quotactl", "quotactl_fd",
    "swapon", "swapoff",
    "bpf", "perf_event_open", "io_uring_setup", "io_uring_enter", "io_uring_register", "userfaultfd", "add_key",
    "request_key", "keyctl", "init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load", "reboot",
    "acct", "syslog", "sethostname", "setdomainname", "settimeofday", "clock_settime", "clock_adjtime", "adjtimex",
    "ioperm", "iopl", "modify_ldt", "vhangup", "uselib",
    "name_to_handle_at", "open_by_handle_at", "fanotify_init", "fanotify_mark", "inotify_init", "inotify_init1",
    "mknod", "mknodat", "symlink", "symlinkat", "link", "linkat", "chmod", "fchmod", "fchmodat", "fchmodat2", "chown",
    "lchown", "fchown", "fchownat", "setxattr", "lsetxattr", "fsetxattr", "setxattrat", "removexattr", "lremovexattr",
    "fremovexattr", "removexattrat", "file_setattr",
    "memfd_create", "memfd_secret", "shmget", "shmat", "shmctl", "msgget", "msgsnd", "msgrcv", "msgctl", "semget",
    "semop", "semctl", "semtimedop", "mq_open", "mq_unlink",
)  # fmt: skip
"""Refused whatever the arguments."""

REFUSED_OFFLINE = ("socket", "mkdir", "mkdirat")
"""What is refused beside to a process that is to reach nobody and leave nothing: a directory of its own making could be
closed to the agent, which clears up after it."""

_OWN_PROCESS_ONLY = ("kill", "tkill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo")
_OWN_OR_ZERO = ("prlimit64", "sched_setaffinity", "sched_setscheduler", "sched_setparam", "sched_setattr")
"""0 is the caller to these."""


def program(machine: str, pid: int, *, offline: bool = False) -> list[Instruction]:
    """The filter for the process `pid` on `machine` (`x86_64` or `aarch64`). Raises KeyError for another one."""
    code: list[Instruction] = [
        (_LOAD, 0, 0, _OFFSET_ARCHITECTURE),
        (_EQUAL, 1, 0, _ARCHITECTURES[machine]),
        (_RETURN, 0, 0, KILL),
        (_LOAD, 0, 0, _OFFSET_NUMBER),
        (_AT_LEAST, 0, 1, _X32_BIT),
        (_RETURN, 0, 0, KILL),
    ]
    refused = (*REFUSED, *REFUSED_OFFLINE) if offline else REFUSED
    for name, block in _by_argument(pid):
        if name not in refused:
            code += _case(known(name, machine), block)
    for name in refused:
        code += _case(known(name, machine), [(_RETURN, 0, 0, REFUSE)])
    return [*code, (_RETURN, 0, 0, ALLOW)]


@cache
def template(machine: str, *, offline: bool = False) -> bytes:
    """The program for `_NOBODY`, packed. Assembled once, in the zygote: bots share it."""
    return b"".join(_INSTRUCTION.pack(*instruction) for instruction in program(machine, _NOBODY, offline=offline))


def install(*, offline: bool = False) -> str:
    """Puts the program in force for this process and its threads to be; what holds, as a sentence. Raises OSError."""
    machine = os.uname().machine
    if machine not in _ARCHITECTURES:
        raise OSError(f"no filter for {machine}")
    code = template(machine, offline=offline).replace(_OPERAND.pack(_NOBODY), _OPERAND.pack(os.getpid()))
    packed = ctypes.create_string_buffer(code, len(code))
    length = len(code) // _INSTRUCTION.size
    header = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", length, ctypes.addressof(packed)))
    system_call("seccomp", number("seccomp"), _SET_MODE_FILTER, 0, header)
    network = ", all that reach the network among them" if offline else ""
    return f"{len(REFUSED)} system calls are refused{network}, others by their arguments ({machine})."


def _by_argument(pid: int) -> Iterable[tuple[str, list[Instruction]]]:
    """The often used first: they run through the program each time."""
    yield "mmap", _refuse_where(3, _contains(_SHARED_ANONYMOUS))
    yield "fcntl", _refuse_where(1, _is_one_of(_F_SETOWN, _F_SETOWN_EX))
    yield "ioctl", _refuse_where(1, _is_one_of(_TIOCSTI, _FIOSETOWN, _SIOCSPGRP))
    yield "sendto", _refuse_where(3, _has_any(_MSG_FASTOPEN))
    yield "sendmsg", _refuse_where(2, _has_any(_MSG_FASTOPEN))
    yield "sendmmsg", _refuse_where(3, _has_any(_MSG_FASTOPEN))
    yield "setsockopt", _buffer_sizes()
    yield "socket", _socket()
    yield "socketpair", _allow_where(0, _is_one_of(socket.AF_UNIX))
    yield "clone", [*_refuse_where(0, _has_any(_CLONE_NEW), then=None), *_allow_where(0, _contains(_THREAD))]
    yield "close_range", _refuse_where(2, _has_any(_CLOSE_RANGE_UNSHARE))
    yield "clone3", [(_RETURN, 0, 0, _MISSING)]
    for name in _OWN_PROCESS_ONLY:
        yield name, _allow_where(0, _is_one_of(pid))
    for name in _OWN_OR_ZERO:
        yield name, _allow_where(0, _is_one_of(0, pid))


def _buffer_sizes() -> list[Instruction]:
    return [
        (_LOAD, 0, 0, _argument(1)),
        (_EQUAL, 1, 0, socket.SOL_SOCKET),
        (_RETURN, 0, 0, ALLOW),
        *_refuse_where(2, _is_one_of(*_BUFFER_SIZES)),
    ]


def _socket() -> list[Instruction]:
    over_ip = [
        *_refuse_unless(1, lambda: [(_AND, 0, 0, _SOCKET_TYPE)], (socket.SOCK_STREAM, socket.SOCK_DGRAM)),
        *_allow_where(2, _is_one_of(0, socket.IPPROTO_TCP, socket.IPPROTO_UDP)),
    ]
    routes = _allow_where(2, _is_one_of(0))
    return [
        (_LOAD, 0, 0, _argument(0)),
        (_EQUAL, 0, 1, socket.AF_UNIX),
        (_RETURN, 0, 0, ALLOW),
        (_EQUAL, 0, len(routes), socket.AF_NETLINK),
        *routes,
        (_EQUAL, 2, 0, socket.AF_INET),
        (_EQUAL, 1, 0, socket.AF_INET6),
        (_RETURN, 0, 0, REFUSE),
        *over_ip,
    ]


# ---- blocks: each is entered with anything in the accumulator, and but for `then=None` never left

Test = Callable[[int], list[Instruction]]
"""Instructions that skip so many further ones where the test fails."""


def _case(call: int | None, block: list[Instruction]) -> list[Instruction]:
    return [] if call is None else [(_EQUAL, 0, len(block), call), *block]


def _refuse_where(argument: int, test: Test, then: int | None = ALLOW) -> list[Instruction]:
    rest = [] if then is None else [(_RETURN, 0, 0, then)]
    return [(_LOAD, 0, 0, _argument(argument)), *test(1), (_RETURN, 0, 0, REFUSE), *rest]


def _allow_where(argument: int, test: Test) -> list[Instruction]:
    return [(_LOAD, 0, 0, _argument(argument)), *test(1), (_RETURN, 0, 0, ALLOW), (_RETURN, 0, 0, REFUSE)]


def _refuse_unless(
    argument: int, change: Callable[[], list[Instruction]], values: tuple[int, ...]
) -> list[Instruction]:
    """Goes on after the block where the argument, once changed, is one of `values`."""
    tests = [(_EQUAL, len(values) - index, 0, value) for index, value in enumerate(values)]
    return [(_LOAD, 0, 0, _argument(argument)), *change(), *tests, (_RETURN, 0, 0, REFUSE)]


def _is_one_of(*values: int) -> Test:
    def test(skip: int) -> list[Instruction]:
        last = len(values) - 1
        return [(_EQUAL, last - index, skip if index == last else 0, value) for index, value in enumerate(values)]

    return test


def _has_any(bits: int) -> Test:
    return lambda skip: [(_ANY_BIT, 0, skip, bits)]


def _contains(bits: int) -> Test:
    return lambda skip: [(_AND, 0, 0, bits), (_EQUAL, 0, skip, bits)]


def _argument(index: int) -> int:
    """Offset of the low word of an argument: the kernel looks at no more of those checked here."""
    return _OFFSET_ARGUMENTS + 8 * index
