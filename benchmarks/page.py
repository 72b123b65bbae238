"""Pages with sections between marks: a section is replaced by what its command prints, all else is written by hand."""

import re
from collections.abc import Iterable
from pathlib import Path

from benchmarks import ROOT

PAGES = (ROOT / "docs" / "performance.md", ROOT / "docs" / "endurance.md")
MARK = re.compile(r"^<!-- end of (.+) -->$", re.MULTILINE)


def sections(pages: Iterable[Path] = PAGES) -> dict[str, Path]:
    """Return the sections that the pages have room for, by the command that prints them, each with its page."""
    return {name: page for page in pages for name in MARK.findall(page.read_text(encoding="utf-8"))}


def put(page: Path, section: str, body: str) -> None:
    """Replace what stands between the marks of a section; ends with a sentence where the page has no such section."""
    text, name = page.read_text(encoding="utf-8"), re.escape(section)
    pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end of {name} -->)", re.DOTALL)
    if not pattern.search(text):
        raise SystemExit(f"{page.name} has no section {section}")
    page.write_text(pattern.sub(lambda found: f"{found[1]}{body.strip()}\n{found[2]}", text), encoding="utf-8")
