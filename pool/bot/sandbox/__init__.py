"""The walls around one bot, put up in its own process after the fork and before any thread, secret or user's code.

`walls` has the order (ADR 0004), one module each the parts: `uids` (own user id, no capabilities), `limits`,
`landlock` (files, TCP ports, signals; `reach` says which), `seccomp` (system calls). Linux only, by `ctypes`.
Nothing here knows FreqTrade or a secret.
"""
