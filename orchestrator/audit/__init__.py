"""Who did what, when, why, and what it changed."""
