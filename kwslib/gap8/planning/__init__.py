"""From an integer graph to a plan: kernels, layouts, tiles, places in memory."""
