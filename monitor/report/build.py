"""From the history to one self-contained HTML page."""

from datetime import datetime
from importlib.util import find_spec

from monitor.report.figures import figures_of
from monitor.report.page import page
from monitor.report.sheet import Sheet
from monitor.report.span import Span
from monitor.settings import Settings
from monitor.store.history import History


class ReportExtraMissing(ImportError):
    """The packages that draw reports are not installed; the text is a sentence for the user."""


def build(history: History, settings: Settings, span: Span, made: datetime | None = None) -> str:
    """Return the report of a span as HTML that needs no other file, no network and no script.

    `made` is the time printed as the report's own: now. Raises ReportExtraMissing, and DatabaseError where the history
    cannot be read.
    """
    return render(Sheet(history, settings, span, made), made)


def render(sheet: Sheet, made: datetime | None = None) -> str:
    """Return the report of a sheet as HTML; raises ReportExtraMissing."""
    missing = [name for name in ("jinja2", "matplotlib") if find_spec(name) is None]
    if missing:
        raise ReportExtraMissing(
            f"Reports need {' and '.join(missing)}: install the extra with pip install 'soundscape-monitor[report]'."
        )
    return page(sheet, figures_of(sheet), made)
