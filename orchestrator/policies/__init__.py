"""The universal rules of users and bots as versioned documents: who wants what, since when and why."""
