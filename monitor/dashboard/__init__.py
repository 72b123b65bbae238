"""Terminal views of snapshots."""

from monitor.dashboard.card import card
from monitor.dashboard.frame import render
from monitor.dashboard.lines import line
from monitor.dashboard.live import Dashboard
from monitor.dashboard.recent import Recent

__all__ = ["Dashboard", "Recent", "card", "line", "render"]
