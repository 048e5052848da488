"""System calls that Python has no name for."""

import ctypes
import os

PR_SET_NO_NEW_PRIVS = 38
PR_GET_NO_NEW_PRIVS = 39
PR_CAPBSET_DROP = 24
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_CLEAR_ALL = 4

_MOST_STATUS_BYTES = 16 * 1024
_LIBC = ctypes.CDLL(None, use_errno=True)


def prctl(option: int, *arguments: int) -> int:
    """prctl(2). Raises OSError."""
    padded = [ctypes.c_ulong(argument) for argument in (*arguments, 0, 0, 0, 0)[:4]]
    return _checked(_LIBC.prctl(ctypes.c_int(option), *padded), "prctl")


def system_call(name: str, number: int, *arguments: int | ctypes.Array[ctypes.c_char] | None) -> int:
    """syscall(2) of `number`; `name` is for the error. Raises OSError."""
    given = [ctypes.c_long(argument) if isinstance(argument, int) else argument for argument in arguments]
    return _checked(_LIBC.syscall(ctypes.c_long(number), *given), name)


def process_status(field: str) -> str:
    """A field of /proc/self/status. Raises OSError; ValueError where the kernel has no such field."""
    descriptor = os.open("/proc/self/status", os.O_RDONLY | os.O_CLOEXEC)
    try:
        status = os.read(descriptor, _MOST_STATUS_BYTES)
    finally:
        os.close(descriptor)
    _, found, rest = status.partition(f"\n{field}:".encode())
    if not found:
        raise ValueError(f"/proc/self/status has no {field}")
    return rest.partition(b"\n")[0].decode().strip()


def _checked(result: int, name: str) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{name}: {os.strerror(code)}")
    return result
