"""Who recorded what the shipped weights were trained on."""

import csv
from pathlib import Path

from training.mixture.sources import TRAINING_LICENCES, read_manifest, split


def attribution_table(folder: Path) -> str:
    """Markdown table of the training recordings of an audio folder, one row a source."""
    used = {source.file for source in split(read_manifest(folder), held_out=False)}
    with (folder / "manifest.csv").open(newline="", encoding="utf-8") as lines:
        rows = [
            row for row in csv.DictReader(lines) if row["file"] in used and row["licence_class"] in TRAINING_LICENCES
        ]
    seen: dict[tuple[str, ...], int] = {}
    for row in rows:
        title = row["label"]
        place = (
            f"{row['source_repo']}, {Path(row['source_path']).parent}/"
            if title.startswith(("ESC", "GRID"))
            else (f"{row['source_repo']}, {row['source_path']}")
        )
        key = (row["licence"], row["attribution"], title, place)
        seen[key] = seen.get(key, 0) + 1
    table = ["| licence | author | sound | source | clips |", "|---|---|---|---|---|"]
    table += [
        f"| {' | '.join(cell.replace('|', '/') for cell in key)} | {count} |" for key, count in sorted(seen.items())
    ]
    return "\n".join(table) + "\n"
