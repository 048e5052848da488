"""How a bot's requests reach its exchange: through the node's gateway, straight with its leave, or, where the gateway
does not answer, straight and within a budget of its own."""
