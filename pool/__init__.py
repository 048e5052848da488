"""What runs beside the bots: init, zygote, agent and the bots themselves. Never sees the database or the web edge."""
