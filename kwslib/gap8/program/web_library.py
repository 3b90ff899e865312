"""The planned network as a WebAssembly module: the device's own C, front end and events included, for a web page.

It is the host library (`kwslib.gap8.program.host_library`) compiled for another machine. The module has its weights in
it, imports nothing, and needs no thread; ``firmware/web.c`` has its functions.
"""

from pathlib import Path

from kwslib import toolchain
from kwslib.config.events import LONGEST_SMOOTHING_HOPS
from kwslib.errors import ModelError
from kwslib.gap8.planning import planner
from kwslib.gap8.planning.plan import Plan
from kwslib.gap8.program import codegen, cross_compilers
from kwslib.integer.graph import Graph

FLAGS = (
    "-std=c11",
    "-O3",
    "-fno-strict-aliasing",
    "-DKWS_HOST",
    "-Wall",
    "-Wextra",
    "-Werror",
    "-Wno-c23-extensions",  # #embed
    "-Wl,--no-entry",
    "-Wl,--strip-all",
    "-Wl,-z,stack-size=65536",
)
OWN = ("web.c", "events.c", "events.h")


def compile_module(plan: Plan) -> Path:
    """Compile the module of a plan into the cache, once for each state of its sources; returns its path.

    Raises
    ------
    ModelError
        If the plan does not begin with sound.
    kwslib.toolchain.CompilerError
        If there is no compiler or it fails.
    """
    graph = plan.graph
    if not graph.front_end:
        raise ModelError(f"{graph.name} does not begin with sound: a page has no front end for it")
    texts = codegen.tables(plan, [f"class{i}" for i in range(graph.classes)])
    names = (*codegen.RUNTIME, *codegen.HOST, *codegen.HEADERS, *OWN)
    files = {name: (codegen.FIRMWARE / name).read_bytes() for name in names}
    files |= {name: text.encode() for name, text in texts.items()}
    parts = codegen.contents(plan)
    files |= {"l2.bin": parts["l2.bin"][codegen.input_end(plan) :], "flash.bin": parts["flash.bin"]}
    sizes = (f"-DCLASSES={graph.classes}", f"-DMOST_SMOOTHING={LONGEST_SMOOTHING_HOPS}")
    return toolchain.compile_cached("web/network.wasm", cross_compilers.find_wasm(), (*FLAGS, *sizes), files)


def module(graph: Graph) -> bytes:
    """Plan a network that begins with sound, and return its WebAssembly module.

    Raises
    ------
    kwslib.errors.KwsError
        If the network cannot be planned, has no front end, or cannot be compiled.
    """
    return compile_module(planner.plan(graph)).read_bytes()
