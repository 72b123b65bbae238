"""Days of synthetic observations through aggregation, narration, history, outbox and broker, on a simulated clock."""

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path

from brokers import Mosquitto
from observations import THRESHOLDS, Item, programme

from benchmarks.soak import ROOT
from benchmarks.soak.ear import Ear
from benchmarks.soak.long import LongRun, resident_mb, slope_mb_per_day
from benchmarks.soak.witness import Witness
from monitor.aggregate import Aggregator, LevelBasis, Uncertainty
from monitor.aggregate.alerts import AlertRules
from monitor.aggregate.live import LiveView
from monitor.app.health import Vitals
from monitor.app.narrating import Narrating
from monitor.app.recorder import Recorder
from monitor.app.stages import Channel, Observations
from monitor.app.summarising import Summarising
from monitor.clock import SampleClock
from monitor.memory import give_back, keep_together
from monitor.narrate.narrator import Narrator
from monitor.publish.contract.messages import Durable, Identity
from monitor.publish.mqtt import Publisher
from monitor.settings import AlertRule, AlertSettings, MqttSettings, NodeSettings, Settings
from monitor.store.history import History
from monitor.types import RATE_HZ

SITE, NODE, ZONE = "soak", "week", "Europe/Amsterdam"
START = datetime(2025, 10, 21, 22, tzinfo=UTC)
"""Local midnight; the fifth day is the one of 25 hours."""
LONG_DAY = "2025-10-26"
DRAIN_S = 120.0


def seconds_of(days: float) -> int:
    """Return how long so many local days from the start are, s."""
    extra = 3600 if days >= 5 else 0
    return round(86_400 * days) + extra


def outages(seconds: int) -> tuple[tuple[int, int], ...]:
    """Return a loss of 90 s in every six hours: second and length."""
    return tuple((at, 90) for at in range(10_000, seconds - 90, 21_600))


def by_second(items: Iterator[Item]) -> Iterator[tuple[int, tuple[Item, ...]]]:
    """Yield what each second holds; a prediction belongs to the second in which it ends."""

    def second(item: Item) -> int:
        start = item.end_sample if hasattr(item, "scene_prob") else item.start_sample
        return int(start) // RATE_HZ

    for at, group in groupby(items, second):
        yield at, tuple(group)


def work(url: str, state: Path, seconds: int) -> None:
    """Be the node: print what it used after every simulated hour, and what it told at the end.

    Memory is kept together as by the node, and given back every simulated hour; the node does so every minute.
    """
    keep_together()
    rule = AlertRule(name="loud", above=52.0, cooldown_min=0)
    settings = Settings(
        node=NodeSettings(site=SITE, name=NODE, time_zone=ZONE),
        mqtt=MqttSettings(url=url),
        alerts=AlertSettings(rules=(rule,)),
    )
    basis, clock, vitals = LevelBasis(True, "calibrated"), SampleClock(START), Vitals()
    publisher = Publisher(settings.mqtt, Identity.begin(SITE, NODE), state / "outbox.db")
    publisher.start()
    told: list[int] = [0]

    def count(record: Durable) -> None:
        told[0] += 1

    def look(view: LiveView, now: int) -> None:
        view.values(now)

    history = History(state / "history.db", settings.aggregate, ZONE)
    recorder = Recorder(history, publisher, None, count, vitals)
    narrator = Narrator(settings.narrate, settings.node, thresholds={k: v.active for k, v in THRESHOLDS.items()})
    summarising = Summarising(
        Aggregator(
            settings.aggregate, node=settings.node, calibration=basis, clock=clock, thresholds=THRESHOLDS,
            uncertainty=Uncertainty(0.2, 0.25), model_id="synthetic",
        ),
        AlertRules(settings.alerts.rules, ZONE),
        recorder,
        LiveView(basis, THRESHOLDS, None),
        live=False,
        predicting=True,
        basis=lambda: None,
        tell=Narrating(narrator, recorder, vitals, settings).tell,
        look=look,
    )  # fmt: skip
    never = threading.Event()
    inbox: Channel[Observations] = Channel(600, never)

    def feed() -> None:
        for second, items in by_second(programme(seconds, gaps=outages(seconds))):
            heard_to = (second + 1) * RATE_HZ
            inbox.put(Observations(items, heard_to, heard_to))
            if (second + 1) % 3600 == 0:
                give_back()
                print(json.dumps({"hour": (second + 1) // 3600, "mb": resident_mb(os.getpid())}), flush=True)
        inbox.end()

    feeder = threading.Thread(target=feed)
    feeder.start()
    summarising.run(inbox, never.is_set)
    feeder.join()
    history.flush()
    publisher.stop(DRAIN_S)
    written = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    days = [
        (day.day.date, day.duration_s / 3600, round(day.quality.coverage, 4))
        for day in history.days(START, START + timedelta(seconds=seconds))
    ]
    size = sum(file.stat().st_size for file in state.iterdir())
    end = {"told": told[0], "waiting": publisher.outbox_depth, "recorder_lost": recorder.lost, "days": days}
    figures = {"history_bytes": history.bytes_written(), "wchar": int(written["wchar"]), "size": size}
    print(json.dumps(end | figures), flush=True)


def week(days: float, advance: Callable[[float], None]) -> LongRun:
    """Run the node in a process of its own, and compare what it told with what arrived."""
    seconds = seconds_of(days)
    run = LongRun(f"{days:g} {'day' if days == 1 else 'days'} of synthetic observations")
    with tempfile.TemporaryDirectory(prefix="week-") as name:
        broker = Mosquitto(Path(name) / "broker")
        ear = Ear(MqttSettings(url=broker.url), SITE, NODE, Witness())
        (state := Path(name) / "state").mkdir()
        command = [sys.executable, "-m", "benchmarks.soak.week", broker.url, str(state), str(seconds)]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        memory: list[tuple[float, float]] = []
        end: dict[str, object] = {}
        assert process.stdout is not None
        for line in process.stdout:
            news = json.loads(line)
            if "hour" in news:
                memory.append((news["hour"], news["mb"]))
                advance(news["hour"])
            else:
                end = news
        if process.wait() != 0 or not end:
            run.failures.append(f"the node ended with exit code {process.returncode}")
        else:
            ear.drained(int(str(end["told"])))
            judge(run, days, seconds, end, memory, ear)
        ear.close()
        broker.stop()
    return run


def judge(
    run: LongRun, days: float, seconds: int, end: dict[str, object], memory: list[tuple[float, float]], ear: Ear
) -> None:
    """Fill in the figures, and what is wrong with them."""
    told, heard = int(str(end["told"])), sum(len(numbers) for numbers in ear.numbers.values())
    run.figures["messages lost"] = f"{told - heard} of {told}"
    run.figures["minutes told"] = f"{ear.kinds['data/minute']} of {-(-seconds // 60)}"
    run.figures["local days told"] = ", ".join(f"{d[5:]}: {h:g} h" for d, h, _ in end["days"])  # type: ignore[attr-defined]
    for name, key in (("history writes", "history_bytes"), ("process writes", "wchar")):
        run.figures[f"{name}, MB a day"] = f"{int(str(end[key])) / 1e6 / days:.2f}"
    run.figures["state folder at the end, MB"] = f"{int(str(end['size'])) / 1e6:.1f}"
    run.figures["resident at the end, MB"] = f"{memory[-1][1]:.1f}" if memory else "-"
    run.figures["memory slope from the first midnight on, MB a day"] = slope_mb_per_day(memory, since_h=25)
    before = [mb for hour, mb in memory if hour < 24]
    run.figures["resident before the first midnight, MB"] = f"{before[-1]:.1f}" if before else "-"
    if told != heard:
        run.failures.append(f"{told - heard} messages were lost")
    if ear.kinds["data/minute"] != -(-seconds // 60):
        run.failures.append("minutes are missing, or were told twice")
    if days >= 5 and [LONG_DAY, 25.0] not in [[d, h] for d, h, _ in end["days"]]:  # type: ignore[attr-defined]
        run.failures.append(f"{LONG_DAY} is no day of 25 h")
    if end["recorder_lost"] or end["waiting"]:
        run.failures.append("records were lost from the history, or messages still wait")


if __name__ == "__main__":
    work(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
