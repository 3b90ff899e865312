"""What runs a GAP8 program: simulator, GVSOC, pulp-open, the host."""
