"""Exit codes of a bot process that mean something to the agent; named after sysexits.h where one fits."""

OK = 0
BOOT_FAILED = 78
"""Configuration or strategy cannot be loaded (EX_CONFIG): do not restart until the spec changes."""
EXCHANGE_UNREACHABLE = 75
"""Exchange did not answer at boot (EX_TEMPFAIL): wait and try again, never a crash."""
LOCKED = 73
"""Another live process holds the directory's lock: wait and try again, never a crash."""
FENCED = 77
"""The directory was used under a higher epoch: never try again under this one."""
ORPHANED = 70
"""Neither init nor agent was left; the bot ended itself in good order."""
