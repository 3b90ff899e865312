"""From an integer graph to a plan: kernels, layouts, tiles, places in memory.

`planner.plan` chooses a method for each layer (`front`, `depthwise`, `pointwise`, `tail`, or `general` for what no
kernel takes) and a way of placing the maps. A method adds its step to a `walk.Walk`, whose `builder.Builder` places
everything in memory and gives a `plan.Plan`. `staircase` proves the requantisation, `cost` predicts the cycles. The
methods fill the C structures of the firmware's files of those names (``firmware/network.h``).

CONTRIBUTING.md, "Add a layer kind", says how to add one.
"""
