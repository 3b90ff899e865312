"""From an integer graph to a plan: kernels, layouts, tiles, places in memory.

`planner.plan` tries the strategies in turn. A strategy adds steps to a `builder.Builder`, which places everything in
memory and gives a `plan.Plan`. The modules `front`, `depthwise`, `pointwise` and `tail` fill the C structures of the
firmware's files of those names; `any_layer` fills the structure of ``general.c``.

CONTRIBUTING.md, "Add a layer kind", says how to add one.
"""
