"""The pool's agent: brings bots to their desired state, and tells what it sees of them over HTTP.

`table` decides and is pure; `keeper` holds the slots, feeds facts to the table and carries out its actions; `init_link`
and `bot_link` speak to init and to bots; `endpoints` and `relay` are the HTTP side; `ring` and `stream` the events.
"""
