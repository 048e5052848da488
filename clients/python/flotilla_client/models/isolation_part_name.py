from typing import Literal

IsolationPartName = Literal[
    "landlock", "landlock_network", "memory_limit", "no_new_privs", "own_uid", "rlimits", "seccomp"
]

ISOLATION_PART_NAME_VALUES: set[IsolationPartName] = {
    "landlock",
    "landlock_network",
    "memory_limit",
    "no_new_privs",
    "own_uid",
    "rlimits",
    "seccomp",
}


def check_isolation_part_name(value: str) -> IsolationPartName:
    if value in ISOLATION_PART_NAME_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {ISOLATION_PART_NAME_VALUES!r}")
