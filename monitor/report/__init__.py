"""Day and week reports."""
