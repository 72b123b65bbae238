"""A true and a subtly false caption of each export, by writers who had not seen the lexicon."""

import json
from collections.abc import Iterator
from pathlib import Path

from benchmarks.captions.exported import exported
from benchmarks.captions.judged import Case
from monitor.narrate.check.caption import check

FILE = Path(__file__).with_name("written.json")
"""Sets by the seed of their export; each row: number, id of the facts, true and false headline and caption, fault."""
COUNT = 50


def sets() -> dict[str, list[list[str]]]:
    """Return the rows of each set, by seed."""
    rows: dict[str, list[list[str]]] = json.loads(FILE.read_text(encoding="utf-8"))
    return rows


def written(seed: str) -> Iterator[Case]:
    """Yield the captions of a set, judged; ValueError where the facts are no longer those that were told."""
    sheets = dict(exported(int(seed), COUNT))
    for name, facts_id, *texts, fault in sets()[seed]:
        sheet = sheets[name]
        if sheet.facts_id != facts_id:
            raise ValueError(f"the facts of {name} have changed since its captions were written")
        for true, (headline, text) in ((True, texts[:2]), (False, texts[2:])):
            reasons = check(headline, text, sheet, "en").reasons
            yield Case(int(name.split("-")[1]), true, "true" if true else fault, headline, text, reasons)
