"""How much the log of the control plane tells, changed while it runs."""
