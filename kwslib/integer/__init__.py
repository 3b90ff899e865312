"""The arithmetic of an 8-bit network: graph, requantisation, integer reference."""
