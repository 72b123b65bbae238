"""The open minutes on disk, so that a node that is killed loses the last seconds and not a minute.

A small file that is written over in place every few seconds and never synced: it outlives the process, and needs no
lock and no room on a full disk. Written every 5 s to ext4, 34 MB a day reach the card (98 MB as a row of the history).
Layout: b"OM", version, CRC-32 and length of the rest, little-endian; then for each minute its start (Unix
microseconds), the length of its statistics, and these. A draft that is read again after its minute was told is known by
holding no more than the history does.
"""

import logging
import os
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path

from monitor.aggregate.aggregator import Draft
from monitor.aggregate.encoding import StatsFormatError, from_bytes, to_bytes
from monitor.store.history_tables import from_micros, micros

log = logging.getLogger(__name__)

_MAGIC = b"OM\x01"
_HEAD = struct.Struct(f"<{len(_MAGIC)}sII")
_MINUTE = struct.Struct("<qI")


class DraftFile:
    """The drafts of one node's open minutes; a fault is told in one sentence, and the node goes on without."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fault: str | None = None

    def write(self, drafts: Sequence[Draft]) -> None:
        """Keep drafts in place of those before."""
        pieces = [(micros(minute), to_bytes(stats)) for minute, stats in drafts]
        body = b"".join(_MINUTE.pack(start, len(stats)) + stats for start, stats in pieces)
        try:
            file = os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o640)
            try:
                os.write(file, _HEAD.pack(_MAGIC, zlib.crc32(body), len(body)) + body)
            finally:
                os.close(file)
        except OSError as error:
            self._tell("draft.unwritable", error)
        else:
            self._fault = None

    def read(self) -> list[Draft]:
        """Return what an earlier run left; what cannot be read is dropped."""
        try:
            return _drafts(self._path.read_bytes())
        except FileNotFoundError:
            return []
        except (OSError, StatsFormatError, OverflowError) as error:
            self._tell("draft.dropped", error)
            self.remove()
            return []

    def remove(self) -> None:
        """Forget all drafts: nothing is open."""
        try:
            self._path.unlink(missing_ok=True)
        except OSError as error:
            self._tell("draft.unwritable", error)

    def _tell(self, event: str, error: Exception) -> None:
        """Log a fault, once as long as it lasts."""
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        if self._fault != reason:
            log.error(event, extra={"file": self._path.name, "reason": reason})
        self._fault = reason


def _drafts(data: bytes) -> list[Draft]:
    try:
        magic, crc, length = _HEAD.unpack_from(data)
    except struct.error as error:
        raise StatsFormatError("it is too short") from error
    body = data[_HEAD.size : _HEAD.size + length]
    if magic != _MAGIC or len(body) != length or zlib.crc32(body) != crc:
        raise StatsFormatError("it is damaged, or of another version")
    drafts: list[Draft] = []
    while body:
        start, length = _MINUTE.unpack_from(body)
        end = _MINUTE.size + length
        drafts.append((from_micros(start), from_bytes(body[_MINUTE.size : end])))
        body = body[end:]
    return drafts
