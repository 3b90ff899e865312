"""Where the tests find things: the checkout, the recorded programs, the packaged tables, the shared speech."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RECORDINGS = ROOT / "recordings"
"""GAP8 programs with what GVSOC printed for them."""
BASELINE_TABLES = ROOT / "kwslib" / "config" / "data" / "baseline_tables.json"
SHARED = ROOT.parent / "shared"
"""Files that only some machines have; a test that needs them skips without."""
