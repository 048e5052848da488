"""What a pool's container is, as Docker itself tells and as it is from inside."""

import asyncio
import errno
import io
import json
import stat
import tarfile
from typing import Any

import pytest

from orchestrator.pools.drivers import CannotStartPool
from tests.docker.broker_rig import BrokerRig, ask, pool


async def test_the_container_is_what_it_must_be(rig: BrokerRig) -> None:
    driver = rig.driver()
    await driver.ensure(pool(memory_limit_bytes=300 * 2**20))
    told = rig.inspect()
    host, config = told["HostConfig"], told["Config"]
    assert host["ReadonlyRootfs"] is True
    assert host["Privileged"] is False
    assert host["CapDrop"] == ["ALL"]
    assert sorted(host["CapAdd"]) == ["CHOWN", "KILL", "SETGID", "SETUID", "SYS_PTRACE"]
    assert "no-new-privileges:true" in host["SecurityOpt"]
    assert host["Memory"] == host["MemorySwap"] == 300 * 2**20
    assert host["PidsLimit"] == 256 + 7 * 64
    assert host["LogConfig"] == {"Type": "json-file", "Config": {"max-size": "10m", "max-file": "3"}}
    assert host["RestartPolicy"]["Name"] == "unless-stopped"
    assert (host["IpcMode"], host["PidMode"], host["UTSMode"], host["UsernsMode"]) == ("private", "", "", "")
    assert {limit["Name"]: limit["Hard"] for limit in host["Ulimits"]} == {"nofile": 8192, "core": 0}
    for path in ("/tmp", "/run"):
        assert {"noexec", "nosuid", "nodev"} < set(host["Tmpfs"][path].split(","))
        assert "size=" in host["Tmpfs"][path]
    assert [(mount["Type"], mount["Name"], mount["Destination"]) for mount in told["Mounts"]] == [
        ("volume", rig.name(), "/pool")
    ]
    assert not host["PortBindings"]
    assert not host["PublishAllPorts"]
    assert not any(told["NetworkSettings"]["Ports"].values())
    assert not host["Devices"]
    assert not host["Binds"]
    assert list(told["NetworkSettings"]["Networks"]) == [f"flotilla-{rig.installation}-t-usr-1"]
    assert config["User"] == "0:0"
    assert config["Hostname"] == "pool-a"
    labels = config["Labels"]
    assert labels["flotilla.installation"] == rig.installation
    assert (labels["flotilla.pool"], labels["flotilla.tenant"], labels["flotilla.protocol"]) == ("pool-a", "usr-1", "1")


async def test_the_profile_is_an_allow_list_without_the_dangerous_calls(rig: BrokerRig) -> None:
    await rig.driver().ensure(pool())
    told = next(option for option in rig.inspect()["HostConfig"]["SecurityOpt"] if option.startswith("seccomp="))
    profile = json.loads(told.removeprefix("seccomp="))
    assert profile["defaultAction"] == "SCMP_ACT_ERRNO"
    allowed = {
        name for rule in profile["syscalls"] if rule["action"] == "SCMP_ACT_ALLOW" and not rule.get("args")
        for name in rule["names"]
    }  # fmt: skip
    refused = (
        "mount umount2 pivot_root chroot move_mount fsopen open_tree mount_setattr unshare setns clone clone3 "
        "ptrace process_vm_readv process_vm_writev pidfd_getfd kcmp bpf perf_event_open keyctl add_key request_key "
        "userfaultfd io_uring_setup io_uring_enter io_uring_register kexec_load kexec_file_load init_module "
        "finit_module delete_module reboot swapon swapoff open_by_handle_at mknod mknodat syslog acct settimeofday "
        "clock_settime personality quotactl iopl ioperm fanotify_init socket"
    )
    assert not allowed & set(refused.split())
    needed = "landlock_create_ruleset landlock_add_rule landlock_restrict_self seccomp prctl setresuid setresgid chown"
    assert set(needed.split()) < allowed


async def test_the_token_is_in_the_volume_alone(rig: BrokerRig, caplog: Any, capfd: Any) -> None:
    driver = rig.driver()
    await driver.ensure(pool())
    endpoint = await rig.listening(driver)
    container = await rig.client().pool("pool-a")
    assert container is not None
    assert container.agent_token is not None
    assert container.agent_token.get_secret_value() == endpoint.token
    volume = rig.docker.inspect_volume(rig.name())
    logs = rig.docker.logs(rig.name()).decode()
    shown = json.dumps([rig.inspect(), volume]) + logs + repr(container) + repr(endpoint) + container.model_dump_json()
    assert endpoint.token not in shown + caplog.text + "".join(capfd.readouterr())


async def test_the_pool_finds_its_files_with_their_owners(rig: BrokerRig) -> None:
    driver = rig.driver()
    await driver.ensure(pool())
    told = await ask(await rig.listening(driver), "/starts")
    settings = told["settings"]
    assert told["ids"] == [10_000] * 3
    assert settings["paper_exchange_url"] == "http://paper-exchange:9000"
    assert (settings["gateway_url"], settings["signed_requests"]) == ("http://gateway:9100", "straight")
    assert (settings["agent_host"], settings["agent_port"]) == ("0.0.0.0", 8700)
    assert (settings["agent_uid"], settings["isolation"]) == (10_000, "required")
    assert settings["bot_uid_first"] == rig.settings.uid_first
    assert settings["memory_limit_bytes"] == rig.inspect()["HostConfig"]["Memory"]
    chunks, _ = rig.docker.get_archive(rig.name(), "/pool/.")
    with tarfile.open(fileobj=io.BytesIO(b"".join(chunks))) as tar:
        entries = {entry.name.removeprefix("./"): entry for entry in tar}
    assert (entries["agent-token"].uid, stat.S_IMODE(entries["agent-token"].mode)) == (10_000, 0o400)
    assert stat.S_IMODE(entries["pool.json"].mode) == 0o644
    root = entries[""] if "" in entries else entries["."]
    assert (root.uid, root.gid, stat.S_IMODE(root.mode)) == (10_000, 0, 0o771)


async def test_bots_of_two_pools_never_share_a_user_id(rig: BrokerRig) -> None:
    driver, lowest = rig.driver(), rig.settings.uid_first
    await asyncio.gather(driver.ensure(pool()), driver.ensure(pool("pool-b", "usr-2")))

    async def bots_of(pool_id: str, slots: int = 7) -> range:
        settings = (await ask(await rig.listening(driver, pool_id), "/starts"))["settings"]
        found = range(settings["bot_uid_first"], settings["bot_uid_first"] + 2 * slots)
        labels = rig.inspect(pool_id)["Config"]["Labels"]
        assert labels["flotilla.bot-uids"] == f"{found.start}-{found.stop - 1}"
        return found

    first = await bots_of("pool-a")
    second = await bots_of("pool-b")
    assert {first.start, second.start} == {lowest, lowest + 14}

    lower, higher = ("pool-a", "pool-b") if first.start < second.start else ("pool-b", "pool-a")
    rig.docker.remove_container(rig.name(lower), force=True)
    await driver.ensure(pool("pool-c", "usr-3"))
    assert (await bots_of("pool-c")).start == lowest + 28, "what the volume of a lost container has is not free"
    await driver.ensure(pool(lower, "usr-1" if lower == "pool-a" else "usr-2", slots_total=8))
    assert (await bots_of(lower, 8)).start == lowest + 42, "no room to grow where it was"

    container = rig.inspect(higher)["Id"]
    await driver.stop(higher, graceful=True)
    await rig.restart()
    again = rig.driver()
    await again.ensure(pool(higher, "usr-1" if higher == "pool-a" else "usr-2"))
    assert (await bots_of(higher)).start == lowest + 14
    assert rig.inspect(higher)["Id"] == container, "started again, not made anew"


async def test_no_user_ids_left_is_told(rig: BrokerRig) -> None:
    await rig.restart(uid_last=rig.settings.uid_first + 15)
    await rig.driver().ensure(pool())
    with pytest.raises(CannotStartPool, match="FLOTILLA_BROKER_UID_LAST"):
        await rig.driver().ensure(pool("pool-b"))


_TRIED_INSIDE = """
import ctypes, json, os, platform
libc = ctypes.CDLL(None, use_errno=True)
numbers = {
    "x86_64": {"unshare": 272, "ptrace": 101, "keyctl": 250, "bpf": 321, "userfaultfd": 323, "mount": 165,
               "perf_event_open": 298, "setns": 308, "process_vm_readv": 310, "open_by_handle_at": 304},
    "aarch64": {"unshare": 97, "ptrace": 117, "keyctl": 219, "bpf": 280, "userfaultfd": 282, "mount": 40,
                "perf_event_open": 241, "setns": 268, "process_vm_readv": 270, "open_by_handle_at": 265},
}[platform.machine()] | {"io_uring_setup": 425, "pidfd_getfd": 438}
told = {}
for name, number in numbers.items():
    ctypes.set_errno(0)
    answer = libc.syscall(number, 0, 0, 0, 0, 0, 0)
    told[name] = ctypes.get_errno() if answer == -1 else 0
ctypes.set_errno(0)
told["landlock"] = ctypes.get_errno() if libc.syscall(444, None, 0, 1) == -1 else 0
for name, work in {
    "root": lambda: open("/new", "w"), "tmp": lambda: open("/tmp/new", "w").close(), "AF_ALG": lambda: socket(38),
    "AF_PACKET": lambda: socket(17), "mkfifo": lambda: os.mkfifo("/tmp/fifo"),
    "setuid": lambda: os.setresuid(20000, 20000, 20000),
}.items():
    from socket import socket
    try:
        work()
        told[name] = 0
    except OSError as error:
        told[name] = error.errno
print(json.dumps(told))
"""


async def test_the_walls_hold_inside(rig: BrokerRig) -> None:
    """As root with init's capabilities, whom nothing but these walls stops."""
    driver = rig.driver()
    await driver.ensure(pool())
    await rig.listening(driver)
    executed = rig.docker.exec_create(rig.name(), ["python", "-c", _TRIED_INSIDE])
    told = json.loads(rig.docker.exec_start(executed["Id"]).decode().splitlines()[-1])
    assert told.pop("landlock") != errno.EPERM, "bots build their own walls"
    assert (told.pop("tmp"), told.pop("setuid")) == (0, 0)
    assert told.pop("root") == errno.EROFS
    assert {name: number for name, number in told.items() if number not in (errno.EPERM, errno.ENOSYS)} == {}
