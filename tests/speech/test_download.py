import hashlib
import http.server
import io
import resource
import tarfile
import threading

import pytest

from kwslib.config.words import LABELS
from kwslib.errors import DataError, KwsError
from kwslib.speech import download, speech_commands
from kwslib.speech.download import Archive, fetch_archive
from kwslib.speech.speech_commands import MAIN_FOLDER, TEST_FOLDER, open_speech_commands


def packed(files):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


class Server(http.server.ThreadingHTTPServer):
    """Serves `files`; breaks off after `limit` bytes; understands Range if `ranges`."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files, self.limit, self.ranges, self.log = {}, None, True, []

    def archive(self, name, content, sha256=None):
        self.files["/" + name] = content
        sha256 = sha256 or hashlib.sha256(content).hexdigest()
        return Archive(f"http://127.0.0.1:{self.server_port}/{name}", sha256)


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        content = self.server.files.get(self.path)
        if content is None:
            return self.send_error(404)
        asked = self.headers.get("Range")
        self.server.log.append(asked)
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked and self.server.ranges else 0
        if start >= len(content):
            return self.send_error(416)
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        self.wfile.write(content[start:][: self.server.limit])

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    server = Server()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


FILES = {"./yes/a_nohash_0.wav": bytes(range(256)) * 40, "./README.md": b"words"}


def test_downloads_unpacks_and_leaves_no_archive(server, tmp_path):
    folder = tmp_path / "data" / "corpus"
    fetch_archive(server.archive("corpus.tar.gz", packed(FILES)), folder, progress=False)
    assert (folder / "yes" / "a_nohash_0.wav").read_bytes() == FILES["./yes/a_nohash_0.wav"]
    assert [path.name for path in folder.parent.iterdir()] == ["corpus"]
    fetch_archive(Archive("http://127.0.0.1:9/corpus.tar.gz", "0"), folder, progress=False)


@pytest.mark.parametrize("ranges", [True, False])
def test_a_download_that_breaks_off_is_said_and_gone_on_with(server, tmp_path, ranges):
    content = packed(FILES)
    archive = server.archive("corpus.tar.gz", content)
    server.limit, server.ranges = len(content) // 2, ranges
    with pytest.raises(DataError, match=rf"broke off after {len(content) // 2} bytes .*fetch again to go on"):
        fetch_archive(archive, tmp_path / "corpus", progress=False)
    assert [path.name for path in tmp_path.iterdir()] == ["corpus.tar.gz.part"]
    server.limit = None
    fetch_archive(archive, tmp_path / "corpus", progress=False)
    assert server.log == [None, f"bytes={len(content) // 2}-"]
    assert (tmp_path / "corpus" / "README.md").read_bytes() == b"words"
    assert [path.name for path in tmp_path.iterdir()] == ["corpus"]


def test_a_part_that_is_longer_than_the_file_is_begun_again(server, tmp_path):
    archive = server.archive("corpus.tar.gz", packed(FILES))
    (tmp_path / "corpus.tar.gz.part").write_bytes(bytes(99999))
    fetch_archive(archive, tmp_path / "corpus", progress=False)
    assert (tmp_path / "corpus" / "README.md").exists()


def test_a_wrong_hash_is_refused_and_nothing_is_left(server, tmp_path):
    archive = server.archive("corpus.tar.gz", packed(FILES), sha256="ab" * 32)
    with pytest.raises(DataError, match=r"another SHA-256 than the abab.*discarded; fetch again"):
        fetch_archive(archive, tmp_path / "corpus", progress=False)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_file_and_a_missing_server(server, tmp_path):
    archive = Archive(f"http://127.0.0.1:{server.server_port}/none.tar.gz", "0")
    with pytest.raises(DataError, match=r"cannot download .*404"):
        fetch_archive(archive, tmp_path / "corpus", progress=False)
    with pytest.raises(DataError, match=r"cannot download .*refused.*check the connection"):
        fetch_archive(Archive("http://127.0.0.1:9/a.tar.gz", "0"), tmp_path / "corpus", progress=False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "content", [b"not an archive", packed(FILES)[:-200], packed({"../outside": b"x"})], ids=["foreign", "cut", "evil"]
)
def test_an_archive_that_cannot_be_unpacked_safely_leaves_no_folder(server, tmp_path, content):
    data = tmp_path / "data"
    with pytest.raises(DataError, match=r"corpus\.tar\.gz cannot be unpacked"):
        fetch_archive(server.archive("corpus.tar.gz", content), data / "corpus", progress=False)
    assert [path.name for path in data.iterdir()] == ["corpus.tar.gz"]
    assert not (tmp_path / "outside").exists()


def test_no_disk_space_while_downloading(server, tmp_path):
    archive = server.archive("corpus.tar.gz", bytes(200_000))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, hard))
    try:
        with pytest.raises(KwsError, match=r"cannot write .*corpus: File too large; free space"):
            fetch_archive(archive, tmp_path / "corpus", progress=False)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [path.name for path in tmp_path.iterdir()] == ["corpus.tar.gz.part"]


def test_fetch_brings_both_archives_and_the_corpus_opens(server, tiny_data, tmp_path, monkeypatch):
    files = {p.relative_to(tiny_data / MAIN_FOLDER): p for p in (tiny_data / MAIN_FOLDER).rglob("*.wav")}
    main = packed({f"./{name}": path.read_bytes() for name, path in files.items()})
    one = next(iter(files.values())).read_bytes()
    test = packed({f"./{label}/a_nohash_0.wav": one for label in LABELS})
    monkeypatch.setattr(speech_commands, "MAIN_ARCHIVE", server.archive("main.tar.gz", main))
    monkeypatch.setattr(speech_commands, "TEST_ARCHIVE", server.archive("test.tar.gz", test))
    fetched = tmp_path / "fetched"
    speech_commands.fetch(fetched, test_only=True, progress=False)
    assert [path.name for path in fetched.iterdir()] == [TEST_FOLDER]
    speech_commands.fetch(fetched, progress=False)
    corpus = open_speech_commands(fetched)
    assert corpus.clips("train").names == open_speech_commands(tiny_data).clips("train").names
    assert len(corpus.clips("test")) == 12


def special(kind, target):
    """An archive with a good file, then a member of a kind, then a file that would be written through it."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, type_ in (("good", tarfile.REGTYPE), ("door", kind), ("door/through", tarfile.REGTYPE)):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = type_, target if type_ == kind else ""
            tar.addfile(info, io.BytesIO())
    return buffer.getvalue()


@pytest.mark.parametrize("target", ["good", ".", "../outside", "/etc/passwd"])
@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE])
def test_links_and_devices_are_not_unpacked(server, tmp_path, kind, target):
    archive = server.archive("corpus.tar.gz", special(kind, target))
    with pytest.raises(DataError, match=r"corpus\.tar\.gz holds 'door', a link or a device: it is not unpacked"):
        fetch_archive(archive, tmp_path / "data" / "corpus", progress=False)
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["corpus.tar.gz"]


@pytest.mark.parametrize("name", ["/absolute", "a/../../outside", "..", "a/./../../x"])
def test_no_member_lies_outside(server, tmp_path, name):
    archive = server.archive("corpus.tar.gz", packed({"good": b"", name: b"x"}))
    if name.startswith("/"):  # taken as a name inside
        fetch_archive(archive, tmp_path / "data" / "corpus", progress=False)
        assert (tmp_path / "data" / "corpus" / name[1:]).read_bytes() == b"x"
        return
    with pytest.raises(DataError, match="cannot be unpacked"):
        fetch_archive(archive, tmp_path / "data" / "corpus", progress=False)
    assert [path.name for path in tmp_path.rglob("*")] == ["data", "corpus.tar.gz"]


@pytest.mark.parametrize(("name", "value"), [("MOST_BYTES", 999), ("MOST_MEMBERS", 1)])
def test_an_archive_out_of_all_bounds_is_not_unpacked(server, tmp_path, monkeypatch, name, value):
    monkeypatch.setattr(download, name, value)
    archive = server.archive("corpus.tar.gz", packed({"a": bytes(500), "b": bytes(500)}))
    with pytest.raises(DataError, match=r"holds more than [\d,]+ files or [\d,]+ bytes"):
        fetch_archive(archive, tmp_path / "data" / "corpus", progress=False)
    assert not (tmp_path / "data" / "corpus").exists()


def test_a_server_that_never_ends(server, tmp_path, monkeypatch):
    monkeypatch.setattr(download, "MOST_BYTES", 50_000)
    with pytest.raises(DataError, match="sends more than 50,000 bytes"):
        fetch_archive(server.archive("corpus.tar.gz", bytes(200_000)), tmp_path / "corpus", progress=False)
