"""How the processes of a pool talk: framing on stream sockets and short addresses for deep directories."""
