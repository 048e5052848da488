"""Web push: a user's browsers subscribe."""
