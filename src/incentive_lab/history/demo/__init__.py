"""A generated partner history with known truth: `generate_demo` writes it, `report` measures it."""

from incentive_lab.history.demo.calibration import CALIBRATION
from incentive_lab.history.demo.generate import DemoSummary, generate_demo
from incentive_lab.history.demo.report import Finding, report

__all__ = ["CALIBRATION", "DemoSummary", "Finding", "generate_demo", "report"]
