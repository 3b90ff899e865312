"""Workers of this machine, and of a scheduler."""

import os
import urllib.request

import psutil
import pytest

from kwslib.errors import InputError
from kwslib.runs import cluster


def test_processes_of_this_machine():
    with cluster.start(2) as client:
        pids = {client.submit(os.getpid, pure=False, workers=[worker]).result() for worker in client.nthreads()}
    assert len(pids) == 2 and os.getpid() not in pids


def test_scheduler_workers_and_dashboards_listen_on_this_machine_alone():
    with cluster.start(1) as client:
        assert client.nthreads()
        here = psutil.Process()
        sockets = [one for process in (here, *here.children(recursive=True)) for one in process.net_connections("inet")]
        listening = [one.laddr.ip for one in sockets if one.status == psutil.CONN_LISTEN]
    assert len(listening) >= 4 and set(listening) <= {"127.0.0.1", "::1"}


def test_a_scheduler_without_workers():
    from distributed import LocalCluster

    options = {"n_workers": 0, "dashboard_address": "127.0.0.1:0", "host": "127.0.0.1", "silence_logs": "ERROR"}
    with (
        LocalCluster(**options) as made,
        pytest.raises(InputError, match="has no workers; start some: dask worker"),
        cluster.connect(made.scheduler_address),
    ):
        pass


def test_a_worker_with_other_versions_is_refused(monkeypatch):
    here = cluster.versions()

    class Client:
        def __init__(self, answer):
            self.answer = answer

        def run(self, function, on_error):
            assert (function, on_error) == (cluster.versions, "return")
            return {"tcp://a": here, "tcp://b": self.answer}

    cluster.check_versions(Client(dict(here)))
    with pytest.raises(
        InputError, match=rf"worker tcp://b has other versions: keras 2.0, here {here['keras']}. Install"
    ):
        cluster.check_versions(Client(here | {"keras": "2.0"}))
    with pytest.raises(
        InputError, match=r"tcp://b cannot make runs \(ModuleNotFoundError: no kwslib\): install kws-gap8"
    ):
        cluster.check_versions(Client(ModuleNotFoundError("no kwslib")))


def test_the_versions_of_real_workers_are_asked_and_the_dashboard_answers():
    with cluster.start(1) as client:
        cluster.check_versions(client)
        address = cluster.dashboard(client)
        assert address.startswith("http://127.0.0.1:")
        with urllib.request.urlopen(address, timeout=30) as page:
            assert page.status == 200 and b"workers" in page.read().lower()


def test_no_scheduler(monkeypatch):
    monkeypatch.setattr(cluster, "CONNECT_TIMEOUT_S", 1)
    with (
        pytest.raises(InputError, match="there is no Dask scheduler at 'tcp://127.0.0.1:9'"),
        cluster.connect("tcp://127.0.0.1:9"),
    ):
        pass
