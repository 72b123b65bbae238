"""A blinded listening test: clips and captions under codes, a page to rate them, and texts to edit."""

import json
import shutil
from importlib import resources
from pathlib import Path
from random import Random

import jinja2

from training.assessment.sheets import SCALES, SHEET, SheetError, rows, write

KEY = ("item", "clip", "system", "caption")
TEXTS = ("call.md", "instructions.md")


def make(captions: Path, clips: Path, out: Path, seed: int) -> int:
    """Write the package for participants and the key beside it; return how many captions it holds."""
    table = rows(captions, ("clip", "system", "caption"))
    if not table:
        raise SheetError(f"{captions} holds no caption")
    for number, row in enumerate(table, 2):
        if not row["caption"] or not row["system"]:
            raise SheetError(f"{captions}, line {number}: caption or system is empty")
        if Path(row["clip"]).is_absolute() or ".." in Path(row["clip"]).parts or not (clips / row["clip"]).is_file():
            raise SheetError(f"{captions}, line {number}: there is no clip {row['clip']} in {clips}")
    rng = Random(seed)
    package = out / "package"
    (package / "clips").mkdir(parents=True, exist_ok=True)
    names = sorted({row["clip"] for row in table})
    rng.shuffle(names)
    blind = {name: f"clip{index:03d}{Path(name).suffix.lower()}" for index, name in enumerate(names, 1)}
    for name, code in blind.items():
        shutil.copyfile(clips / name, package / "clips" / code)
    order = list(table)
    rng.shuffle(order)
    codes = [f"item{index:03d}" for index in range(1, len(order) + 1)]
    items = [
        {"item": code, "clip": f"clips/{blind[row['clip']]}", "caption": row["caption"]}
        for code, row in zip(codes, order, strict=True)
    ]
    source = resources.files("training.assessment")
    page = jinja2.Environment(autoescape=True).from_string((source / "page.html").read_text(encoding="utf-8"))
    data = json.dumps({"items": items, "scales": SCALES, "columns": SHEET}).replace("<", "\\u003c")
    (package / "index.html").write_text(page.render(data=data), encoding="utf-8")
    for name in TEXTS:
        (package / name).write_text((source / name).read_text(encoding="utf-8"), encoding="utf-8")
    empty = [""] * (len(SHEET) - 2)
    write(package / "sheet.csv", SHEET, (["", item["item"], *empty] for item in items))
    lines = ((code, row["clip"], row["system"], row["caption"]) for code, row in zip(codes, order, strict=True))
    write(out / "key.csv", KEY, lines)
    return len(items)
