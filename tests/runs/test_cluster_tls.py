"""A scheduler that asks for certificates, with the commands and the configuration that the chapter on sweeps gives."""

import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import time

import dask
import psutil
import pytest

from kwslib import subproc
from kwslib.errors import InputError
from kwslib.paths import book_dir
from kwslib.runs import cluster
from tests.places import ROOT


def blocks(language):
    """The chapter's blocks of one language, from its section on TLS on."""
    text = (book_dir() / "sweeps.md").read_text().split("**TLS.**")[1].split("**SSH.**")[0]
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """A folder with the chapter's certificates, and a configuration of Dask that names them."""
    return made(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def stranger(tmp_path_factory):
    """The same, signed by another authority."""
    return made(tmp_path_factory.mktemp("stranger"))


def made(folder):
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    subproc.run(["sh", "-ec", blocks("shell")[0].replace("rsa:3072", "rsa:2048")], timeout_s=600, cwd=folder)
    (folder / "tls.yaml").write_text(blocks("yaml")[0].replace("/FOLDER", str(folder)))
    return folder


def configured(folder):
    """Use a folder's configuration in this process."""
    import distributed  # noqa: F401 - its defaults are part of the configuration from then on

    here = dask.config.merge(dask.config.global_config, dask.config.collect(paths=[str(folder)], env={}))
    return dask.config.set({"distributed": here["distributed"]})


def start(configuration, *words, **variables):
    env = {**os.environ, "PYTHONPATH": str(ROOT), "DASK_CONFIG": str(configuration), **variables}
    command = [sys.executable, "-m", *words]
    return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd="/")


@pytest.fixture
def cluster_of_tls(certificates, place, tmp_path):
    """Scheduler and worker as the chapter starts them, but on this machine and on free ports: address and processes."""
    file = tmp_path / "scheduler.json"
    here = ("--scheduler-file", str(file), "--host", "127.0.0.1", "--dashboard-address", "127.0.0.1:0")
    begun = [start(certificates, "dask", "scheduler", "--protocol", "tls", "--port", "0", *here)]
    try:
        while not file.exists():
            assert begun[0].poll() is None, begun[0].communicate()[0]
            time.sleep(0.1)
        there = str(tmp_path / "there")
        begun.append(start(certificates, "dask", "worker", "--nthreads", "1", *here, KWS_CACHE=there))
        yield re.search(r"tls://[0-9.:]+", file.read_text())[0], begun
    finally:
        for process in reversed(begun):
            process.terminate()
            process.communicate(timeout=600)


def wait_for_a_worker(address):
    from distributed import Client

    with Client(address, security=cluster._security(["client"])) as client:
        client.wait_for_workers(1, timeout=600)


@pytest.mark.slow
def test_a_sweep_through_tls_and_nobody_without_a_certificate(cluster_of_tls, certificates, stranger, place):
    address, begun = cluster_of_tls
    with configured(certificates):
        wait_for_a_worker(address)
    sweep = start(certificates, "kwslib.cli.main", "sweep", "seed=2", "--scheduler", address)
    text = sweep.communicate(timeout=600)[0]
    assert sweep.returncode == 0, text
    assert (place / "quick-small-s2" / "metrics.json").exists()

    others = [
        process for one in begun for process in (psutil.Process(one.pid), *psutil.Process(one.pid).children(True))
    ]
    listening = {one.laddr.ip for each in others for one in each.net_connections("inet") if one.status == "LISTEN"}
    assert listening == {"127.0.0.1"}

    refused = start(stranger, "kwslib.cli.main", "sweep", "seed=3", "--scheduler", address)
    text = refused.communicate(timeout=600)[0]
    assert refused.returncode == 2
    assert text.startswith(f"error: no connection to a Dask scheduler at '{address}' (") and text.count("\n") == 1, text
    with pytest.raises(ssl.SSLError, match="(?i)certificate.required"):
        bare(address, certificates)


def bare(address, certificates):
    """Talk TLS to a scheduler without a certificate, with no help from Dask."""
    host, port = address.removeprefix(cluster.TLS).split(":")
    context = ssl.create_default_context(cafile=certificates / "authority.pem")
    context.check_hostname = False
    with socket.create_connection((host, int(port)), 60) as plain, context.wrap_socket(plain) as encrypted:
        assert encrypted.recv(1) == b""


def test_what_dask_lacks_is_named_before_anything_is_sent(certificates, tmp_path):
    nobody = "tls://127.0.0.1:9"
    with pytest.raises(InputError, match="lacks the certificate of a client: set ca-file, client.cert"):
        enter(cluster.connect(nobody))
    with configured(certificates):
        with pytest.raises(InputError, match="requires encryption: give an address like tls://HOST:PORT, not 'tcp:"):
            enter(cluster.connect("tcp://127.0.0.1:9"))
        key = str(certificates / "authority.key")
        with (
            dask.config.set({"distributed.comm.tls.client.key": key}),
            pytest.raises(InputError, match=rf"cannot be used \(.*KEY_VALUES_MISMATCH.*{re.escape(key)}"),
        ):
            enter(cluster.connect(nobody))
        with (
            dask.config.set({"distributed.comm.tls.worker.cert": None}),
            pytest.raises(InputError, match="lacks the certificate of a worker"),
        ):
            enter(cluster.start(1))
        with (
            dask.config.set({"distributed.comm.tls.min-version": 1.0}),
            pytest.raises(InputError, match="configuration of TLS is wrong: .*min-version"),
        ):
            enter(cluster.start(1))


def test_processes_of_this_machine_are_encrypted_where_dask_says_so(certificates):
    with configured(certificates), cluster.start(1) as client:
        assert client.scheduler.address.startswith(cluster.TLS)
        assert all(address.startswith(cluster.TLS) for address in client.nthreads())
        assert client.submit(sum, (1, 2)).result() == 3


def enter(context):
    with context:
        pytest.fail("it was let in")
