"""What a node's own periods at a local hour are usually like."""

import json
import zlib
from datetime import UTC, datetime, timedelta
from statistics import median, quantiles
from zoneinfo import ZoneInfo

from monitor.records import LEAST_COVERAGE, Usual
from monitor.store.database import PerThread
from monitor.store.history_tables import micros

USUAL_DAYS = 28
"""Past days that "usual" rests on."""
SCALE = """SELECT json FROM journal WHERE kind IN ('boot', 'calibration') AND start <= {} ORDER BY start DESC LIMIT 1"""
"""The entry of the journal that tells what levels rested on at a time."""


def usual(file: PerThread, zone: ZoneInfo, time: datetime) -> Usual | None:
    """Return medians and tenths of the periods of a time's local hour on the days before; None without any.

    Periods on another scale than that of now do not count: levels before and after a calibration are not comparable.
    """
    local_hour = time.astimezone(zone).hour
    today = time.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    LAeq: list[float] = []
    N5: list[float] = []
    days = 0
    with file.reading() as connection:
        scale = _scale(connection.execute(f"SELECT ({SCALE.format('?')})", (micros(time),)).fetchone()[0])
        for back in range(1, USUAL_DAYS + 1):
            hour = (today - timedelta(days=back)).replace(hour=local_hour).astimezone(UTC)
            rows = connection.execute(
                f"SELECT LAeq, N5, ({SCALE.format('periods.start')}) FROM periods "
                "WHERE start >= ? AND start < ? AND coverage >= ?",
                (micros(hour), micros(hour + timedelta(hours=1)), LEAST_COVERAGE),
            ).fetchall()
            rows = [row for row in rows if _scale(row[2]) in (None, scale)]
            LAeq += [row[0] for row in rows if row[0] is not None]
            N5 += [row[1] for row in rows if row[1] is not None]
            days += bool(rows)
    if not days:
        return None
    tenths = quantiles(LAeq, n=10, method="inclusive") if len(LAeq) > 1 else None
    return Usual(
        local_hour=local_hour,
        n_days=days,
        LAeq_median=round(median(LAeq), 2) if LAeq else None,
        LAeq_p10=round(tenths[0], 2) if tenths else None,
        LAeq_p90=round(tenths[-1], 2) if tenths else None,
        N5_median=round(median(N5), 3) if N5 else None,
    )


def _scale(entry: bytes | None) -> float | None:
    """Return the pressure at full scale that an entry of the journal tells of, Pa; None where it is not known."""
    try:
        scale: float | None = json.loads(zlib.decompress(entry or b""))["detail"].get("full_scale_pa")
    except (zlib.error, ValueError):  # none, or a damaged one
        return None
    return scale
