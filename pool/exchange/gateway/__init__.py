"""The market-data gateway of a node: public data of exchanges reaches each exchange once (ADR 0016)."""
