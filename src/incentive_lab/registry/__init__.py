"""Approvals: who proposed what, on which evidence, who signed, and a log that shows when it was touched."""
