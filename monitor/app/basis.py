"""What levels rest on, followed while devices come and go."""

import logging
from collections.abc import Callable

from monitor.aggregate.summary import LevelBasis
from monitor.app.health import Vitals
from monitor.settings import CalibrationSettings
from monitor.sources.calibration import CalibrationState
from monitor.sources.contract import Source

log = logging.getLogger(__name__)


def basis_of(calibration: CalibrationState, settings: CalibrationSettings) -> LevelBasis:
    """Return what levels rest on for a scale in use."""
    return LevelBasis(calibration.calibrated, calibration.level_reference, settings.floor_dba, settings.overload_db)


class BasisWatch:
    """Notices that the source's calibration changed, since another device was opened; for one thread."""

    def __init__(
        self, source: Source, settings: CalibrationSettings, vitals: Vitals, changed: Callable[[], None]
    ) -> None:
        self._source, self._settings, self._vitals, self._changed = source, settings, vitals, changed
        self._known = source.calibration
        self._note()

    def news(self) -> LevelBasis | None:
        """Return the new basis when it changed since the last call, else None."""
        now = self._source.calibration
        if now == self._known:
            return None
        log.warning("calibration.changed", extra={"before": self._known.text, "now": now.text})
        self._known = now
        self._note()
        self._changed()
        return basis_of(now, self._settings)

    def _note(self) -> None:
        self._vitals.calibrated, self._vitals.calibration = self._known.calibrated, self._known.text
