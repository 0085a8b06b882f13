"""Partner histories: tables, loading, quality, identity, measures. Floor 3: knows schemes and panels, not engines."""

from incentive_lab.history.export import write_csv_folder
from incentive_lab.history.history import History
from incentive_lab.history.loading import open_history
from incentive_lab.history.quality import Finding, quality

__all__ = ["Finding", "History", "open_history", "quality", "write_csv_folder"]
