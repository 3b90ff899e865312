"""The process of a notebook: an ordinary Jupyter kernel on the running interpreter that dies with its parent.

Started by `kwslib.runs.notebook`, as ``python -m kwslib.runs.kernel PARENT_PID -f CONNECTION_FILE``.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def die_with_parent(parent: int) -> None:
    """Make this process end when `parent` ends, even if `parent` is killed.

    Linux does it on request. On other systems ipykernel's own poller ends the kernel.

    Parameters
    ----------
    parent : int
        Process id of the parent.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it ended before the request was made
            os._exit(1)


def main() -> None:
    """Run an ipykernel in this process."""
    die_with_parent(int(sys.argv.pop(1)))
    # Like ipykernel_launcher: modules in the working folder must not hide installed ones.
    if sys.path[0] in ("", os.getcwd()):  # noqa: PTH109 - compared with sys.path, text
        del sys.path[0]
    from ipykernel import kernelapp

    kernelapp.launch_new_instance()


if __name__ == "__main__":
    main()
