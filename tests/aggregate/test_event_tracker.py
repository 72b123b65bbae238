"""Sounds begin and end where they did, are told once, and flicker is not told."""

import pytest

from monitor.aggregate.events import EventTracker, HeardEvent
from monitor.types import EVENTS, RATE_HZ
from tests.aggregate.observations import THRESHOLDS, prediction

Heard = list[tuple[str, float, float]]


def told(
    heard: dict[str, list[tuple[float, float]]],
    hop_s: float = 2,
    seconds: int = 120,
    min_s: float = 2,
    merge_s: float = 4,
) -> list[HeardEvent]:
    """Return the events of sounds heard from..to, s, by label, through 4 s windows that hear any part of them."""
    tracker = EventTracker(THRESHOLDS, min_s, merge_s)
    events: list[HeardEvent] = []
    hops = round(seconds / hop_s)
    for k in range(1, hops):
        end = k * hop_s
        short = {
            label: 0.9 for label, spans in heard.items() if any(begin < end and stop > end - 4 for begin, stop in spans)
        }
        events += tracker.update(prediction(round(end * RATE_HZ), short))
    return events + tracker.interrupt(seconds * RATE_HZ, seconds * RATE_HZ)


def times(events: list[HeardEvent]) -> Heard:
    return [(event.label, event.onset / RATE_HZ, event.offset / RATE_HZ) for event in events]


@pytest.mark.parametrize("hop_s", [0.48, 0.96, 2.0, 4.0])
@pytest.mark.parametrize("span", [(30.0, 33.0), (30.5, 44.25), (31.7, 60.1)])
def test_onset_and_offset_are_right_within_a_hop(hop_s: float, span: tuple[float, float]) -> None:
    ((label, onset, offset),) = times(told({"Music": [span]}, hop_s, min_s=0))
    assert label == "Music"
    assert abs(onset - span[0]) <= hop_s + 1e-9 and abs(offset - span[1]) <= hop_s + 1e-9


def test_what_a_single_window_hears_is_not_told() -> None:
    tracker = EventTracker(THRESHOLDS)
    events = []
    for k in range(40):
        events += tracker.update(prediction(k * 2 * RATE_HZ, {"Noise": 0.9 if k == 20 else 0.1}))
    assert events == []


def test_hysteresis_holds_between_the_two_thresholds() -> None:
    tracker = EventTracker(THRESHOLDS)
    events = []
    for k in range(60):
        prob = 0.4 if k < 10 else 0.6 if k == 10 else 0.35 if k < 30 else 0.2
        events += tracker.update(prediction(k * 2 * RATE_HZ, {"Traffic": prob}))
    assert times(events) == [("Traffic", 18.0, 56.0)]
    assert events[0].peak_prob == 0.6


def test_short_pauses_do_not_end_an_event() -> None:
    assert len(told({"Music": [(20, 30), (33, 40)]})) == 1
    assert len(told({"Music": [(20, 30), (50, 60)]})) == 2


def test_pairs_are_told_as_one_by_the_narrower_label() -> None:
    assert [e.label for e in told({"Bird": [(20, 30)], "Animal": [(18, 34)]})] == ["Bird"]
    assert [e.label for e in told({"Animal": [(20, 30)]})] == ["Animal"]
    assert [e.label for e in told({"Speech": [(20, 30)], "Human sounds": [(20, 30)]})] == ["Speech"]
    assert [e.label for e in told({"Bird": [(20, 30)], "Speech": [(21, 31)]})] == ["Bird", "Speech"]


def test_states_of_a_place_are_no_events() -> None:
    states = {"Silence", "Outside, rural or natural", "Environment and background"}
    assert told({label: [(20, 60)] for label in states}) == []
    broad = {"Animal", "Human sounds"}
    heard = told({label: [(20, 60)] for label in EVENTS})
    assert {event.label for event in heard} == set(EVENTS) - states - broad


def test_a_gap_ends_events_where_they_were_last_heard() -> None:
    tracker = EventTracker(THRESHOLDS)
    events = []
    for end in range(2, 22, 2):
        events += tracker.update(prediction(end * RATE_HZ, {"Water": 0.9}))
    events += tracker.interrupt(21 * RATE_HZ, 26 * RATE_HZ)
    assert times(events) == [("Water", 0.0, 20.0)]
    assert not tracker.active.any() and tracker.durations(26 * RATE_HZ) == {}
    for end in range(30, 40, 2):
        events += tracker.update(prediction(end * RATE_HZ, {"Water": 0.9}))
    events += tracker.interrupt(40 * RATE_HZ, 40 * RATE_HZ)
    assert times(events)[1] == ("Water", 26.0, 38.0), "no event begins before the sound does"


def test_a_long_time_without_predictions_ends_events() -> None:
    tracker = EventTracker(THRESHOLDS)
    events = []
    for end in (*range(2, 22, 2), 100, 102, 104):
        events += tracker.update(prediction(end * RATE_HZ, {"Water": 0.9}))
    assert times(events) == [("Water", 0.0, 20.0)]


def test_what_goes_on_has_a_duration() -> None:
    tracker = EventTracker(THRESHOLDS)
    for end in range(2, 22, 2):
        tracker.update(prediction(end * RATE_HZ, {"Animal": 0.9}))
    assert tracker.durations(21 * RATE_HZ) == {"Animal": 21.0}
