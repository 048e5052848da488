"""How much the control plane's log tells."""
