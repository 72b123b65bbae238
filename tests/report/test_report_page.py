"""The page stands by itself, says what its figures rest on, and shows every figure as it is."""

import re
from datetime import datetime, timedelta
from html.parser import HTMLParser

import pytest
from report_day import DAY, MADE, SETTINGS
from synthetic import Place
from synthetic_history import fill

from monitor.records import Alert, Caption
from monitor.report import Span, build, figures_of
from monitor.report.sheet import Sheet
from monitor.report.words import share
from monitor.store.history import History


class Page(HTMLParser):
    """Collects what a reader sees, and what a browser would fetch or run."""

    VOID = frozenset({"meta", "br", "img", "link", "input", "hr"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.open: list[str] = []
        self.feed(html)
        self.text = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes another tag"

    def handle_data(self, data: str) -> None:
        if not {"style", "script"} & set(self.open):
            self.words.append(data)


@pytest.fixture(scope="module")
def html(park: History) -> str:
    return build(park, SETTINGS, DAY, MADE)


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


def test_the_page_needs_nothing_from_elsewhere(html: str, page: Page) -> None:
    assert not page.open, "every tag is closed"
    assert not {"script", "link", "img", "iframe", "object"} & set(page.tags)
    assert "//" not in re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL), "no address of anything"
    assert "@import" not in html and not re.search(r"url\((?!#)", html)
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert all(value.startswith("#") for name, value in page.attributes if name in ("href", "src"))


def test_every_plot_says_what_it_shows_and_its_ids_are_its_own(page: Page) -> None:
    spoken = [value for name, value in page.attributes if name == "aria-label"]
    assert page.tags.count("svg") == len(spoken) == 6 and all(len(text) > 40 for text in spoken)
    ids = [value for name, value in page.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    used = [value[1:] for name, value in page.attributes if name == "href"]
    used += [m for _, value in page.attributes for m in re.findall(r"url\(#([^)]+)\)", value)]
    assert set(used) <= set(ids)


def test_figures_on_the_page_are_those_of_the_data(park: History, page: Page) -> None:
    figures = figures_of(Sheet(park, SETTINGS, DAY, MADE))
    levels = figures.whole.levels
    for name, value in (("LAeq", levels.LAeq), ("Lden", figures.Lden), ("Lnight", figures.parts[2].level_db)):
        assert f"{name} {value:.1f} dB" in page.text
    assert f"{levels.L10:.1f}, {levels.L50:.1f}, {levels.L90:.1f} dB" in page.text
    assert f"{len(figures.calm_hours)} of 24 hours were calm" in page.text
    above = figures.minutes_above
    assert f"{above} minutes ({share(above / (24 * 60 - 50))} of those heard) had an LAeq above 55 dB(A)" in page.text
    for hour in figures.hours:
        assert f"{hour.interval.levels.LAeq:.1f}" in page.text
    for event in figures.loudest_events:
        assert f"{event.LAFmax:.1f} dB" in page.text


def test_partial_data_and_the_calibration_are_told(page: Page) -> None:
    assert "Partial data. 96.5 % of the time was heard (day 93.0 %)." in page.text
    assert "94 dB at 1000 Hz, 2026-03-02, SN M-1042: 68 days old" in page.text
    assert "50 min vanished" in page.text
    assert "ncalibrated" not in page.text
    assert "class 1 limits" in page.text and "class 1 meter" not in page.text


def test_affect_is_told_as_a_tendency(page: Page) -> None:
    assert "listeners differ" in page.text and "tendency" in page.text


def test_text_from_elsewhere_is_text(html: str) -> None:
    assert "Bandstand &lt;Westerpark&gt;" in html and "<Westerpark>" not in html


def test_the_narrative_is_the_days_own(page: Page) -> None:
    assert "A calm night, a lively afternoon" in page.text and "Birds began at five" in page.text


def test_the_page_is_the_same_each_time(empty: History) -> None:
    fill(empty, Place("park", 3), DAY.start, DAY.start + timedelta(minutes=20))
    assert build(empty, SETTINGS, DAY, MADE) == build(empty, SETTINGS, DAY, MADE)


def test_an_uncalibrated_node_says_so_first(empty: History) -> None:
    fill(empty, Place("street", 3, calibrated=False), DAY.start, DAY.start + timedelta(hours=1))
    text = Page(build(empty, SETTINGS, DAY, MADE)).text
    assert text.index("Uncalibrated: levels are relative.") < text.index("Lden")
    assert "dB rel." in text and "Levels are not calibrated." in text
    assert "The record ends at 01:00." in text


def test_a_day_without_data_is_a_page_that_says_so(empty: History) -> None:
    page = Page(build(empty, SETTINGS, DAY, MADE))
    assert "Nothing was heard in this time" in page.text and "svg" not in page.tags and not page.open


def test_a_day_on_which_the_clocks_change_says_so(empty: History) -> None:
    span = Span.day(datetime(2026, 10, 25).date(), DAY.zone)
    fill(empty, Place("park", 3), span.start, span.start + timedelta(hours=5))
    text = Page(build(empty, SETTINGS, span, MADE)).text
    assert "the clocks change: 25 hours" in text
    assert "02:00 CEST" in text and "02:00 CET" in text


def test_the_night_of_a_clock_change_is_told_whole_and_its_times_apart(empty: History) -> None:
    span = Span.day(datetime(2026, 10, 25).date(), DAY.zone)
    fill(empty, Place("park", 3), span.start, span.start + timedelta(hours=8))
    fill(empty, Place("park", 3), span.end - timedelta(hours=1), span.end)
    page = Page(build(empty, SETTINGS, span, MADE))
    assert "Lnight" in page.text and page.text.count("dB all heard") == 1 and "night 8" not in page.text
    assert not re.search(r"Lnight [\d.]+ dB \(", page.text)
    spoken = " ".join(value for name, value in page.attributes if name == "aria-label")
    assert "02:00 CEST, 02:00 CET" in spoken


def test_what_was_not_heard_is_told_alike_above_and_below(page: Page) -> None:
    assert re.search(r"Lden [\d.]+ dB partial ", page.text) and re.search(r"Lden [\d.]+ dB \(partial\)", page.text)
    assert re.search(r"Lnight [\d.]+ dB all heard ", page.text) and re.search(
        r"Lday [\d.]+ dB \(partial: 93.0 % ", page.text
    )


def test_minutes_that_are_not_kept_are_not_called_quiet(empty: History) -> None:
    fill(empty, Place("street", 3), DAY.start, DAY.start + timedelta(hours=1))
    with empty.upkeep._file.writing() as connection:
        connection.execute("DELETE FROM minutes")
    text = Page(build(empty, SETTINGS, DAY, MADE)).text
    assert "How many minutes had an LAeq above 55 dB(A) is not known: the minutes of this time are no longer" in text


def test_a_week_lists_its_days(empty: History) -> None:
    week = Span.week(datetime(2026, 5, 8).date(), DAY.zone)
    fill(empty, Place("park", 3), week.start + timedelta(days=1), week.start + timedelta(days=1, hours=3))
    page = Page(build(empty, SETTINGS, week, MADE))
    assert "Week 19 of 2026: 4 May to 10 May 2026" in page.text and not page.open
    assert page.text.count("no data") == 6 and "Tuesday 5 May" in page.text


def test_alerts_and_hostile_captions_are_shown_as_text(empty: History) -> None:
    fill(empty, Place("park", 3), DAY.start, DAY.start + timedelta(minutes=30))
    empty.add(
        Alert(rule="night", state="raised", at=DAY.start, value=61, threshold=60, unit="dB", text="too <b>loud</b>")
    )
    hostile = "<script>alert(1)</script>"
    empty.add(
        Caption(start=DAY.start, end=DAY.end, headline=hostile, text=hostile, source="llm", model="m", facts_id="x")
    )
    html = build(empty, SETTINGS, DAY, MADE)
    assert "<script" not in html and "&lt;script&gt;" in html and "too &lt;b&gt;loud" in html


def test_an_old_calibration_is_told_first(empty: History) -> None:
    empty.note("boot", {"calibration": "94 dB at 1000 Hz, 2024-03-02"}, DAY.start - timedelta(days=1))
    fill(empty, Place("park", 3), DAY.start, DAY.start + timedelta(minutes=10))
    text = Page(build(empty, SETTINGS, DAY, MADE)).text
    assert text.index("Old calibration. The microphone was calibrated 797 days before.") < text.index("Lden")
