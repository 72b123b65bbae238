"""One plain line for everything that is told."""

from datetime import UTC, datetime, timedelta

from synthetic import Place
from synthetic_history import caption
from synthetic_snapshots import snapshots

from monitor.aggregate import summarise
from monitor.dashboard.lines import line, tell
from monitor.records import Alert, GapRecord, Interval, MinuteSummary, PeriodSummary, Quality, SoundEvent

START = datetime(2026, 5, 9, 14, 50, tzinfo=UTC)


def fields(interval: Interval) -> dict[str, object]:
    return {name: getattr(interval, name) for name in Interval.model_fields}


def test_a_snapshot_is_one_line_of_figures_and_words() -> None:
    *_, last = snapshots(Place("park", 3), START, 40)
    text = line(last)
    assert text.count("\n") == 0
    assert text.startswith("2026-05-09T14:50:39Z demo/bandstand | LAF ")
    assert f"LAeq,60s {last.LAeq_60s:.1f}" in text and "sone" in text and "park" in text and "±0.34" in text
    assert "UNCALIBRATED" not in text
    quality = Quality(calibrated=False, level_reference="assumed", coverage=1, clipped_pct=0)
    assert "UNCALIBRATED" in line(last.model_copy(update={"quality": quality}))


def test_records_are_told() -> None:
    interval = summarise(Place("park", 3).minute(START).stats(0.5), START, 60.0)
    minute = tell(MinuteSummary(**fields(interval)))
    assert minute.startswith("2026-05-09T14:50:00Z minute | LAeq ") and "heard 50 %" in minute
    event = SoundEvent(label="Bird", onset=START, offset=START + timedelta(seconds=95), peak_prob=0.91, LAFmax=61.2)
    assert tell(event) == "2026-05-09T14:50:00Z event Bird for 95 s, p 0.91, LAFmax 61.2 dB"
    alert = Alert(rule="night", state="raised", at=START, value=61.3, threshold=60, unit="dB", text="LAeq above 60 dB")
    assert tell(alert) == "2026-05-09T14:50:00Z ALERT raised night: LAeq above 60 dB (61.3 dB against 60 dB)"
    gap = GapRecord(start=START, duration_s=12.2, cause="no_first_frame")
    assert tell(gap) == "2026-05-09T14:50:00Z gap of 12 s: no first frame"
    words = caption(PeriodSummary(**fields(interval)))
    assert "caption (template)" in tell(words) and words.text in tell(words)


def test_a_line_stays_one_line_whatever_the_text_holds() -> None:
    alert = Alert(rule="x", state="raised", at=START, value=None, threshold=1, unit="dB", text="a\nb\x1b[31mc")
    assert "\n" not in tell(alert) and "\x1b" not in tell(alert)
