"""`python -m incentive_lab` is the command `incentive-lab`."""

from incentive_lab.cli import main

main()
