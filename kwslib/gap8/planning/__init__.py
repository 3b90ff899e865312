"""From an integer graph to a plan: kernels, layouts, tiles, places in memory.

`planner.plan` chooses a method for each layer and a way of placing the maps. The methods are `front`, `depthwise`,
`pointwise` (with `windows`, `work` and `tiling`), `pool`, `linear`, `softmax`, and `general` for what no kernel takes;
each fills the C structure of that name (``firmware/network.h``). A method adds its step to a `walk.Walk`, whose
`builder.Builder` places everything in memory and gives a `plan.Plan`.

Methods share `layouts` (how maps lie), `sinks` and `padding` (where they are written), `weights` and `buffers` (what
the kernels read, and where it arrives). `staircase`, `forms` and `offsets` prove the requantisation; `proofs` chooses
one that the kernel has registers for. `cost` predicts the cycles, `waiting` what steps wait for weights. `runtime`
knows what the firmware takes for itself.

CONTRIBUTING.md, "Add a layer kind", says how to add one.
"""
