"""What the parts cost and how exact they are, beside their peers."""
