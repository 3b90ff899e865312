"""Platforms: what runs a GAP8 program. `platform` holds the interface and the table of them."""
