"""Where a sweep runs: processes of this machine, or the workers of a Dask scheduler."""

import contextlib
from collections.abc import Iterator
from typing import Any

from kwslib.errors import InputError

CONNECT_TIMEOUT_S = 30


@contextlib.contextmanager
def start(workers: int) -> Iterator[Any]:
    """Start processes on this machine, and yield a Dask client of theirs.

    Parameters
    ----------
    workers : int
        Number of processes, of one thread each.
    """
    import dask
    from distributed import Client, LocalCluster

    settings = {
        "distributed.scheduler.allowed-failures": 0,  # a run whose process was killed is not tried again
        "distributed.worker.daemon": False,
        "distributed.comm.timeouts.connect": f"{CONNECT_TIMEOUT_S}s",
    }
    with (
        dask.config.set(settings),
        LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            memory_limit=0,
            silence_logs="ERROR",
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client


@contextlib.contextmanager
def connect(address: str) -> Iterator[Any]:
    """Yield a Dask client of a scheduler that runs already.

    Raises
    ------
    InputError
        If there is no scheduler at the address, or it has no workers.
    """
    from distributed import Client

    try:
        client = Client(address, timeout=CONNECT_TIMEOUT_S)
    except (OSError, ValueError) as error:
        raise InputError(
            f"there is no Dask scheduler at '{address}' ({error}); start one with: "
            "dask scheduler --host 127.0.0.1 --dashboard-address 127.0.0.1:8787"
        ) from error
    with client:
        if not client.scheduler_info(n_workers=-1)["workers"]:
            raise InputError(f"the Dask scheduler at '{address}' has no workers; start some: dask worker {address}")
        yield client
