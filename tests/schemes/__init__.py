"""The shipped schemes and their frozen payouts."""
