"""Random schemes and histories, small and full of values that sit exactly on, below and above a border."""
