"""What messages hold that is not a record of sound: a digest, the node's status, and what it says of itself."""

from typing import Literal

from pydantic import AwareDatetime, Field

from monitor.records import Caption, DaySummary, LevelReference, Record


class Digest(Record):
    """A local day in figures and words."""

    summary: DaySummary
    caption: Caption | None = None


class Status(Record):
    """Whether the node is connected: its birth, its farewell and its last will."""

    state: Literal["online", "offline"]
    since: AwareDatetime = Field(description="UTC; of a last will: when the connection that broke was made")
    reason: Literal["connected", "stopped", "connection lost"]


class Location(Record):
    """Where the node hangs, rounded as its operator asked."""

    latitude: float = Field(ge=-90, le=90, description="degrees, WGS 84")
    longitude: float = Field(ge=-180, le=180, description="degrees, WGS 84")
    decimals: int = Field(ge=0, le=6, description="decimals that were kept; 2 is about 1 km")


class Meta(Record):
    """What changes rarely: place, calibration, model, and where the schemas are."""

    software: str = Field(description="name and version of the program")
    place: str | None = None
    place_kind: str | None = None
    time_zone: str = Field("UTC", description="IANA time zone of local days")
    location: Location | None = None
    calibrated: bool = False
    level_reference: LevelReference = "assumed"
    calibrated_at: AwareDatetime | None = None
    microphone: str | None = Field(None, description="device and serial number")
    model_id: str | None = None
    period_min: int = Field(5, description="reporting period, min")
    schemas: dict[str, str] = Field(default_factory=dict, description="by topic below the node: URI of the schema")
