"""Keys of exchange accounts: sealed at rest, checked against their exchange, handed out to live bots alone."""
