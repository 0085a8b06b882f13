"""Pilots: design, run and read an experiment on partners (docs/pilots.md, docs/method.md)."""
