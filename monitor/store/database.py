"""The one place that opens SQLite: write-ahead log, busy timeout, schema version, errors in one clear sentence.

Connections are in autocommit mode; writes go through `transaction`. A connection belongs to the thread that opened it.
"""

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Literal

BUSY_TIMEOUT_S = 10.0
"""How long a writer waits for another, s."""

CACHE_KIB = 256
"""Pages that a connection keeps in memory: SQLite's own 2 MB would take a node most of a day to fill."""

Cause = Literal["unwritable", "corrupt", "locked", "full", "version", "failed"]

_BY_CODE: dict[int, Cause] = {
    sqlite3.SQLITE_CORRUPT: "corrupt",
    sqlite3.SQLITE_NOTADB: "corrupt",
    sqlite3.SQLITE_BUSY: "locked",
    sqlite3.SQLITE_LOCKED: "locked",
    sqlite3.SQLITE_FULL: "full",
    sqlite3.SQLITE_READONLY: "unwritable",
    sqlite3.SQLITE_CANTOPEN: "unwritable",
    sqlite3.SQLITE_PERM: "unwritable",
    sqlite3.SQLITE_AUTH: "unwritable",
    sqlite3.SQLITE_IOERR: "failed",
}
_ADVICE: dict[Cause, str] = {
    "unwritable": "cannot be opened for writing: give this user write access to the folder, or choose another",
    "corrupt": "is damaged or is not a database of this program: move it away, and a new one is made",
    "locked": "is held by another process: is a second monitor running on the same state folder?",
    "full": "cannot grow: the disk is full, or the size limit is reached",
    "version": "has another layout than this version reads: upgrade the program, or move the file away",
    "failed": "could not be read or written: check the disk",
}


class DatabaseError(Exception):
    """What went wrong with a database file, in one sentence; `cause` is for programs."""

    def __init__(self, path: Path, cause: Cause, detail: str = "") -> None:
        super().__init__(f"{path} {_ADVICE[cause]}{f' ({detail})' if detail else ''}")
        self.path = path
        self.cause: Cause = cause


def cause_of(error: sqlite3.Error) -> Cause:
    """Return what an error of SQLite means for an operator."""
    code: int | None = getattr(error, "sqlite_errorcode", None)
    return "failed" if code is None else _BY_CODE.get(code & 0xFF, "failed")


@contextmanager
def clear_errors(path: Path) -> Iterator[None]:
    """Turn errors of SQLite and of the file system into a `DatabaseError` that names the file."""
    try:
        yield
    except sqlite3.Error as error:
        raise DatabaseError(path, cause_of(error), str(error)) from error
    except OSError as error:
        raise DatabaseError(path, "unwritable", error.strerror or str(error)) from error


def open_database(
    path: Path | str,
    schema: Sequence[str],
    version: int,
    synchronous: Literal["FULL", "NORMAL"] = "NORMAL",
    busy_timeout_s: float = BUSY_TIMEOUT_S,
    page_size: int = 4096,
) -> sqlite3.Connection:
    """Open a database, making it and its folder when absent; nobody but this user and group may read it.

    `schema` is the statements that make an empty file version `version`. FULL survives power loss at every commit;
    NORMAL may lose the last commits, but never damages the file (SQLite, "Write-Ahead Logging", 2023). Small rows and
    frequent commits write fewer bytes with a small `page_size`.
    Raises `DatabaseError`.
    """
    path = Path(path)
    with clear_errors(path):
        path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
        if not path.exists():
            path.touch(mode=0o640)
        connection = sqlite3.connect(path, timeout=busy_timeout_s, isolation_level=None)
    try:
        with clear_errors(path):
            _prepare(connection, path, schema, version, synchronous, page_size)
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(
    connection: sqlite3.Connection, path: Path, schema: Sequence[str], version: int, synchronous: str, page_size: int
) -> None:
    connection.execute(f"PRAGMA page_size = {int(page_size)}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"PRAGMA synchronous = {synchronous}")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    with transaction(connection):  # a writer's lock: two processes may start at once, and an unwritable file shows now
        found = connection.execute("PRAGMA user_version").fetchone()[0]
        if found == 0:
            if connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                raise DatabaseError(path, "corrupt", "it holds tables of another program")
            for statement in schema:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {int(version)}")
        elif found != version:
            raise DatabaseError(path, "version", f"expected {version}, found {found}")


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """Run a block as one write transaction: committed at its end, rolled back when it raises."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


class PerThread:
    """A database file of which every thread gets its own connection, opened at its first use."""

    def __init__(
        self,
        path: Path | str,
        schema: Sequence[str],
        version: int,
        synchronous: Literal["FULL", "NORMAL"],
        page_size: int = 4096,
        busy_timeout_s: float = BUSY_TIMEOUT_S,
    ) -> None:
        self.path = Path(path)
        self._open = partial(open_database, path, schema, version, synchronous, busy_timeout_s, page_size)
        self._local = threading.local()

    @property
    def connection(self) -> sqlite3.Connection:
        """The connection of the thread that asks, to the file that is there now; raises `DatabaseError`."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is not None and self._local.inode != _inode(self.path):
            self.close()
            connection = None
        if connection is None:
            connection = self._local.connection = self._open()
            self._local.inode = _inode(self.path)
        return connection

    def replace_damaged(self) -> Path | None:
        """Set the file aside, for a new one to be made at the next use; None when that was done already."""
        known: int | None = getattr(self._local, "inode", None)
        self.close()
        if known is not None and known != _inode(self.path):
            return None
        return set_aside(self.path)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Hand out this thread's connection; errors name the file."""
        connection = self.connection
        with clear_errors(self.path):
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Run a block as one write transaction; errors name the file."""
        with self.reading() as connection, transaction(connection):
            yield connection

    def close(self) -> None:
        """Close this thread's connection."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is not None:
            connection.close()
        self._local.connection = self._local.inode = None


def _inode(path: Path) -> int | None:
    try:
        return path.stat().st_ino
    except OSError:
        return None


def set_aside(path: Path | str) -> Path:
    """Rename a damaged database, its log included, so that a new one can be made; return the new name."""
    path = Path(path)
    number = 1
    while (aside := path.with_name(f"{path.name}.damaged-{number}")).exists():
        number += 1
    with clear_errors(path):
        for suffix in ("-wal", "-shm"):
            companion = path.with_name(path.name + suffix)
            if companion.exists():
                companion.rename(aside.with_name(aside.name + suffix))
        path.rename(aside)
    return aside
