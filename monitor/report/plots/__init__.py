"""The plots of a report, each returned as an inline SVG with a text that says what it shows."""
