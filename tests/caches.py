"""Empty cache folders for tests that must not find what others left, yet need not compile what anybody has compiled."""

from pathlib import Path

from kwslib.paths import cache_dir

COMPILED = ("host", "simulator", "web", "zig")
"""Parts of the cache that compilers fill: each file is named by what it was made of, and written under a lock."""
MACHINE = cache_dir().absolute()
"""The cache of whoever runs the tests, before a test names another one."""


def fresh(folder: Path) -> Path:
    """Make a cache folder that is empty except for what compilers made."""
    folder.mkdir(parents=True)
    for part in COMPILED:
        (MACHINE / part).mkdir(parents=True, exist_ok=True)
        (folder / part).symlink_to(MACHINE / part)
    return folder
