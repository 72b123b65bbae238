"""Configuration, wiring, health and the command line."""
