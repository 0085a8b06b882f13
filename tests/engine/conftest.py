"""How many random examples are tried: few while developing, at least 2,000 over all focused tests in CI."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

QUIET = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large, HealthCheck.large_base_example]
settings.register_profile("ci", max_examples=205, deadline=None, derandomize=True, suppress_health_check=QUIET)
settings.register_profile("dev", max_examples=25, deadline=None, suppress_health_check=QUIET, print_blob=True)
settings.register_profile("search", max_examples=3000, deadline=None, suppress_health_check=QUIET, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
