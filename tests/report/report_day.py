"""The day of the synthetic park that the tests of reports read."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from monitor.report import Span
from monitor.settings import NodeSettings, ReportSettings, Settings

ZONE = ZoneInfo("Europe/Amsterdam")
SETTINGS = Settings(
    node=NodeSettings(place="Bandstand <Westerpark>", time_zone=ZONE.key, site="demo", name="bandstand"),
    report=ReportSettings(limit_laeq_db=55.0),
)
DAY = Span.day(date(2026, 5, 8), ZONE)
OUTAGE = (DAY.start + timedelta(hours=13, minutes=20), DAY.start + timedelta(hours=14, minutes=10))
MADE = datetime(2026, 5, 9, 6, tzinfo=UTC)
