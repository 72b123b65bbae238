"""`report`: a day or a week as one page, as CSV, or as JSON."""

import json
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from monitor.app import config
from monitor.app.failure import Exit, Failure
from monitor.report import ReportExtraMissing, Sheet, Span, as_csv, figures_of, render
from monitor.store.history import History


def report(
    day: Annotated[
        str | None, typer.Option(help="Local date, YYYY-MM-DD, today or yesterday. Default: yesterday.")
    ] = None,
    week: Annotated[
        str | None, typer.Option(help="Any local date of the week (Monday to Sunday), or today or yesterday.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Page to write; '-': print it. Default: soundscape-NODE-DATE.html."),
    ] = None,
    csv: Annotated[
        Path | None, typer.Option("--csv", help="Write the minutes as CSV as well; '-': print them.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON, and write no page.")] = False,
    file: Annotated[Path | None, typer.Option("--config", "-c", help="Configuration file (TOML).")] = None,
    state: Annotated[
        Path | None, typer.Option(help="State folder. Default: $STATE_DIRECTORY, else the XDG state folder.")
    ] = None,
) -> None:
    """Write the report of a day or a week: levels, Lden, exceedances, sounds, feelings, coverage, in words and plots.

    The page is one HTML file that needs no network and prints on A4. The limit and what counts as
    calm are set in the table `report` of the configuration.
    """
    if day is not None and week is not None:
        raise Failure(Exit.USAGE, "Give --day or --week, not both.")
    settings = config.load(config.find(file))
    zone = ZoneInfo(settings.node.time_zone)
    span = Span.week(_date(week, zone), zone) if week is not None else Span.day(_date(day or "yesterday", zone), zone)
    path = (state or config.state_folder()) / "history.db"
    if not path.is_file():
        raise Failure(Exit.MISSING_INPUT, f"There is no history at {path}: run the node first, or name --state.")
    history = History(path, settings.aggregate, settings.node.time_zone)
    try:
        sheet = Sheet(history, settings, span)
    finally:
        history.close()
    to_stdout = csv is not None and str(csv) == "-"
    if to_stdout and str(out) == "-":
        raise Failure(Exit.USAGE, "Print the page or the minutes, not both: only one of --out and --csv may be '-'.")
    if csv is not None:
        table = as_csv(sheet)
        if to_stdout:
            typer.echo(table, nl=False)
        else:
            _write(csv, table)
    if as_json:
        typer.echo(json.dumps(_figures(sheet), indent=2))
        return
    if to_stdout and out is None:
        return
    page = out or Path(f"soundscape-{settings.node.name}-{span.name}.html")
    try:
        html = render(sheet)
    except ReportExtraMissing as error:
        raise Failure(Exit.CONFIG, str(error)) from None
    if str(page) == "-":
        typer.echo(html)
        return
    _write(page, html)
    heard = f"{sheet.whole.quality.coverage:.1%} of the time was heard" if sheet.pieces else "nothing was heard"
    typer.echo(f"{page}: {span.title}; {heard}", err=to_stdout)


def _date(text: str, zone: ZoneInfo) -> date:
    today = datetime.now(zone).date()
    named = {"today": today, "yesterday": today - timedelta(days=1)}
    if text in named:
        return named[text]
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Failure(Exit.USAGE, f"{text!r} is no date such as {today.isoformat()}, nor today or yesterday.") from None


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Failure(
            Exit.CONFIG, f"{path} cannot be written: {error.strerror}; choose another with --out or --csv."
        ) from None


def _figures(sheet: Sheet) -> dict[str, Any]:
    figures = figures_of(sheet)
    return {
        "span": sheet.span.name,
        "start": sheet.span.start.isoformat(),
        "end": sheet.span.end.isoformat(),
        "time_zone": sheet.span.zone.key,
        "Lden": None if figures.Lden is None else round(figures.Lden, 2),
        "parts": {part.name: {"LAeq": part.level_db, "coverage": round(part.coverage, 5)} for part in figures.parts},
        "partial": figures.partial,
        "days": [day.model_dump(mode="json") for day in figures.days],
        "calm_hours": [hour.start.isoformat() for hour in figures.calm_hours],
        "limit_laeq_db": sheet.settings.report.limit_laeq_db,
        "minutes_above_limit": figures.minutes_above,
        "exceedances": [
            {"start": run.start.isoformat(), "minutes": run.minutes, "LAeq_max": round(run.LAeq_max, 2)}
            for run in figures.exceedances
        ],
        "calibration": sheet.calibration,
        "gaps": [gap.model_dump(mode="json") for gap in sheet.gaps],
        "whole": figures.whole.model_dump(mode="json"),
    }
