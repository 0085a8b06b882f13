"""Partner histories: tables, loading, quality, identity and measures. Floor 3: knows schemes and panels, not engines."""

from incentive_lab.history.history import History
from incentive_lab.history.loading import open_history

__all__ = ["History", "open_history"]
