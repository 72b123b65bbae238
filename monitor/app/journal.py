"""What the node writes to the journal of its history: boots, and changes of what its numbers rest on."""

import logging

from monitor import __version__
from monitor.model.bundle import Bundle
from monitor.sources.contract import Source
from monitor.store.database import DatabaseError
from monitor.store.history import History

log = logging.getLogger(__name__)

Detail = dict[str, str | int | float | bool | None]


def note_boot(history: History, source: Source, bundle: Bundle | None) -> None:
    """Write down that the node was started, and whether with another model than the last time."""
    now = basis_entry(source, bundle)
    try:
        before = history.latest("boot")
    except DatabaseError as error:  # an entry that cannot be read must not keep the node from starting
        log.error("history.unreadable", extra={"error": str(error)})
        before = None
    history.note("boot", now)
    if before is not None and before.detail.get("model") != now["model"]:
        history.note("model", {"model": now["model"], "before": before.detail.get("model")})


def basis_entry(source: Source, bundle: Bundle | None) -> Detail:
    """Return what numbers rest on from now on."""
    return {
        "version": __version__,
        "source": source.state,
        "calibration": source.calibration.text,
        "full_scale_pa": source.calibration.full_scale_pa,
        "model": None if bundle is None else bundle.id,
    }
