"""From frames and predictions to minutes, reporting periods and days."""

from monitor.aggregate.aggregator import AggregateRecord, Aggregator
from monitor.aggregate.encoding import from_bytes, to_bytes
from monitor.aggregate.events import EventThreshold
from monitor.aggregate.periods import Recall, Remembered
from monitor.aggregate.statistics import IntervalStats, merged
from monitor.aggregate.summary import LevelBasis, Uncertainty, summarise

__all__ = [
    "AggregateRecord",
    "Aggregator",
    "EventThreshold",
    "IntervalStats",
    "LevelBasis",
    "Recall",
    "Remembered",
    "Uncertainty",
    "from_bytes",
    "merged",
    "summarise",
    "to_bytes",
]
