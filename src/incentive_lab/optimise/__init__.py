"""Search: which values of a scheme's numbers meet a goal within limits, on the partners' own history."""
