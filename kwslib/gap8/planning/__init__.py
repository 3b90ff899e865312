"""From an integer graph to a plan: kernels, layouts, tiles, places in memory.

`planner.plan` tries the strategies in turn. A strategy adds steps to a `builder.Builder`, which places everything in
memory and gives a `plan.Plan`. The modules `front`, `depthwise`, `pointwise` and `tail` fill the C structures of the
firmware's files of those names; `any_layer` fills the structure of ``general.c``.

To add a kind of layer:

1. translate it from the file in `kwslib.integer.operators`, and say what it computes in `kwslib.integer.reference`;
2. give it an operation in ``enum operation`` of ``firmware/network.h``, compute it in ``firmware/general.c``, and enter
   it in `any_layer.KINDS`: then every network that has one runs, layer by layer;
3. pack its weights in `weights`, if `weights.general` does not do;
4. compare it with the reference in ``tests/gap8/planning/test_any_layer.py``;
5. where it has to be fast, give it a kernel (`kwslib.gap8.kernels`) and a step: a structure in ``union u`` of
   ``firmware/network.h``, a function ``run_KIND`` in the firmware, and a module here that fills the structure.
"""
