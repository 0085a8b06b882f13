"""The checks of a scheme, one module for each kind of mistake; `incentive_lab.scheme.check` runs them all."""
