"""The attempts of `prober.py` by name, and what must come of them."""


def _words(text: str) -> list[str]:
    return text.split()


_VICTIMS = ("sibling", "agent", "zygote", "init")
_PROC = ("environ", "mem", "maps", "cmdline", "status", "fd_3", "task", "net_unix")
_NAMESPACES = ("mount", "ipc", "user", "process", "network")
REFUSED = {"EACCES", "EPERM"}
_ABSENT = REFUSED | {"ENOENT", "EROFS"}

FILES = _words("""
    list_sibling_directory read_sibling_config read_sibling_config_by_climbing read_sibling_config_by_descriptor
    read_sibling_config_by_proc write_sibling_trades take_sibling_lock raise_sibling_epoch remove_sibling_file
    steal_sibling_file plant_in_sibling_directory open_sibling_directory_to_all truncate_sibling_log list_bots
    make_bot_directory list_pool list_archive read_agent_token read_agent_token_by_descriptor write_agent_token
    read_slots read_pool_settings write_pool_settings hold_init_lock read_endpoint replace_agent_socket read_agent_log
    write_pool read_shadow list_root_directory list_home_of_root write_tmp write_dev_shm write_run write_code_of_pool
    write_site_packages open_terminal read_kernel_settings write_kernel_settings list_control_groups
    read_mounts_of_init plant_link plant_second_name plant_pipe plant_device plant_socket raise_file_rights
    give_file_away import_reads_agent_token import_lists_bots
""")
PROCESSES = [
    *(f"{what}_{victim}" for victim in _VICTIMS for what in ("read_memory_of", "trace", "seize", "sigkill", "sigstop")),
    *(f"read_{file}_of_{victim}" for victim in _VICTIMS for file in _PROC),
    *(f"enter_directory_of_{victim}" for victim in _VICTIMS),
    *_words("""
    list_processes write_memory_of_sibling write_mem_of_sibling sigkill_first_process sigkill_everybody
    sigkill_group_of_sibling sigkill_by_thread sigkill_by_thread_group sigkill_by_queue open_pidfd sigkill_by_pidfd
    steal_descriptor_by_pidfd send_signals_by_descriptor compare_with_sibling limit_sibling slow_sibling_down
    slow_user_down pin_sibling reschedule_sibling spare_itself_when_memory_runs_out import_kills_everybody
    """),
]
PROGRAMS = [
    *(f"{how}_{name}_namespace" for how in ("clone", "unshare") for name in _NAMESPACES),
    *_words("""
    run_in_shell run_by_subprocess run_by_exec run_by_execveat run_by_loader run_python run_by_spawn fork fork_bomb
    clone vfork take_descriptors_of_its_own
    enter_namespace mount_tmpfs mount_proc remount_root unmount_pool open_file_system open_tree move_mount
    change_root pivot_root become_root become_group_of_root become_agent become_sibling join_groups take_capabilities
    change_personality call_io_uring_setup call_bpf call_perf_event_open call_userfaultfd call_keyctl call_add_key
    call_init_module call_finit_module call_delete_module call_kexec_load call_reboot call_syslog call_settimeofday
    call_clock_settime call_sethostname call_swapon call_acct call_quotactl call_fanotify_init call_inotify_init1
    call_name_to_handle_at call_open_by_handle_at make_memory_file make_secret_memory map_shared_memory
    enlarge_buffers_for_sending enlarge_buffers_for_receiving map_shared_memory_by_device
    get_shared_segment get_message_queue get_semaphores open_posix_queue
    import_runs_a_program
    """),
]  # fmt: skip
NETWORK = _words("""
    listen_on_tcp listen_on_tcp6 listen_on_udp listen_on_abstract_socket listen_without_address reach_abstract_socket
    reach_api_of_sibling reach_own_pools_agent reach_own_pools_agent_by_loopback reach_pool_of_another_tenant
    reach_database reach_database_by_fast_open reach_redis reach_redis_by_fast_open reach_docker_over_tcp
    reach_metadata reach_metadata_over_ip6 open_multipath_socket open_sctp_socket open_raw_socket open_ping_socket
    open_packet_socket open_netlink_audit open_vm_socket open_crypto_socket
""")
OTHERWISE = {
    "open_sibling_trades": {"OperationalError"},
    "replace_code_of_pool": {"EXDEV", *REFUSED},
    "clone3": {"ENOSYS"},
    "lock_memory": {"ENOMEM", "EPERM"},
    "find_strange_descriptors": {"LookupError"},
    **{name: {"ValueError"} for name in ("raise_own_limits", "lift_own_memory_limit", "dump_core")},
    **{name: {"EROFS", "EACCES"} for name in ("write_var_tmp", "write_usr_lib", "write_opt_flotilla")},
    **dict.fromkeys(("open_memory_device", "trigger_kernel", "reach_docker_socket", "reach_broker_socket"), _ABSENT),
    **{name: {"EOFError", "ECONNRESET"} for name in ("speak_as_sibling", "speak_as_unknown_run", "speak_as_nobody")},
}
"""What else but a refusal by permission is right."""
HONEST = [f"honest_{what}" for what in ("files", "threads", "exchange", "names", "memory", "database")]
