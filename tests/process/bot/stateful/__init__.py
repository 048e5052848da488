"""A real bot between a paper exchange, faults at named points, and its books: see `machine`."""
