"""Many nodes as a broker sees them: followed, kept in a database, imitated, let in."""
