"""Where a sweep runs: processes of this machine, or the workers of a Dask scheduler."""

import contextlib
import hashlib
import importlib.util
import os
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import kwslib
from kwslib.errors import InputError
from kwslib.provenance import installed

CONNECT_TIMEOUT_S = 30
LOOPBACK = "127.0.0.1"
"""Scheduler, workers and dashboard of this machine listen here, and nowhere else: Dask runs whatever it is sent."""
TLS = "tls://"
"""What the address of a scheduler begins with that encrypts, and takes only those who have a certificate."""
ROLES = ("client", "scheduler", "worker")
"""Who may have a certificate, as Dask's configuration calls them."""


@contextlib.contextmanager
def start(workers: int) -> Iterator[Any]:
    """Start processes on this machine, and yield a Dask client of theirs.

    Parameters
    ----------
    workers : int
        Number of processes, of one thread each. After an error, or Ctrl-C, they are killed.

    Raises
    ------
    InputError
        If Dask's configuration requires encryption, and lacks certificates for it.
    """
    import dask
    from distributed import Client, LocalCluster

    security = _security(ROLES)
    if security.require_encryption:
        _require_certificates(security, ROLES)
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
            host=LOOPBACK,
            security=security,
            dashboard_address=f"{LOOPBACK}:0",
            memory_limit=0,
            silence_logs="ERROR",
        ) as cluster,
        Client(cluster) as client,
    ):
        try:
            yield client
        except BaseException:
            _kill(cluster)
            raise


def _kill(cluster: Any) -> None:
    """Kill the processes: asked to end, each would be waited for as long as a training keeps it busy."""
    for nanny in cluster.workers.values():
        nanny.close_gracefully()  # or it would start another process
        with contextlib.suppress(ProcessLookupError):
            if nanny.pid:
                os.kill(nanny.pid, signal.SIGKILL)


@contextlib.contextmanager
def connect(address: str) -> Iterator[Any]:
    """Yield a Dask client of a scheduler that runs already.

    Raises
    ------
    InputError
        If there is no scheduler at the address, it and this process do not take each other's certificates, it has no
        workers, or one of them has other versions than this process.
    """
    from distributed import Client

    security = _security(ROLES[:1])
    if address.startswith(TLS):
        _require_certificates(security, ROLES[:1])
    elif security.require_encryption:
        raise InputError(
            f"Dask's configuration requires encryption: give an address like {TLS}HOST:PORT, not '{address}'"
        )
    try:
        client = Client(address, timeout=CONNECT_TIMEOUT_S, security=security)
    except (OSError, ValueError) as error:
        if address.startswith(TLS):
            raise InputError(
                f"no connection to a Dask scheduler at '{address}' ({error}); check that it runs, and that one "
                "authority signed its certificate and this machine's"
            ) from error
        raise InputError(
            f"there is no Dask scheduler at '{address}' ({error}); start one with: "
            "dask scheduler --host 127.0.0.1 --dashboard-address 127.0.0.1:8787. If it asks for certificates, its "
            f"address begins with {TLS}"
        ) from error
    with client:
        if not client.scheduler_info(n_workers=-1)["workers"]:
            raise InputError(
                f"the Dask scheduler at '{address}' has no workers; start some: "
                f"dask worker {address} --dashboard-address {LOOPBACK}:0"
            )
        check_versions(client)
        yield client


def _security(roles: Sequence[str]) -> Any:
    """What Dask's configuration says of certificates; those of some roles are read.

    Raises
    ------
    InputError
        If they cannot be used; with the files.
    """
    from distributed import Security

    try:
        security = Security()
    except (ValueError, TypeError) as error:
        raise InputError(f"Dask's configuration of TLS is wrong: {error}") from error
    for role in roles:
        files = [file for name, file in security.get_tls_config_for_role(role).items() if name != "ciphers" and file]
        try:
            security.get_connection_args(role)
        except (OSError, ValueError, TypeError) as error:
            raise InputError(
                f"Dask's configuration names certificates that cannot be used ({error}): {', '.join(map(str, files))}"
            ) from error
    return security


def _require_certificates(security: Any, roles: Sequence[str]) -> None:
    for role in roles:
        if security.get_connection_args(role)["ssl_context"] is None:
            raise InputError(
                f"Dask's configuration lacks the certificate of a {role}: set ca-file, {role}.cert and {role}.key in "
                "distributed.comm.tls, as the chapter Sweeps shows"
            )


def versions() -> dict[str, str]:
    """Return what decides a training's result here: versions of packages, and a hash of kwslib's own modules."""
    digest = hashlib.sha256()
    library = Path(kwslib.__file__).parent
    for path in sorted(library.rglob("*.py")):
        digest.update(path.relative_to(library).as_posix().encode() + path.read_bytes())
    return {"kwslib": f"{kwslib.__version__} ({digest.hexdigest()[:8]})", **installed()}


def check_versions(client: Any) -> None:
    """Check that every worker has the same versions as this process.

    Raises
    ------
    InputError
        Naming the worker, the package and both versions.
    """
    here = versions()
    for worker, there in client.run(versions, on_error="return").items():
        if not isinstance(there, dict):  # the error of a worker that has an older kwslib, or none
            raise InputError(
                f"the worker {worker} cannot make runs ({type(there).__name__}: {there}): install kws-gap8 "
                f"{here['kwslib']} there"
            )
        other = [f"{name} {there.get(name)}, here {here[name]}" for name in here if there.get(name) != here[name]]
        if other:
            raise InputError(f"the worker {worker} has other versions: {'; '.join(other)}. Install the same there")


def dashboard(client: Any) -> str:
    """Return the address of the dashboard; without bokeh it shows tables of the workers, and no graphs."""
    link: str = client.dashboard_link or ""
    return link if importlib.util.find_spec("bokeh") else link.replace("/status", "/info/main/workers.html")
