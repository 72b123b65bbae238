"""Captions judged: summaries made from a seed, true and subtly false captions about them, and the tables in docs."""
