"""Terminal views of snapshots."""
