"""Which source a run listens to."""

import logging
from pathlib import Path

from monitor.settings import Settings
from monitor.sources.audio_file import AudioFileSource
from monitor.sources.calibration import CalibrationStore, resolve
from monitor.sources.contract import BadInput, Source
from monitor.sources.demo import DemoSource
from monitor.sources.devices import why_no_default_input
from monitor.sources.microphone import MicrophoneSource

log = logging.getLogger(__name__)

MICROPHONE, DEMO = "mic", "demo"


def open_source(
    settings: Settings, spec: str | None, *, realtime: bool = True, store: CalibrationStore | None = None
) -> Source:
    """Open what a run listens to: `mic`, `demo`, a file or folder, or, for None, the microphone if there is one.

    Without a microphone, None gives the demo scene, which says why; a microphone that the settings name is waited for
    instead. A file has the configured scale, and the mean of its channels is heard. Raises SourceError.
    """
    if spec == DEMO:
        return DemoSource(realtime=realtime)
    if spec is not None and spec != MICROPHONE:
        return AudioFileSource(Path(spec), resolve(settings.calibration, None, None), realtime=realtime)
    if not realtime:
        raise BadInput("A microphone cannot be heard faster than real time; name a file.")
    if spec is None and settings.audio.device is None and (missing := why_no_default_input()):
        log.warning("capture.demo", extra={"reason": missing})
        return DemoSource(why=missing)
    return MicrophoneSource(settings.audio, settings.calibration, store)
