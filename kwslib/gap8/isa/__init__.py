"""The instruction set of GAP8's cores, in one table."""
