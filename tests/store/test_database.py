"""A database opens, or says in one sentence why not."""

import os
import sqlite3
import threading
from pathlib import Path

import pytest

from monitor.store.database import DatabaseError, clear_errors, open_database, set_aside, transaction

SCHEMA = ("CREATE TABLE t (x INTEGER PRIMARY KEY, y TEXT) STRICT",)


def test_makes_the_folder_the_file_and_the_tables(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "state.db"
    with transaction(open_database(path, SCHEMA, 1)) as connection:
        connection.execute("INSERT INTO t VALUES (1, 'a')")
    again = open_database(path, SCHEMA, 1, synchronous="FULL")
    assert again.execute("SELECT y FROM t").fetchall() == [("a",)]
    assert again.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert again.execute("PRAGMA synchronous").fetchone() == (2,)
    assert not path.stat().st_mode & 0o007, "others may not read it"


def test_a_block_that_raises_leaves_nothing(tmp_path: Path) -> None:
    connection = open_database(tmp_path / "a.db", SCHEMA, 1)
    with pytest.raises(RuntimeError), transaction(connection):
        connection.execute("INSERT INTO t VALUES (1, 'a')")
        raise RuntimeError
    assert connection.execute("SELECT count(*) FROM t").fetchone() == (0,)


def test_two_that_start_at_once_both_find_the_tables(tmp_path: Path) -> None:
    path, errors = tmp_path / "a.db", []
    barrier = threading.Barrier(4)

    def start() -> None:
        barrier.wait()
        try:
            open_database(path, SCHEMA, 1).execute("SELECT * FROM t").fetchall()
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


def refused(path: Path, cause: str, version: int = 1, timeout_s: float = 0.05) -> None:
    with pytest.raises(DatabaseError) as caught:
        open_database(path, SCHEMA, version, busy_timeout_s=timeout_s)
    assert caught.value.cause == cause
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


def test_a_damaged_file_is_named_and_can_be_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    path.write_bytes(b"this is no database" * 500)
    refused(path, "corrupt")
    assert set_aside(path).name == "a.db.damaged-1"
    open_database(path, SCHEMA, 1).close()
    path.write_bytes(b"nor is this" * 500)
    assert set_aside(path).name == "a.db.damaged-2"


def test_a_file_of_another_program_is_left_alone(tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "a.db")
    other.execute("CREATE TABLE bookmarks (url)")
    other.close()
    refused(tmp_path / "a.db", "corrupt")


def test_another_version_is_refused(tmp_path: Path) -> None:
    open_database(tmp_path / "a.db", SCHEMA, 2).close()
    refused(tmp_path / "a.db", "version", version=1)
    refused(tmp_path / "a.db", "version", version=3)


def test_a_locked_file_is_named(tmp_path: Path) -> None:
    holder = open_database(tmp_path / "a.db", SCHEMA, 1)
    with transaction(holder):
        refused(tmp_path / "a.db", "locked")


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    refused(tmp_path / "file" / "a.db", "unwritable")
    (tmp_path / "folder.db").mkdir()
    refused(tmp_path / "folder.db", "unwritable")
    if os.geteuid() == 0:
        pytest.skip("root may write anywhere")
    (tmp_path / "shut").mkdir(mode=0o500)
    refused(tmp_path / "shut" / "a.db", "unwritable")


def test_a_full_disk_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    connection = open_database(path, SCHEMA, 1)
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(DatabaseError) as caught, clear_errors(path), transaction(connection):
        for k in range(100):
            connection.execute("INSERT INTO t VALUES (?, ?)", (k, "x" * 1000))
    assert caught.value.cause == "full"
    assert not connection.in_transaction
    assert connection.execute("SELECT count(*) FROM t").fetchone() == (0,)
