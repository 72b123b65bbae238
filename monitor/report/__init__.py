"""Day and week reports."""

from monitor.report.build import ReportExtraMissing, build, render
from monitor.report.figures import Figures, figures_of
from monitor.report.sheet import Sheet
from monitor.report.span import Span
from monitor.report.table import as_csv

__all__ = ["Figures", "ReportExtraMissing", "Sheet", "Span", "as_csv", "build", "figures_of", "render"]
