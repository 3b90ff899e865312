"""Measuring: the cycles of a program, and whether it computes what the reference does."""
