"""Files that end too early, which libsndfile reads without complaint."""

import re
from pathlib import Path

import soundfile

OGG_PAGE, OGG_LAST = b"OggS", 0x04
"""Start of a page, and the flag (byte 5) of a stream's last page; RFC 3533, section 6."""
OGG_TAIL_BYTES = 2 * 65_307
"""Room for two pages of the largest size."""
UNKNOWN_BYTES = 0xFFFF_0000
"""A RIFF header from here on was written by a program that did not know the length."""
UNKNOWN_FRAMES = 2**60


def cut_short(path: Path, sound: soundfile.SoundFile, frames_read: int) -> str | None:
    """Return what shows that a file read to its end is not whole, such as "of 30.0 s"; None for a whole file."""
    if frames_read < sound.frames < UNKNOWN_FRAMES:
        return f"of {sound.frames / sound.samplerate:.1f} s"
    if sound.format == "OGG":
        with path.open("rb") as raw:
            raw.seek(max(0, path.stat().st_size - OGG_TAIL_BYTES))
            tail = raw.read()
        page = tail.rfind(OGG_PAGE)
        if page < 0 or len(tail) < page + 6 or not tail[page + 5] & OGG_LAST:
            return "(the end of the Ogg stream is missing)"
    told = re.search(r"^data : (\d+) \(should be (\d+)\)", sound.extra_info, re.MULTILINE)
    if told and int(told[2]) < int(told[1]) < UNKNOWN_BYTES and frames_read:
        whole = int(told[1]) / int(told[2]) * frames_read / sound.samplerate
        return f"of {whole:.1f} s"
    return None
