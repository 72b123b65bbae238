"""Snapshots of a synthetic place, second by second, as the live view gets them."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import numpy as np
from synthetic import Place

from monitor.records import Affect, Quality, Scene
from monitor.snapshot import Health, Snapshot
from monitor.types import EVENTS, P0_PA, PAQ, SCENES

HEADLINE = "A calm park with birdsong over distant traffic"
TEXT = (
    "Between 16:55 and 17:00 the park was quiet at 47 dB(A), with birds singing most of the time and the city "
    "humming behind them. A group of people talked nearby for half a minute; a dog barked twice. "
    "Most listeners would call it calm and pleasant."
)


def snapshots(place: Place, start: datetime, seconds: int, **changes: object) -> Iterator[Snapshot]:
    """Yield one snapshot a second; `changes` replace fields of each."""
    active: dict[str, float] = {}
    past: list[float] = []
    for second in range(seconds):
        at = start + timedelta(seconds=second)
        minute = place.minute(at.replace(second=0, microsecond=0))
        cut = slice(8 * at.second, 8 * at.second + 8)
        ms, bands = minute.laf_pa2[cut], minute.bands_pa2[cut].mean(axis=0)
        past = [*past, *ms.tolist()][-480:]
        said = minute.predictions()[at.second // 2]
        prob = dict(zip(EVENTS, said.event_prob_short.round(3).tolist(), strict=True))
        active = {name: active.get(name, 0.0) + 1 for name, value in prob.items() if value > 0.5}
        fields: dict[str, object] = {
            "at": at,
            "site": "demo",
            "node": "bandstand",
            "LAF": _db(ms[-1]),
            "LAS": _db(ms.mean()),
            "LAeq_1s": _db(ms.mean()),
            "LAeq_60s": _db(float(np.mean(past))),
            "LAFmax_60s": _db(max(past)),
            "L90_60s": _db(float(np.quantile(past, 0.1))),
            "bands": [_db(value) for value in bands],
            "N": round(float(minute.n_sone[cut][-1]), 2),
            "N5_60s": round(float(np.quantile(2 ** ((np.log10(np.array(past) / P0_PA**2) * 10 - 31) / 10), 0.95)), 2),
            "scene": Scene(
                label=SCENES[int(said.scene_prob.argmax())],
                prob=dict(zip(SCENES, said.scene_prob.round(3).tolist(), strict=True)),
            ),
            "events": prob,
            "active": active,
            "affect": Affect(
                isop=round(said.isop, 3),
                isoe=round(said.isoe, 3),
                isop_uncertainty=0.34,
                isoe_uncertainty=0.3,
                paq=dict(zip(PAQ, said.paq.round(2).tolist(), strict=True)),
            ),
            "prediction_partial": second < 30,
            "quality": Quality(calibrated=True, level_reference="calibrated", coverage=1, clipped_pct=0),
            "health": Health(
                state="ok",
                capture="ok: USB microphone",
                calibration="94.0 dB, 2026-05-02",
                clock="synchronised",
                uptime_s=4321 + second,
                inference_lag_s=0.4,
                queues={"hear": 0, "infer": 1, "summarise": 0, "narrate": 0},
                outbox=2,
                broker="connected",
                llm="off",
                disk_free_mb=12_345,
                rss_mb=212,
                cpu_pct=4.2,
                bytes_written_day=4_200_000,
                bytes_sent_day=1_900_000,
            ),
            "caption_headline": HEADLINE if second >= 20 else None,
            "caption_text": TEXT if second >= 20 else None,
            "caption_at": start if second >= 20 else None,
            "caption_source": "template" if second >= 20 else None,
        }
        yield Snapshot.model_validate(fields | changes)


def _db(mean_square: float) -> float:
    return round(float(10 * np.log10(mean_square / P0_PA**2)), 1)
