"""The pool's init: spawns and restarts zygote and agent, reaps every bot, and keeps the table of runs."""
