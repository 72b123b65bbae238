"""From frames and predictions to minutes, reporting periods and days."""
