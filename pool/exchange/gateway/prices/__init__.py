"""Best prices of whole exchanges, for agents: one look for all who wait for them."""
