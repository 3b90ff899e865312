"""The process of a notebook: an ordinary Jupyter kernel on the running interpreter that dies with its parent.

Started by `kwslib.runs.notebook`, as ``python -m kwslib.runs.kernel PARENT_PID -f CONNECTION_FILE``.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def die_with_parent(parent: int) -> None:
    """Ask Linux to kill this process when `parent` ends, however that is; elsewhere ipykernel's own poller does."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it ended before the request was made
            os._exit(1)


def main() -> None:
    """Become a kernel."""
    die_with_parent(int(sys.argv.pop(1)))
    # As ipykernel_launcher: the working folder is no place to import from.
    if sys.path[0] in ("", os.getcwd()):  # noqa: PTH109 - compared with sys.path, text
        del sys.path[0]
    from ipykernel import kernelapp

    kernelapp.launch_new_instance()


if __name__ == "__main__":
    main()
