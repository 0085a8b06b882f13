"""The slow, obvious reading of docs/payouts.md: exact fractions and plain loops, one function for each step.

It shares no code with the engine. Where docs/payouts.md leaves a case open, the docstring of the function says what was
chosen; where no choice would be safe, `Undefined` is raised and the random schemes stay away from it.
"""

from tests.reference.pay import ReferenceResult, pay
from tests.reference.world import Undefined

__all__ = ["ReferenceResult", "Undefined", "pay"]
