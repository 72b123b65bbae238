"""The journal tells of each start, and of a model that is another one than the last time."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from monitor.app.journal import note_boot
from monitor.settings import AggregateSettings
from monitor.sources.demo import DemoSource
from monitor.store.history import History

DAY = timedelta(days=1)


def test_an_earlier_start_that_cannot_be_read_does_not_keep_the_node_from_starting(tmp_path: Path) -> None:
    history = History(tmp_path / "history.db", AggregateSettings(), replace_damaged=True)
    with DemoSource(realtime=False) as source:
        note_boot(history, source, None)
        with history._file.writing() as connection:
            connection.execute("UPDATE journal SET json = x'00', start = 0")
        note_boot(history, source, None)
    now = datetime.now(UTC)
    (entry,) = history.journal(now - DAY, now + DAY)
    assert entry.kind == "boot" and not list(tmp_path.glob("*damaged*")), "one entry is no reason to begin anew"
