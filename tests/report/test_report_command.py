"""`report` writes a page, a table or figures, and says in a sentence what is wrong."""

import csv
import json
from io import StringIO
from pathlib import Path

import pytest
import typer
from report_day import DAY, SETTINGS
from typer.testing import CliRunner, Result

from monitor.app.commands.report import report
from monitor.app.failure import Failure
from monitor.store.history import History


@pytest.fixture(scope="module")
def state(park: History) -> Path:
    path = next(Path(name) for _, _, name in _databases(park))
    return path.parent


def _databases(history: History) -> list[tuple[int, str, str]]:
    with history.upkeep._file.reading() as connection:
        return list(connection.execute("PRAGMA database_list"))


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "monitor.toml"
    path.write_text(f'[node]\nsite = "demo"\nname = "bandstand"\ntime_zone = "{SETTINGS.node.time_zone}"\n')
    return path


def call(*arguments: object) -> Result:
    app = typer.Typer()
    app.command()(report)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_a_page_and_a_table_are_written(state: Path, config: Path, tmp_path: Path) -> None:
    page, table = tmp_path / "day.html", tmp_path / "day.csv"
    ran = call("--day", "2026-05-08", "--state", state, "--config", config, "--out", page, "--csv", table)
    assert ran.exit_code == 0, ran.output
    assert "Friday 8 May 2026; 96.5% of the time was heard" in ran.output
    assert page.read_text("utf-8").startswith("<!DOCTYPE html>")
    assert len(list(csv.DictReader(StringIO(table.read_text("utf-8"))))) == 24 * 60 - 50


def test_figures_as_json(state: Path, config: Path) -> None:
    ran = call("--week", "2026-05-08", "--state", state, "--config", config, "--json")
    figures = json.loads(ran.stdout)
    assert figures["span"] == "2026-W19" and len(figures["days"]) == 7
    assert figures["start"] == "2026-05-03T22:00:00+00:00"
    friday = figures["days"][4]
    assert friday["date"] == DAY.first.isoformat() and friday["Lden"] > 40 and friday["partial"]
    assert figures["calibration"].startswith("94 dB")
    assert figures["limit_laeq_db"] is None and figures["minutes_above_limit"] is None


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--day", "8 May"], 2, "is no date such as"),
        (["--day", "today", "--week", "today"], 2, "not both"),
        (["--state", "/nonexistent"], 66, "There is no history"),
    ],
)
def test_faults_are_sentences(arguments: list[str], code: int, words: str) -> None:
    ran = call(*arguments)
    assert isinstance(ran.exception, Failure)
    assert ran.exception.code == code and words in str(ran.exception)


def test_a_file_that_cannot_be_written_is_told(state: Path, tmp_path: Path) -> None:
    ran = call("--day", "2026-05-08", "--state", state, "--csv", tmp_path / "no" / "day.csv", "--json")
    assert isinstance(ran.exception, Failure) and "cannot be written" in str(ran.exception)
