"""What survives a restart: history and outbox (SQLite)."""
