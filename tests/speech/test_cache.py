import resource
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from kwslib.errors import KwsError
from kwslib.speech.cache import cached_array, key_path


def rows(count):
    return lambda: iter([np.arange(count * 3, dtype=np.uint8).reshape(count, 3)])


def test_made_once_then_read_as_a_read_only_map(cache):
    path = key_path("group", "stem", {"a": 1})
    first = cached_array(path, (4, 3), np.uint8, rows(4))
    again = cached_array(path, (4, 3), np.uint8, lambda: pytest.fail("made again"))
    np.testing.assert_array_equal(first, again)
    assert isinstance(again, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        again[0, 0] = 1


def test_keys_with_other_content_have_other_files(cache):
    assert key_path("g", "s", {"a": 1, "b": 2}) == key_path("g", "s", {"b": 2, "a": 1})
    assert key_path("g", "s", {"a": 1}) != key_path("g", "s", {"a": 2})


def test_of_two_that_want_the_same_one_waits_and_takes_what_the_other_made(cache):
    path, made = key_path("g", "s", {}), []
    begun = threading.Event()

    def slow(number):
        made.append(number)
        begun.set()
        time.sleep(0.3)
        yield np.full((4, 3), number, np.uint8)

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(cached_array, path, (4, 3), np.uint8, lambda: slow(1))
        begun.wait(10)
        second = pool.submit(cached_array, path, (4, 3), np.uint8, lambda: slow(2))
        np.testing.assert_array_equal(first.result(), second.result())
    assert made == [1]


def test_a_damaged_file_is_made_again(cache):
    path = key_path("g", "s", {})
    whole = np.array(cached_array(path, (4, 3), np.uint8, rows(4)))
    for damage in (b"", b"nonsense", path.read_bytes()[:-2]):
        path.write_bytes(damage)
        np.testing.assert_array_equal(cached_array(path, (4, 3), np.uint8, rows(4)), whole)


def test_an_error_while_making_leaves_nothing(cache):
    path = key_path("g", "s", {})
    with pytest.raises(ValueError, match="3 rows were made"):
        cached_array(path, (4, 3), np.uint8, rows(3))
    assert list(path.parent.iterdir()) == []


def test_no_disk_space_is_one_clear_error_and_leaves_nothing(cache):
    path = key_path("g", "s", {})
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20000, hard))
    try:
        with pytest.raises(KwsError, match=r"cannot write .*: File too large; free space"):
            cached_array(path, (1, 90000), np.uint8, lambda: iter([np.zeros((1, 90000), np.uint8)]))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(path.parent.iterdir()) == []
