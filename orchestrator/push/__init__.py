"""Web push: what a user's browsers are told although no page of ours is open (RFC 8030, 8291, 8292).

What is to be pushed is queued in the transaction that stores what it tells of (`outbox`), one row for each
subscription; the leader sends (`sender`). It is told to the owner alone, whoever else may look at his bots. A row is
claimed before it is sent and is never sent again once an answer may have been on its way: at most once, across
restarts. What a control plane that died had claimed, eight at most, may be lost.
"""
