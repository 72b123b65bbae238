"""A node put together from its settings: source, DSP, model, aggregation, narrator, history, broker."""

import logging
import tempfile
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from monitor import __version__
from monitor.aggregate.aggregator import Aggregator
from monitor.aggregate.events import EventThreshold
from monitor.aggregate.live import LiveView
from monitor.aggregate.summary import Uncertainty
from monitor.app.basis import BasisWatch, basis_of
from monitor.app.config import state_folder
from monitor.app.failure import Exit, Failure
from monitor.app.health import HealthMonitor, Vitals
from monitor.app.journal import basis_entry, note_boot
from monitor.app.looking import Looking
from monitor.app.narrating import spent
from monitor.app.pipeline import Parts, Pipeline
from monitor.app.recorder import Recorder, Sink
from monitor.clock import LiveClock, SampleClock
from monitor.dsp import warm_up
from monitor.dsp.hearing import Hearing
from monitor.model.bundle import Bundle, BundleError
from monitor.model.predictor import Predictor
from monitor.narrate.narrator import Narrator
from monitor.publish.contract.messages import Durable, Identity
from monitor.publish.contract.payloads import Location, Meta
from monitor.publish.embedded import EmbeddedBroker
from monitor.publish.link.address import MqttConfigError
from monitor.publish.mqtt import Publisher
from monitor.publish.webhook import Webhook
from monitor.settings import MqttSettings, Settings
from monitor.sources import open_source
from monitor.sources.calibration import CalibrationStore
from monitor.sources.contract import Source
from monitor.store.database import DatabaseError
from monitor.store.draft import DraftFile
from monitor.store.history import History
from monitor.types import EVENTS

log = logging.getLogger(__name__)

DEFAULT_START = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says beside the settings."""

    source: str | None = None
    """`mic`, `demo`, a path, or None: the microphone if there is one, else the demo scene."""
    fast: bool = False
    start: datetime | None = None
    duration_s: float | None = None
    """Sound to hear, s; None: all of it."""
    state: Path | None = None


@dataclass(frozen=True, slots=True)
class Node:
    """Everything a run needs."""

    settings: Settings
    source: Source
    pipeline: Pipeline
    health: HealthMonitor
    looking: Looking
    publisher: Publisher | None


def assemble(settings: Settings, options: Options, sink: Sink, stack: ExitStack) -> Node:
    """Put a node together; `stack` closes what was opened, in the order of the flow of data.

    Raises Failure, SourceError, DatabaseError with a sentence each.
    """
    vitals = Vitals()
    own_state = options.state or state_folder()
    warm_up()
    source = open_source(settings, options.source, realtime=not options.fast, store=CalibrationStore(own_state))
    try:
        bundle = _bundle(settings, vitals)
        state = own_state
        if not source.live and options.state is None:
            state = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="soundscape-")))
            settings = _apart(settings)
        publisher = _publisher(settings, options, state, vitals, stack)
        webhook = _webhook(settings, vitals, stack)
        history = History(state / "history.db", settings.aggregate, settings.node.time_zone, replace_damaged=True)
        note_boot(history, source, bundle)
    except BaseException:
        source.close()
        raise
    stack.callback(source.close)
    clock = _clock(source, options)
    narrator = Narrator(settings.narrate, settings.node, thresholds={} if bundle is None else bundle.active_from)
    vitals.llm = lambda: narrator.status
    vitals.llm_spend = lambda: spent(narrator.spend)
    vitals.clock = clock.quality
    health = HealthMonitor(vitals, state, live=source.live)
    looking = Looking(settings.node, clock, health, publisher)

    def watched(record: Durable) -> None:
        looking.note(record)
        sink(record)

    def recorder() -> Recorder:
        history = History(state / "history.db", settings.aggregate, settings.node.time_zone, replace_damaged=True)
        return Recorder(history, publisher, webhook, watched, vitals)

    basis = basis_of(source.calibration, settings.calibration)
    on_off = {} if bundle is None else event_thresholds(bundle)
    uncertainty = None if bundle is None else Uncertainty(bundle.uncertainty.isop, bundle.uncertainty.isoe)
    aggregator = Aggregator(
        settings.aggregate,
        node=settings.node,
        calibration=basis,
        clock=clock,
        thresholds=on_off,
        uncertainty=uncertainty,
        model_id=None if bundle is None else bundle.id,
    )
    if source.live:
        aggregator.remember(history.recall)

    def recalibrated() -> None:
        if publisher is not None:
            publisher.meta(meta(settings, source, bundle))
        with suppress(DatabaseError):
            history.note("calibration", basis_entry(source, bundle))

    recalibrated_basis = BasisWatch(source, settings.calibration, vitals, recalibrated)
    parts = Parts(
        settings=settings,
        source=source,
        hearing=Hearing(field=settings.calibration.field),
        predictor=None if bundle is None else Predictor(bundle, settings.model.hop_s),
        aggregator=aggregator,
        clock=clock,
        narrator=narrator,
        view=LiveView(basis, on_off, uncertainty),
        vitals=vitals,
        recorder=recorder,
        basis=recalibrated_basis.news,
        look=looking.look,
        drafts=DraftFile(state / "minute.draft") if source.live else None,
        duration_s=options.duration_s,
    )
    if publisher is not None:
        publisher.meta(meta(settings, source, bundle))
    return Node(settings, source, Pipeline(parts), health, looking, publisher)


def _apart(settings: Settings) -> Settings:
    """Return settings without broker and webhook: what a file or a demo tells is no news of the node's place."""
    if settings.mqtt.url is not None or settings.alerts.webhook is not None:
        log.warning(
            "run.apart", extra={"reason": "a file or a demo is told to mqtt.url and the webhook with --state only"}
        )
    alone = {"mqtt": MqttSettings(), "alerts": settings.alerts.model_copy(update={"webhook": None})}
    return settings.model_copy(update=alone)


def _bundle(settings: Settings, vitals: Vitals) -> Bundle | None:
    """Return the model; without the shipped one the node measures on, degraded; a configured one must be there."""
    try:
        return Bundle.load(settings.model.bundle)
    except BundleError as error:
        if settings.model.bundle is not None:
            raise Failure(Exit.CONFIG, f"model.bundle: {error}") from None
        vitals.model_fault = f"levels only: {error}"
        log.error("model.unavailable", extra={"error": str(error)})
        return None


def _clock(source: Source, options: Options) -> SampleClock:
    if source.live or (options.start is None and source.last_observation is not None):
        return LiveClock(datetime.now(UTC))
    return SampleClock(options.start or DEFAULT_START, "simulated")


def event_thresholds(bundle: Bundle) -> dict[str, EventThreshold]:
    """Return the probabilities at which each kind of sound counts, begins and ends."""
    found = bundle.thresholds
    rows = zip(EVENTS, found.active, found.short_on, found.short_off, strict=True)
    return {label: EventThreshold(*values) for label, *values in rows}


def _publisher(settings: Settings, options: Options, state: Path, vitals: Vitals, stack: ExitStack) -> Publisher | None:
    mqtt = settings.mqtt
    demo = mqtt.url is None
    if demo:
        if options.fast:
            return None
        try:
            broker = EmbeddedBroker()
        except MqttConfigError as error:
            log.warning("broker.off", extra={"reason": str(error)})
            return None
        stack.callback(broker.stop)
        mqtt = broker.settings(mqtt)
    try:
        publisher = Publisher(mqtt, Identity.begin(settings.node.site, settings.node.name), state / "outbox.db")
    except MqttConfigError as error:
        raise Failure(Exit.CONFIG, str(error)) from None
    publisher.start()
    stack.callback(publisher.stop)
    suffix = f" (demo broker {mqtt.url})" if demo else ""
    vitals.broker = lambda: publisher.state + suffix
    vitals.broker_ok = lambda: publisher.state == "connected"
    vitals.concerns = lambda: publisher.concerns
    vitals.outbox = lambda: publisher.outbox_depth
    vitals.bytes_sent = lambda: publisher.bytes_today
    return publisher


def _webhook(settings: Settings, vitals: Vitals, stack: ExitStack) -> Webhook | None:
    alerts = settings.alerts
    if alerts.webhook is None:
        return None
    node = settings.node
    webhook = Webhook(alerts.webhook, node=node.name, site=node.site, token_file=alerts.webhook_token_file)
    stack.callback(webhook.stop)
    vitals.webhook = lambda: webhook.state
    return webhook


def meta(settings: Settings, source: Source, bundle: Bundle | None) -> Meta:
    """Return what the node says of itself to its broker; the location is rounded as the operator asked."""
    node, location = settings.node, None
    if node.latitude is not None and node.longitude is not None:
        decimals = node.location_decimals
        location = Location(
            latitude=round(node.latitude, decimals), longitude=round(node.longitude, decimals), decimals=decimals
        )
    return Meta(
        software=f"soundscape-monitor {__version__}",
        place=node.place,
        place_kind=node.place_kind,
        time_zone=node.time_zone,
        location=location,
        calibrated=source.calibration.calibrated,
        level_reference=source.calibration.level_reference,
        model_id=None if bundle is None else bundle.id,
        period_min=settings.aggregate.period_min,
    )
