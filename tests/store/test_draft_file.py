"""Drafts of open minutes come back as they were written, or not at all, and never stop the node."""

import logging
import os
import tempfile
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.aggregate import to_bytes
from monitor.aggregate.aggregator import Draft
from monitor.store.draft import DraftFile
from monitor.types import RATE_HZ
from tests.aggregate.observations import START, aggregator, programme


def drafts(seconds: int) -> list[Draft]:
    engine = aggregator()
    for item in programme(seconds):
        engine.add(item)
    return engine.draft(seconds * RATE_HZ)


def content(found: list[Draft]) -> list[tuple[object, bytes]]:
    return [(minute, to_bytes(stats)) for minute, stats in found]


def test_the_last_drafts_are_read_back(tmp_path: Path) -> None:
    file = DraftFile(tmp_path / "minute.draft")
    assert file.read() == []
    two, one = drafts(70), drafts(20)
    assert [minute for minute, _ in two] == [START, START + timedelta(minutes=1)]
    for written in (two, one, [], one):  # a shorter one, written over a longer one
        file.write(written)
        assert content(DraftFile(tmp_path / "minute.draft").read()) == content(written)
    assert (tmp_path / "minute.draft").stat().st_mode & 0o007 == 0, "for this user only"
    file.remove()
    assert file.read() == [] and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("harm", ["cut", "flip", "empty", "foreign", "folder"])
def test_a_damaged_draft_is_told_in_one_sentence_and_dropped(
    harm: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "minute.draft"
    file = DraftFile(path)
    file.write(drafts(20))
    whole = path.read_bytes()
    if harm == "folder":
        path.unlink()
        path.mkdir()
    else:
        path.write_bytes(
            {"cut": whole[:-9], "flip": whole[:40] + b"?" + whole[41:], "empty": b"", "foreign": b"#!/bin/sh"}[harm]
        )
    with caplog.at_level(logging.ERROR):
        assert file.read() == []
    assert [record.message for record in caplog.records if record.message == "draft.dropped"] == ["draft.dropped"]
    if harm != "folder":
        assert not path.exists()
        file.write(drafts(20))
        assert len(file.read()) == 1


def test_every_damage_to_a_byte_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "minute.draft"
    DraftFile(path).write(drafts(10))
    whole = path.read_bytes()
    for at in range(0, len(whole), 7):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x10]) + whole[at + 1 :])
        assert DraftFile(path).read() == [], at


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make files of another user")
def test_a_draft_of_another_user_is_dropped() -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        Path(name).chmod(0o777)
        path = Path(name) / "minute.draft"
        DraftFile(path).write(drafts(10))
        if (child := os.fork()) == 0:
            try:
                os.setgroups([])
                os.setgid(65534)
                os.setuid(65534)
                file = DraftFile(path)
                found = file.read()
                file.write([])
                os._exit(0 if found == [] and path.stat().st_uid == 65534 else 1)
            finally:
                os._exit(2)
        assert os.waitpid(child, 0)[1] == 0


def test_a_folder_that_cannot_be_written_is_told_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = DraftFile(tmp_path / "absent" / "minute.draft")
    with caplog.at_level(logging.ERROR):
        for _ in range(3):
            file.write(drafts(5))
        (tmp_path / "absent").mkdir()
        file.write(drafts(5))
    assert [record.message for record in caplog.records] == ["draft.unwritable"]
    assert len(file.read()) == 1
