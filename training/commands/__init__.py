"""The commands of `python -m training`, by where their data comes from."""
