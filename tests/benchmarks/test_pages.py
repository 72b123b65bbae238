"""A page says what its commands printed, and keeps what was written by hand; lags are told as far as they carry."""

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import __main__ as runner
from benchmarks import page
from benchmarks.node.__main__ import printed
from benchmarks.node.live import spread_ms

ROOT = Path(__file__).resolve().parents[2]
TEXT = """# A page
By hand.

<!-- node memory -->
| old | 1 |
<!-- end of node memory -->

A note.

<!-- node memory --hours 48 -->
kept
<!-- end of node memory --hours 48 -->
"""


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "page.md"
    path.write_text(TEXT)
    monkeypatch.setattr(runner.page, "sections", lambda: page_sections([path]))
    return path


page_sections = page.sections


def ask(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    monkeypatch.setattr(sys, "argv", ["benchmarks", *arguments])
    runner.main()


def test_a_section_is_replaced_and_all_else_stays(written: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "run", lambda section: f"| {section} | 2 |\n")
    ask(monkeypatch, "node memory")
    before, _, rest = written.read_text().partition("<!-- node memory -->\n")
    said, _, after = rest.partition("<!-- end of node memory -->\n")
    assert "python -m benchmarks.node memory`" in said and said.endswith("\n\n| node memory | 2 |\n")
    assert before + "<!-- node memory -->\n| old | 1 |\n<!-- end of node memory -->\n" + after == TEXT


def test_what_was_printed_earlier_is_put_with_its_day(
    written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "printed.md"
    file.write_text(printed({"memory": {"sound, h": 48, "slope": None}}))
    ask(monkeypatch, "--printed", str(file), "node memory --hours 48")
    assert written.read_text().startswith(TEXT.partition("kept")[0])
    assert "| memory | |\n| --- | --- |\n| sound, h | 48 |\n| slope | - |\n<!-- end of" in written.read_text()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("node cpu",), "no page has a section for node cpu; there are: node memory, node memory --hours 48"),
        (("--printed", "x", "node memory", "node memory --hours 48"), "--printed needs the one section"),
    ],
)
def test_what_has_no_place_is_refused_before_it_is_measured(
    written: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    sentence: str,
) -> None:
    monkeypatch.setattr(runner, "run", lambda section: pytest.fail(section))
    with pytest.raises(SystemExit) as ended:
        ask(monkeypatch, *arguments)
    assert ended.value.code == 2 and sentence in capsys.readouterr().err
    assert written.read_text() == TEXT


def test_a_benchmark_that_fails_leaves_its_section(written: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SystemExit, match="ended with exit code 2; its section stays as it was"):
        runner.run("node nonsense")


def test_the_pages_have_a_section_for_every_usual_command_and_for_long_runs() -> None:
    there = page_sections()
    assert {*runner.USUAL, "node memory --hours 27", "soak --fault all", "soak --days 7"} <= set(there)
    for name, path in there.items():
        assert f"<!-- {name} -->\n" in path.read_text()
        module = ROOT / "benchmarks" / shlex.split(name)[0]
        assert module.is_dir() or module.with_suffix(".py").is_file(), name


def test_a_p99_is_told_only_where_it_rests_on_more_than_the_largest() -> None:
    few, enough = (spread_ms([k / 1000 for k in range(1, n + 1)]) for n in (199, 200))
    assert few["p99"] is None and (few["p50"], few["p90"], few["largest"]) == (100, 180, 199)
    assert enough["p99"] == 198 and enough["largest"] == 200


def test_the_shared_folder_is_where_the_environment_says() -> None:
    code = "from benchmarks import SHARED; print(SHARED)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env={"SOUNDSCAPE_SHARED": "/somewhere"}, capture_output=True, text=True
    )
    assert done.stdout.strip() == "/somewhere", done.stderr
