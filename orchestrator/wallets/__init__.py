"""Wallets and their double-entry ledger: whose money it is, which bot has it, and what became of it."""
