"""Records as a node makes them."""

from datetime import UTC, datetime, timedelta

from monitor.records import (
    Affect,
    Caption,
    EventActivity,
    Levels,
    Loudness,
    MinuteSummary,
    Quality,
    Scene,
)
from monitor.snapshot import Health, Snapshot
from monitor.types import EVENTS, PAQ, SCENES, THIRD_OCTAVES_HZ

START = datetime(2026, 5, 1, 10, tzinfo=UTC)
QUALITY = Quality(calibrated=True, level_reference="calibrated", coverage=1.0, clipped_pct=0.0)


def minute(index: int = 0, laeq: float = 53.2) -> MinuteSummary:
    """Return the minute `index` after START, with all fields filled."""
    return MinuteSummary(
        start=START + timedelta(minutes=index),
        duration_s=60,
        levels=Levels(
            LAeq=laeq, LCeq=60.1, LZeq=62.3, LAE=71.0, LAFmax=66.4, LAFmin=44.1, LASmax=63.0, LCpeak=80.2,
            L5=57.0, L10=55.5, L50=51.2, L90=46.7, L95=45.9,
            bands_Leq={f"{f:g}": 40.0 + i % 7 for i, f in enumerate(THIRD_OCTAVES_HZ)},
        ),
        loudness=Loudness(N5=6.1, N10=5.7, N50=4.4, N90=3.2, N_mean=4.5, N_max=9.9),
        scene=Scene(label="park", prob=dict(zip(SCENES, (0.2, 0.7, 0.1), strict=True)), share={"park": 1.0}),
        events={label: EventActivity(mean=0.2, max=0.6, active=0.1) for label in EVENTS},
        affect=Affect(isop=0.31, isoe=-0.12, isop_sd=0.05, isoe_sd=0.04, paq=dict.fromkeys(PAQ, 3.0)),
        quality=QUALITY,
        model_id="test",
    )  # fmt: skip


def caption(index: int = 0, text: str = "A calm park with birds.") -> Caption:
    """Return the caption of the five minutes `index` after START."""
    start = START + timedelta(minutes=5 * index)
    return Caption(
        start=start, end=start + timedelta(minutes=5), headline="Calm park, birds", text=text,
        source="template", facts_id="abc",
    )  # fmt: skip


def snapshot() -> Snapshot:
    """Return a live view."""
    record = minute()
    return Snapshot(
        at=START, site="park", node="gate", LAF=50.0, LAS=50.1, LAeq_1s=50.2, LAeq_60s=51.0, LAFmax_60s=60.0,
        L90_60s=45.0, bands=[40.0] * 31, N=4.0, N5_60s=5.0, scene=record.scene, events={"Bird": 0.8},
        affect=record.affect, quality=QUALITY, health=Health(state="ok"),
    )  # fmt: skip
