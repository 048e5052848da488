"""The pool's agent: brings bots to their desired state, and tells what it sees of them over HTTP.

`table` decides and is pure, as are `facts`, `reports`, `exits` and `conditions`. `keeper` holds the slots and feeds
facts to the table, `actor` carries its actions out, `announcer` tells what changed. `init_link`, `bot_link` and
`reception` speak to init and to bots; `endpoints`, `requests` and `relay` are the HTTP side; `ring` holds the events.
"""
