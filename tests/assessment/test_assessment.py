"""A listening test: blinded, usable in a browser, and analysed to answers that are known."""

import csv
import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from training.assessment.__main__ import app
from training.assessment.agreement import krippendorff_alpha
from training.assessment.analysis import MEASURES, estimates, table
from training.assessment.sheets import SCALES, SHEET, Rating, SheetError, ratings

RUNNER = CliRunner()


def _write(path: Path, lines: list[list[object]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(lines)
    return path


@pytest.fixture
def made(tmp_path: Path) -> Path:
    clips = tmp_path / "clips"
    clips.mkdir()
    lines: list[list[object]] = [["clip", "system", "caption"]]
    for index in range(4):
        (clips / f"secret place {index}.wav").write_bytes(b"RIFF")
        for system in ("template", "expert"):
            lines.append([f"secret place {index}.wav", system, f'Birds & "people" <{index}> </script> {system[0]}.'])
    captions = _write(tmp_path / "captions.csv", lines)
    out = tmp_path / "out"
    result = RUNNER.invoke(app, ["make", str(captions), "--clips", str(clips), "--out", str(out)])
    assert result.exit_code == 0, result.output
    return out


def test_nothing_in_the_package_tells_the_system_or_the_clip(made: Path) -> None:
    package = made / "package"
    for path in package.rglob("*"):
        assert "secret" not in path.name
        if path.suffix in (".html", ".csv", ".md"):
            text = path.read_text()
            assert "secret" not in text and "template" not in text and '"expert"' not in text
    key = list(csv.DictReader((made / "key.csv").open()))
    assert {row["system"] for row in key} == {"template", "expert"} and len(key) == 8
    assert not (package / "key.csv").exists()


def test_the_page_carries_every_caption(made: Path) -> None:
    page = (made / "package" / "index.html").read_text()
    found = re.search(r'id="data">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    data = json.loads(found[1])
    assert len(data["items"]) == 8
    assert all((made / "package" / item["clip"]).is_file() for item in data["items"])
    assert any("</script>" in item["caption"] for item in data["items"])


def test_a_missing_clip_is_named(tmp_path: Path) -> None:
    captions = _write(tmp_path / "c.csv", [["clip", "system", "caption"], ["no.wav", "a", "b."]])
    result = RUNNER.invoke(app, ["make", str(captions), "--clips", str(tmp_path), "--out", str(tmp_path / "o")])
    assert result.exit_code == 2
    assert "line 2" in result.output.replace("\n", " ")


DRIVE = """
<script>
begin("p 1,x");
for (const entry of order) {
  for (const [scale, [low, high]] of Object.entries(data.scales)) {
    show();
    document.querySelector(`input[name=${scale}][value="${high}"]`).click();
  }
  byId("comment").value = 'good, "really"';
  byId("comment").dispatchEvent(new Event("input"));
  byId("next").click();
}
const result = document.createElement("pre");
result.id = "result";
result.textContent = JSON.stringify({csv: csv(), order: order.map((e) => e.item), left: byId("left").textContent});
document.body.append(result);
</script>
"""


def test_the_page_works_in_a_browser(made: Path, tmp_path: Path) -> None:
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        pytest.skip("chromium is not installed (apt-get install chromium)")
    page = made / "package" / "index.html"
    driven = page.with_name("driven.html")
    driven.write_text(page.read_text().replace("</html>", DRIVE + "</html>"))
    flags = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    flags += " --disable-component-update --disable-sync --virtual-time-budget=5000 --dump-dom"
    done = subprocess.run(
        [browser, *flags.split(), f"--user-data-dir={tmp_path / 'profile'}", driven.as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    found = re.search(r'<pre id="result">(.*?)</pre>', done.stdout, re.DOTALL)
    assert found is not None, done.stderr[-500:]
    result = json.loads(found[1].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
    assert "8 rated" in result["left"]
    assert sorted(result["order"]) == [f"item{index:03d}" for index in range(1, 9)] != result["order"]
    sheet = tmp_path / "sheet.csv"
    sheet.write_text(result["csv"], newline="")
    given = ratings([sheet], result["order"])
    assert len(given) == 8
    assert all(rating.scores == (5, 5, 0, 0, 0) and rating.participant == "p 1,x" for rating in given)


def _ratings(raters: int, items: int, noise: float, seed: int) -> list[Rating]:
    rng = np.random.default_rng(seed)
    quality = {"a": (4.0, 4.0, 0.0, -0.5, 0.0), "b": (2.5, 3.0, -0.5, -1.0, -0.5)}
    given = []
    for index in range(items):
        truth = np.array(quality["ab"[index % 2]])
        for rater in range(raters):
            drawn = np.rint(truth + rng.normal(0, noise, 5))
            low, high = np.array(list(SCALES.values())).T
            scores = tuple(int(value) for value in np.clip(drawn, low, high))
            given.append(Rating(f"r{rater}", f"i{index}", scores))
    return given


def test_measures_of_known_ratings() -> None:
    given = [Rating("r1", "i1", (5, 3, 0, -1, 0)), Rating("r2", "i1", (3, 3, -1, 0, -2))]
    means = estimates(table(given, {"i1": "a"}), 10)["a"]
    assert [estimate.mean for estimate in means] == [4, 3, -0.5, -0.5, -1, 1.5]


def test_intervals_hold_the_truth_and_tell_systems_apart() -> None:
    given = _ratings(16, 30, 0.4, 3)
    found = estimates(table(given, {f"i{i}": "ab"[i % 2] for i in range(30)}), 500)
    overall = found["a"][MEASURES.index("overall")]
    assert overall.low < overall.mean < overall.high
    difference = found["a minus b"][MEASURES.index("overall")]
    assert difference.low > 0


def test_alpha_of_the_published_example() -> None:
    nan = np.nan
    data = np.array(
        [
            [1, 2, 3, 3, 2, 1, 4, 1, 2, nan, nan, nan],
            [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, nan, 3],
            [nan, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, nan],
            [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, nan],
        ]
    )
    assert krippendorff_alpha(data) == pytest.approx(0.849, abs=5e-4)
    assert krippendorff_alpha(np.array([[1.0, 2.0], [1.0, 2.0]])) == 1
    assert krippendorff_alpha(np.array([[1.0, np.nan], [np.nan, 2.0]])) is None


def test_returned_sheets_are_analysed_to_files(made: Path, tmp_path: Path) -> None:
    key = list(csv.DictReader((made / "key.csv").open()))
    sheets = []
    for rater in ("x", "y", "z"):
        lines: list[list[object]] = [list(SHEET)]
        lines += [[rater, r["item"], 5 if r["system"] == "expert" else 3, 4, 0, -1, 0, ""] for r in key]
        sheets.append(str(_write(tmp_path / f"{rater}.csv", lines)))
    out = tmp_path / "results"
    arguments = ["analyse", *sheets, "--key", str(made / "key.csv"), "--out", str(out), "--repeats", "50"]
    result = RUNNER.invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert "3 raters, 8 captions, 24 ratings" in result.output
    assert "| expert | 5.00 (5.00 to 5.00)" in (out / "results.md").read_text()
    assert (out / "results.png").read_bytes().startswith(b"\x89PNG")
    assert len((out / "results.csv").read_text().splitlines()) == 1 + 3 * len(MEASURES)


@pytest.mark.parametrize(
    ("line", "what"),
    [
        (["p", "item9", 5, 5, 0, 0, 0, ""], "not in the key"),
        (["p", "item1", 6, 5, 0, 0, 0, ""], "precision is 6, not 1 to 5"),
        (["p", "item1", "x", 5, 0, 0, 0, ""], "not a whole number"),
        (["", "item1", 5, 5, 0, 0, 0, ""], "participant is missing"),
        (["p", "item1", "", "", "", "", "", ""], "no rating"),
    ],
)
def test_a_faulty_sheet_is_refused_with_its_line(tmp_path: Path, line: list[object], what: str) -> None:
    sheet = _write(tmp_path / "s.csv", [list(SHEET), line])
    with pytest.raises(SheetError, match=what):
        ratings([sheet], ["item1"])
