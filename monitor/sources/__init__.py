"""Where sound comes from: microphone, audio file, synthesised demo scene; one contract."""

from monitor.sources.opening import open_source

__all__ = ["open_source"]
