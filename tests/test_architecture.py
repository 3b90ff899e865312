"""How the rooms of the library depend on each other: imports point one way, lazy ones included."""

import ast
import functools
from pathlib import Path

import pytest

from tests.places import ROOT

LIBRARY = ROOT / "kwslib"
COMMON = {
    "errors",
    "paths",
    "subproc",
    "provenance",
    "artifacts",
    "files",
    "seals",
    "toolchain",
    "terminal",
    "accuracy",
    "version",
}
"""Modules that every room may use; ``version`` stands for the package itself, which holds the version and the API."""
RIGHT_OF = {
    "config": set(),
    "speech": {"config"},
    "integer": {"config"},
    "network": {"config", "speech", "integer"},
    "gap8": {"config", "integer"},
    "runs": {"config", "speech", "integer", "network", "gap8"},
    "studies": {"config", "speech", "integer", "network", "gap8", "runs"},
    "release": {"config", "speech", "integer", "network", "gap8", "runs", "studies"},
    "report": {"config", "speech", "integer", "network", "gap8", "runs", "studies", "release"},
    "cli": {"config", "speech", "integer", "network", "gap8", "runs", "studies", "release", "report"},
}
"""What each room may import: the rooms to the left of it."""
FRONT_END = {"kwslib.integer.front_end", "kwslib.integer.front_end_tables", "kwslib.integer.front_end_transform"}
"""The modules of the arithmetic that `speech` may import: they know sound, and nothing of networks."""
TENSORFLOW = {"tensorflow", "keras", "jax", "ai_edge_litert"}
"""What the room `network` alone may import."""
LONGEST_FUNCTION = 60


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in sorted(LIBRARY.rglob("*.py"))}


@functools.cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """Everything in a module's syntax tree."""
    return tuple(ast.walk(ast.parse(path.read_text())))


@functools.cache
def imported(path: Path) -> frozenset[str]:
    """Names of everything that a module imports, anywhere in it, as full module names."""
    found = set()
    for node in nodes(path):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} has a relative import"
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in MODULES else str(node.module) for name in names}
    return frozenset(found)


def room_of(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "version"


@pytest.mark.parametrize("module", MODULES)
def test_imports_point_to_the_left(module):
    room = room_of(module)
    own = {name for name in imported(MODULES[module]) if name.split(".")[0] == "kwslib"}
    if room == "speech":
        own -= FRONT_END
    rooms = {room_of(name) for name in own} - COMMON - {room}
    allowed = {"version": {"api"}, "api": set(RIGHT_OF) - {"cli"}}.get(room) or RIGHT_OF.get(room, set())
    assert rooms <= allowed, f"{module} imports from {rooms - allowed}"


@pytest.mark.parametrize("module", MODULES)
def test_only_network_knows_tensorflow(module):
    found = {name.split(".")[0] for name in imported(MODULES[module])} & TENSORFLOW
    assert not found or room_of(module) == "network"


def test_no_import_circle():
    graph = {
        module: {name for name in imported(path) if name in MODULES and name not in ("kwslib", module)}
        for module, path in MODULES.items()
    }
    del graph["kwslib"]
    done: set[str] = set()

    def walk(module: str, trail: tuple[str, ...]) -> None:
        assert module not in trail, f"circle: {' -> '.join((*trail[trail.index(module) :], module))}"
        if module in done:
            return
        for other in sorted(graph[module]):
            walk(other, (*trail, module))
        done.add(module)

    for module in graph:
        walk(module, ())


def test_a_circle_behind_a_lazy_import_is_seen(tmp_path):
    path = tmp_path / "lazy.py"
    path.write_text("def f():\n    from kwslib.integer import graph\n    import kwslib.errors\n")
    assert imported(path) == {"kwslib.integer.graph", "kwslib.errors"}


def test_the_top_level_holds_rooms_and_few_modules():
    entries = {path.name.removesuffix(".py") for path in LIBRARY.iterdir() if path.name != "__pycache__"}
    assert entries - set(RIGHT_OF) <= COMMON - {"version"} | {"__init__", "api"} and len(entries - set(RIGHT_OF)) <= 12


def functions() -> list[tuple[str, ast.FunctionDef]]:
    return [
        (f"{module}.{node.name}", node)
        for module, path in MODULES.items()
        for node in nodes(path)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def test_no_function_is_longer_than_a_page():
    long = {}
    for name, node in functions():
        body = node.body[1:] if ast.get_docstring(node) else node.body
        if body and body[-1].end_lineno - body[0].lineno + 1 > LONGEST_FUNCTION:
            long[name] = body[-1].end_lineno - body[0].lineno + 1
    assert not long


def test_no_module_is_imported_under_another_name_than_its_own():
    for module, path in MODULES.items():
        for node in nodes(path):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("kwslib"):
                renamed = [f"{one.name} as {one.asname}" for one in node.names if one.asname]
                assert not renamed, f"{module} imports {', '.join(renamed)}"
