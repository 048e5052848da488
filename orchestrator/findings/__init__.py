"""Findings: in what an exchange account and the books of its bots differ, until somebody or something settles it."""
