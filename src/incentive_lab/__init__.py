"""Design, replay and test partner incentive programmes."""

__version__ = "0.1.0"
