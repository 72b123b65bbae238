"""Which of several heads (sounds, parts of a day, cues) a word or a figure of a stretch belongs to."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from monitor.narrate.check.sentence import Clause, Item

FAR = 13
"""Words beyond which a cue no longer belongs to a figure."""
POSTPOSED = frozenset({"on", "in", "at", "as"})
"""First words of a cue that belongs to the figure right before it: '52 dB(A) on average'."""
SUBJECTS = ("average", "background", "lden")
"""Cues that a verb of reaching may follow: 'the average reached'."""
BLOCKED = 6
"""What a figure between a cue and another figure counts, in words."""


@dataclass(slots=True)
class _Row:
    """Heads, or words, that follow each other, and what parts them from the row before."""

    heads: bool
    items: list[Item]
    parted: bool
    """By anything: a comma, 'and', a boundary, a change."""
    turned: bool
    """By more than an 'and'."""
    joined: bool
    """By more than a boundary: 'with' alone leads on."""


def belonging(words: Iterable[Item], heads: Iterable[Item], items: Sequence[Item]) -> dict[int, list[Item]]:
    """Return the heads of each word, by the place of the word.

    Heads in a row share what belongs to them; as many figures in a row as heads are theirs in order. A word between
    two rows of heads belongs to the one that no comma, 'and' or boundary parts it from; where that does not decide, to
    the row before it if the stretch begins with a head, else to the one behind. A word right before a head is its own.
    """
    rows = _rows(words, heads, items)
    result: dict[int, list[Item]] = {}
    led_on: set[int] = set()
    for index, row in enumerate(rows):
        if row.heads:
            continue
        before = next((other.items for other in reversed(rows[:index]) if other.heads), [])
        follows = rows[index + 1 : index + 3]
        if len(follows) == 2 and any(other.turned for other in follows):
            follows = follows[:1]  # else 'traffic and birds the evening'
        behind = next((other.items for other in follows if other.heads), [])
        chosen = before or behind
        if before and behind:
            parted_behind = follows[0].parted
            chosen = before if (rows[0].heads if row.parted == parted_behind else parted_behind) else behind
            if (index - 1 in led_on and not row.turned) or (row.parted and not row.joined):
                chosen = before  # 'a pleasant morning with birds and wind'
                led_on.add(index)
            if _close(row, before, behind, items):
                chosen = behind
        for number, word in enumerate(row.items):
            result[word.place] = [chosen[number]] if len(chosen) == len(row.items) > 1 else chosen
    return result


def _rows(words: Iterable[Item], heads: Iterable[Item], items: Sequence[Item]) -> list[_Row]:
    of_head = {head.place for head in heads}
    wanted = of_head | {word.place for word in words}
    rows: list[_Row] = []
    row = _Row(False, [], False, False, False)
    since: list[Item] = []
    last: Item | None = None
    reaching = False
    for item in items:
        if item.place in wanted:
            row.heads = item.place in of_head
            row.parted = row.parted or (row.heads and reaching)
            reaching = False
            if rows and rows[-1].heads == row.heads and not _afresh(since, rows[-1].items, row.heads):
                rows[-1].items.append(item)
            else:
                row.items = [item]
                rows.append(row)
            row = _Row(False, [], False, False, False)
            since = []
            continue
        if not item.has("joined"):
            since.append(item)
        if last is not None and last.kind == "comma" and item.has("cue", "peak") and item.text.endswith("ing"):
            row.parted, reaching = False, True  # 'traffic, reaching 70 dB(A)'
        if _parting(item):
            row.parted = True
            row.turned = row.turned or not item.has("marker", "and")
            row.joined = row.joined or not item.has("boundary")
        last = item
    return rows


def _close(row: _Row, before: list[Item], behind: list[Item], items: Sequence[Item]) -> bool:
    """Return whether words stand right before their head: 'traffic and probably birds', 'probably with music'."""
    between = [item for item in items if row.items[-1].end < item.place < behind[0].place]
    near = row.items[-1].kind == "word" and all(item.text in ("with", "there was", "there were") for item in between)
    return near and (row.items[0].place - before[-1].end > 1 or before[-1].has("scene"))


def _parting(item: Item) -> bool:
    turned = item.has("change") and not item.has("marker", "direction")
    return item.kind == "comma" or item.has("marker", "and") or item.has("boundary") or turned


def _afresh(between: Sequence[Item], run: Sequence[Item], head: bool) -> bool:
    """Return whether a row of heads or words ends between two of them: 'birds were heard, and wind ...'."""
    comma = next((index for index, item in enumerate(between) if item.kind == "comma"), None)
    if any(item.text in ("there was", "there were") for item in between):
        return True
    if not head:
        return comma is not None or (run[-1].kind == "word" and any(_parting(item) for item in between))
    if comma is None:
        return False
    return comma > 0 or (len(run) == 1 and any(item.has("marker", "and") for item in between))


def without_insertions(items: Sequence[Item], category: str = "certainty") -> list[Item]:
    """Return the items without the commas around an inserted word: 'birds and, probably, music'."""
    result = []
    for index, item in enumerate(items):
        before = items[index - 1] if index else None
        behind = items[index + 1] if index + 1 < len(items) else None
        if item.kind == "comma" and behind is not None and _inserted(behind, category):
            after = items[index + 2] if index + 2 < len(items) else None
            if after is None or after.kind == "comma":
                continue
        opened = index >= 2 and items[index - 2].kind == "comma"
        if item.kind == "comma" and before is not None and _inserted(before, category) and opened:
            continue
        result.append(item)
    return result


def _inserted(item: Item, category: str) -> bool:
    return item.has(category) and not item.has("certainty", "sure")


def nearest(item: Item, others: Iterable[Item], reach: int = FAR) -> Item | None:
    """Return the one of the others that stands nearest to an item, what stands before it first; None beyond reach."""
    found = [(abs(other.place - item.place), other.place > item.place, other) for other in others if other is not item]
    best = min(found, key=lambda entry: entry[:2], default=None)
    return best[2] if best is not None and best[0] <= reach else None


def cue_of(figure: Item, cues: Iterable[Item], figures: Sequence[Item], items: Sequence[Item]) -> Item | None:
    """Return the cue that tells what a figure is of: the nearest, those before it and not taken by another first."""
    best: tuple[float, Item] | None = None
    cues = list(cues)
    subjects = [cue for cue in cues if any(cue.has("cue", name) for name in SUBJECTS)]
    for cue in cues:
        if cue.has("cue", "peak") and any(0 < cue.place - subject.end <= 3 for subject in subjects):
            continue
        ahead = next((item for item in reversed(items[: items.index(cue)]) if item.kind != "unit"), cue)
        if ahead in figures and cue.text.split()[0] in POSTPOSED:
            if ahead is figure:
                return cue
            continue
        low, high = sorted((cue.place, figure.place))
        between = sum(low < other.place < high for other in figures)
        comma = any(item.kind == "comma" and low < item.place < high for item in items)
        cost = high - low + ((8 if comma else 4) if cue.place > figure.place else 0) + BLOCKED * between
        if high - low <= FAR + 4 and (best is None or cost < best[0]):
            best = (cost, cue)
    return best[1] if best else None


def ranges(items: Sequence[Item]) -> list[tuple[Item, Item]]:
    """Return the times that stand in pairs: from 17:35 to 17:40."""
    times = [item for item in items if item.kind == "time"]
    pairs: list[tuple[Item, Item]] = []
    for first, second in pairwise(times):
        if second.place - first.place <= 4 and (not pairs or pairs[-1][1] is not first):
            pairs.append((first, second))
    return pairs


def denied(item: Item, clause: Clause) -> bool:
    """Return whether a word is negated: 'not calm', 'neither pleasant nor unpleasant', 'not vibrant, busy or calm'."""
    index = clause.items.index(item)
    plain = 0
    for other in reversed(clause.items[:index]):
        if other.has("negation"):
            behind = clause.items[clause.items.index(other) + 1]
            return not (other.text in ("neither", "nor") and item.has("level") and behind.has("feeling"))
        listed = other.has("feeling") or other.has("level") or other.has("degree")
        if other.has("sound") or other.has("change") or other.has("number") or other.kind in ("number", "time"):
            return False
        if other.kind == "comma" or other.has("marker", "and"):
            before = clause.items[clause.items.index(other) - 1]
            if not (
                before.has("feeling") or before.has("level") or before.has("marker", "and") or before.kind == "comma"
            ):
                return False
        plain = 0 if listed else plain + 1
        if plain > 6:
            return False
    return False
