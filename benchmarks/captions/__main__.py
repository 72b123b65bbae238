"""`python -m benchmarks.captions misses|recordings`: write the tables of docs/captions.md; `export`: facts to tell."""

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from benchmarks import ROOT
from benchmarks.captions.exported import write
from benchmarks.captions.judged import BANKS, Case, cases
from benchmarks.captions.recordings import described
from benchmarks.captions.written import sets, written
from benchmarks.page import put
from monitor.model.bundle import Bundle

DOCS = ROOT / "docs" / "captions.md"
COUNT = 300

app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.command()
def misses() -> None:
    """Judge the check by seeded true and false captions, and write down where it was wrong."""
    lines = ["| bank | true captions refused | false captions accepted |", "| --- | --- | --- |"]
    wrong: list[tuple[str, Case]] = []
    kinds: Counter[str] = Counter()
    for bank in BANKS:
        judged = list(cases(bank, COUNT))
        kinds.update(case.kind for case in judged)
        missed = [case for case in judged if case.miss]
        wrong += [(bank, case) for case in missed]
        true = sum(case.true for case in missed)
        lines.append(f"| {bank} | {true} of {COUNT} | {len(missed) - true} of {COUNT} |")
    for seed in sets():
        judged = list(written(seed))
        missed = [case for case in judged if case.miss]
        wrong += [(f"writer {seed}", case) for case in missed]
        true = sum(case.true for case in missed)
        lines.append(f"| writer {seed} | {true} of {len(judged) // 2} | {len(missed) - true} of {len(judged) // 2} |")
    counts = ", ".join(f"{kind.replace('_', ' ')} {count}" for kind, count in sorted(kinds.items()) if kind != "true")
    lines += [
        "",
        f"Untruths told, by kind: {counts}.",
        "",
        "| bank, seed | caption | what was wrong |",
        "| --- | --- | --- |",
    ]
    for bank, case in wrong:
        verdict = "true, refused: " + "; ".join(case.reasons) if case.true else f"false ({case.kind}), accepted"
        lines.append(f"| {bank}, {case.seed} | {case.headline}. {case.text} | {verdict} |")
    put(DOCS, "misses", "\n".join(lines))
    typer.echo("\n".join(lines[:12]))


@app.command()
def recordings(
    audio: Annotated[Path, typer.Argument(help="Folder with manifest.csv.")],
    bundle: Annotated[Path | None, typer.Option(help="Model bundle; default: the one that ships.")] = None,
) -> None:
    """Describe 20 recordings and write captions and facts down."""
    lines = [f"Model: `{Bundle.load(bundle).manifest.id}`.", ""]
    for number, (row, description) in enumerate(described(audio, bundle), 1):
        caption = description["caption"]
        lines += [f"**{number}. {row['label']}** ({row['seconds']} s; labelled {row['events'].replace(';', ', ')})", ""]
        lines += [f"> **{caption['headline']}.** {caption['text']}", ""]
        lines += [f"- {fact}" for fact in caption["facts"]] + [""]
    put(DOCS, "recordings", "\n".join(lines[:-1]))
    typer.echo("\n".join(lines))


@app.command()
def export(
    out: Annotated[Path, typer.Argument(help="JSON file to write.")],
    seed: Annotated[int, typer.Option(help="Seed.")] = 1,
    count: Annotated[int, typer.Option(help="How many periods and days.")] = 50,
) -> None:
    """Write what a language model is sent for seeded periods, for people to write captions of."""
    write(out, seed, count)


if __name__ == "__main__":
    app()
