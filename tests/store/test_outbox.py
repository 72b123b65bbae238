"""The outbox keeps its promises: durable, in order, bounded, honest about what it dropped, alive on a sick disk."""

import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.settings import MqttSettings
from monitor.store import outbox as outbox_module
from monitor.store.outbox import Outbox

SETTINGS = MqttSettings()
KINDS = ("data/minute", "data/event", "data/period", "data/gap", "data/caption", "data/digest", "data/alert")


def put(outbox: Outbox, kind: str = "data/minute", size: int = 100, session: str = "s") -> int:
    return outbox.put(kind, f"t/{kind}", session, lambda seq: b"%d " % seq + b"x" * size)


def live(outbox: Outbox, limit: int = 1000) -> list[int]:
    return [int(e.payload.split()[0]) for e in outbox.waiting(limit, set(), late=False)]


def backlog(outbox: Outbox, limit: int = 1000) -> list[int]:
    return [int(e.payload.split()[0]) for e in outbox.waiting(limit, set(), late=True)]


def test_numbers_follow_each_other_in_a_session_and_begin_anew_in_the_next(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "outbox.db", SETTINGS)
    assert [put(outbox) for _ in range(3)] == [1, 2, 3]
    assert put(outbox, session="next") == 1
    again = Outbox(tmp_path / "outbox.db", SETTINGS)
    assert put(again) == 4
    assert again.depth == 5


def test_what_was_stored_before_a_connection_is_backlog_and_what_comes_after_is_live(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "outbox.db", SETTINGS)
    put(outbox), put(outbox)
    outbox.mark()
    put(outbox)
    assert backlog(outbox) == [1, 2]
    assert live(outbox) == [3]
    assert all(e.late for e in outbox.waiting(9, set(), late=True))
    assert not any(e.late for e in outbox.waiting(9, set(), late=False))


def test_messages_in_flight_are_not_handed_out_twice_and_acknowledged_ones_are_gone(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "outbox.db", SETTINGS)
    for _ in range(5):
        put(outbox)
    first = outbox.waiting(2, set(), late=False)
    rest = outbox.waiting(9, {e.id for e in first}, late=False)
    assert [e.id for e in first + rest] == [1, 2, 3, 4, 5]
    outbox.delete([e.id for e in first])
    assert live(outbox) == [3, 4, 5]
    assert outbox.depth == 3
    assert outbox.counters["delivered"] == 2


def test_a_dead_letter_waits_apart_with_its_reason_until_it_is_revived_as_late(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "outbox.db", SETTINGS)
    put(outbox), put(outbox)
    outbox.refuse(outbox.waiting(1, set(), late=False)[0], "not allowed")
    assert outbox.counters["refused"] == 1
    assert live(outbox) == [2]
    assert outbox.depth == 1
    assert outbox.revive() == {1}
    assert [e.late for e in outbox.waiting(9, set(), late=False)] == [True, False]
    assert outbox.depth == 2


def test_space_is_made_by_dropping_dead_letters_then_minutes_and_captions_last_and_each_drop_is_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    outbox = Outbox(tmp_path / "outbox.db", MqttSettings(outbox_mb=1))
    for kind in KINDS:
        for _ in range(30):
            put(outbox, kind, size=6500)
    outbox.maintain()
    kept = outbox.waiting(1000, set(), late=False)
    counts = {kind: sum(e.kind == kind for e in kept) for kind in KINDS}
    assert sum(e.size for e in kept) <= 1_000_000
    assert counts["data/minute"] == 0
    assert counts["data/caption"] == counts["data/digest"] == counts["data/alert"] == 30
    lost = {kind: 30 - n for kind, n in counts.items() if n < 30}
    assert {k: v for k, v in outbox.counters.items() if k.startswith("dropped/")} == {
        f"dropped/{kind}": n for kind, n in lost.items()
    }
    assert "outbox.dropped" in [record.message for record in caplog.records]


def aged(path: Path, days: float, *, synchronised: bool = True) -> Outbox:
    """Open an outbox at a time of day that is known, or not, and let it make room."""
    now = 1_000_000_000.0 + days * 86400
    settings = MqttSettings(outbox_days=30)
    outbox = Outbox(path / "outbox.db", settings, clock=lambda: now, synchronised=lambda: synchronised)
    outbox.maintain()
    return outbox


def test_old_minutes_are_dropped_before_old_captions(tmp_path: Path) -> None:
    first = aged(tmp_path, 0)
    put(first, "data/minute"), put(first, "data/caption")
    later = aged(tmp_path, 31)
    assert [e.kind for e in later.waiting(9, set(), late=False)] == ["data/caption"]
    last = aged(tmp_path, 62)
    assert last.depth == 0
    assert (later.counters["dropped/data/minute"], last.counters["dropped/data/caption"]) == (1, 1)


def test_by_a_clock_that_may_be_wrong_nothing_is_old(tmp_path: Path) -> None:
    first = aged(tmp_path, 0)
    put(first, "data/minute"), put(first, "data/caption")
    assert aged(tmp_path, 20_000, synchronised=False).depth == 2


@pytest.mark.parametrize("jump_s", [26 * 365 * 86400.0, -400 * 86400.0])
def test_a_wall_clock_that_is_set_while_running_makes_nothing_old(tmp_path: Path, jump_s: float) -> None:
    now = [946_684_800.0]
    outbox = Outbox(tmp_path / "outbox.db", SETTINGS, clock=lambda: now[0], synchronised=lambda: True)
    put(outbox)
    now[0] += jump_s
    put(outbox)
    outbox._trim_at = 0
    outbox.maintain()
    assert live(outbox) == [1, 2]
    assert outbox.counters == {"stored": 2}


def test_a_damaged_file_is_set_aside_and_what_can_be_read_is_carried_over(tmp_path: Path) -> None:
    path = tmp_path / "outbox.db"
    outbox = Outbox(path, SETTINGS)
    for _ in range(200):
        put(outbox, size=2000)
    outbox.close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    image = bytearray(path.read_bytes())
    image[4096 * 20 : 4096 * 30] = b"\x55" * 4096 * 10
    path.write_bytes(image)
    repaired = Outbox(path, SETTINGS)
    assert repaired.trouble is None
    assert (tmp_path / "outbox.db.damaged-1").read_bytes() == bytes(image)
    assert 150 <= repaired.depth < 200
    assert put(repaired, session="new") == 1


@pytest.mark.parametrize("lost", ["the newest", "all"])
def test_an_acknowledgement_after_a_repair_removes_what_it_is_for_and_nothing_else(tmp_path: Path, lost: str) -> None:
    path = tmp_path / "outbox.db"
    outbox = Outbox(path, SETTINGS)
    for _ in range(9):
        put(outbox)
    sent = {e.id: int(e.payload.split()[0]) for e in outbox.waiting(9, set(), late=False)}
    outbox.delete([1, 2, 3])
    with sqlite3.connect(path) as connection:
        connection.execute("DELETE FROM message WHERE id = 9")
        connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    outbox.close()
    if lost == "all":
        path.write_bytes(b"garbage" * 5000)
        assert put(outbox) == 10
    else:
        outbox._file.replace_damaged()
        assert put(outbox) == 10
        assert {e.id: int(e.payload.split()[0]) for e in outbox.waiting(9, set(), late=False)}.items() >= {
            (key, sent[key]) for key in range(4, 9)
        }
    outbox.delete(sent)
    assert live(outbox) == [10]


def test_a_file_that_is_no_database_is_set_aside(tmp_path: Path) -> None:
    (tmp_path / "outbox.db").write_text("these are not the bytes you are looking for" * 100)
    outbox = Outbox(tmp_path / "outbox.db", SETTINGS)
    assert outbox.trouble is None
    assert put(outbox) == 1
    assert (tmp_path / "outbox.db.damaged-1").read_text().startswith("these are not")


def test_a_file_damaged_while_running_is_replaced_and_nothing_new_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "outbox.db"
    outbox = Outbox(path, SETTINGS)
    put(outbox)
    outbox.close()
    for name in ("outbox.db-wal", "outbox.db-shm"):
        (tmp_path / name).unlink(missing_ok=True)
    path.write_bytes(b"garbage" * 5000)
    assert put(outbox) == 2
    assert outbox.trouble is None
    assert live(outbox) == [2]


def test_a_locked_file_sends_messages_to_memory_and_they_return_to_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox_module, "RETRY_S", 0.0)
    monkeypatch.setattr("monitor.store.outbox_file.BUSY_TIMEOUT_S", 0.05)
    path = tmp_path / "outbox.db"
    outbox = Outbox(path, SETTINGS)
    put(outbox)
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    outbox_module.RETRY_S = 60.0
    assert put(outbox) == 2
    assert outbox.trouble is not None and "held by another process" in outbox.trouble
    assert outbox.depth == 2
    assert live(outbox) == [2], "what is in memory can be sent meanwhile"
    holder.execute("ROLLBACK")
    holder.close()
    outbox._retry_at = 0
    outbox.maintain()
    assert outbox.trouble is None
    assert live(outbox) == [1, 2]
    assert put(outbox) == 3
    assert Outbox(path, SETTINGS).depth == 3


def test_what_was_in_flight_from_memory_is_on_the_disk_whatever_the_broker_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox_module, "RETRY_S", 0.0)
    folder = tmp_path / "late"
    folder.write_text("in the way")
    outbox = Outbox(folder / "outbox.db", SETTINGS)
    put(outbox), put(outbox)
    refused, taken = outbox.waiting(9, set(), late=False)
    folder.unlink()
    outbox.maintain()
    assert outbox.trouble is None
    outbox.refuse(refused, "not allowed")
    outbox.delete([taken.id])
    assert live(outbox) == [1, 2], "they go out once more, with the same numbers"
    assert outbox.counters == {"stored": 2}
    assert outbox.depth == 2


FULL = """
import resource, sys
from pathlib import Path
from monitor.settings import MqttSettings
from monitor.store.outbox import Outbox
import signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
path = Path(sys.argv[1])
outbox = Outbox(path, MqttSettings())
put = lambda: outbox.put("data/caption", "t", "s", lambda seq: b"%d " % seq + b"x" * 3000)
put()
_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, hard))
for _ in range(400):
    put()
assert outbox.trouble, outbox.counters
print(outbox.trouble)
assert outbox.depth == 401
on_disk = [e.id for e in outbox.waiting(999, set(), late=False) if e.id > 0]
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
outbox._retry_at = 0
outbox.maintain()
assert outbox.trouble is None, outbox.trouble
entries = outbox.waiting(999, set(), late=False)
assert sorted(int(e.payload.split()[0]) for e in entries) == list(range(1, 402))
assert all(e.id > 0 for e in entries)
print("recovered")
"""


def test_a_full_disk_is_named_and_everything_is_on_disk_once_there_is_room(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path / "outbox.db")], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    trouble, recovered = done.stdout.splitlines()
    assert "outbox.db" in trouble
    assert recovered == "recovered"


def test_memory_is_bounded_while_the_disk_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox_module, "MEMORY_BYTES", 10_000)
    folder = tmp_path / "file"
    folder.write_text("where a folder should be")
    outbox = Outbox(folder / "outbox.db", SETTINGS)
    assert outbox.trouble is not None
    put(outbox, "data/caption", 1000)
    for _ in range(20):
        put(outbox, "data/minute", 1000)
    kept = outbox.waiting(99, set(), late=False)
    assert sum(e.size for e in kept) <= 10_000
    assert kept[0].kind == "data/caption"
    assert outbox.counters["dropped/data/minute"] == 21 - len(kept)


def test_a_message_is_on_the_disk_before_put_returns(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "outbox.db", SETTINGS)
    put(outbox)
    for name in ("outbox.db", "outbox.db-wal"):
        shutil.copy(tmp_path / name, tmp_path / f"copy-{name}")
    (tmp_path / "copy-outbox.db-wal").rename(tmp_path / "copy.db-wal")
    (tmp_path / "copy-outbox.db").rename(tmp_path / "copy.db")
    assert Outbox(tmp_path / "copy.db", SETTINGS).depth == 1
    assert outbox._file.database.connection.execute("PRAGMA synchronous").fetchone() == (2,), "FULL"


def test_many_threads_may_put_at_once(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "outbox.db", SETTINGS)
    threads = [threading.Thread(target=lambda: [put(outbox) for _ in range(25)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert live(outbox) == list(range(1, 101))


@given(st.lists(st.sampled_from(["put", "send", "ack", "refuse", "revive", "connect", "reopen"]), max_size=40))
def test_whatever_happens_nothing_is_lost_and_depth_is_right(steps: list[str]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        outbox = Outbox(Path(folder) / "outbox.db", SETTINGS)
        stored, delivered, in_flight = 0, set[int](), dict[int, int]()
        for step in steps:
            waiting = outbox.waiting(3, set(in_flight), late=True) + outbox.waiting(3, set(in_flight), late=False)
            match step:
                case "put":
                    stored += 1
                    put(outbox)
                case "send" if waiting:
                    in_flight[waiting[0].id] = int(waiting[0].payload.split()[0])
                case "ack" if in_flight:
                    key, number = in_flight.popitem()
                    outbox.delete([key])
                    delivered.add(number)
                case "refuse" if waiting:
                    outbox.refuse(waiting[0], "no")
                case "revive":
                    outbox.revive()
                case "connect":
                    in_flight.clear()
                    outbox.mark()
                case "reopen":
                    in_flight.clear()
                    outbox.close()
                    outbox = Outbox(Path(folder) / "outbox.db", SETTINGS)
        outbox.revive()
        left = set(live(outbox)) | set(backlog(outbox))
        assert left | delivered == set(range(1, stored + 1))
        assert outbox.depth == len(left)
        outbox.close()


def test_the_disk_is_tried_again_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox_module, "RETRY_S", 0.01)
    folder = tmp_path / "late"
    folder.write_text("in the way")
    outbox = Outbox(folder / "outbox.db", SETTINGS)
    put(outbox)
    folder.unlink()
    deadline = time.monotonic() + 10
    while outbox.trouble is not None and time.monotonic() < deadline:
        outbox.maintain()
    assert outbox.trouble is None
    assert Outbox(folder / "outbox.db", SETTINGS).depth == 1
