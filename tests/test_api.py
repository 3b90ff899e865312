"""The public API: what it exports, and that importing it is light."""

import subprocess
import sys

import kwslib
from kwslib import api
from tests.places import ROOT


def test_the_package_exports_the_api():
    assert kwslib.__all__ == api.__all__
    for name in kwslib.__all__:
        assert getattr(kwslib, name) is getattr(api, name)


def test_every_function_has_an_example_and_says_what_it_raises():
    for name in api.__all__:
        text = getattr(api, name).__doc__
        assert ">>> " in text and "Raises\n" in text, name


def test_importing_the_package_loads_no_tensorflow():
    code = "import sys, kwslib; print(sorted({'tensorflow', 'keras', 'pandas', 'altair'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "[]"
