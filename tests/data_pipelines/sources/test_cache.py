"""The bounded cache."""

import pickle
import threading

from data_pipelines.sources.cache import BoundedCache


def test_least_recently_used_goes_first():
    cache = BoundedCache(30)
    for key in "abc":
        cache.put(key, key.upper(), 10)
    assert cache.get("a") == "A"
    cache.put("d", "D", 10)
    assert [cache.get(k) for k in "abcd"] == ["A", None, "C", "D"]
    assert cache.num_bytes == 30


def test_values_are_replaced_and_too_large_ones_not_kept():
    cache = BoundedCache(30)
    cache.put("a", 1, 20)
    cache.put("a", 2, 25)
    assert cache.get("a") == 2 and cache.num_bytes == 25
    cache.put("b", 3, 31)
    assert cache.get("b") is None and cache.get("a") == 2
    cache.put("a", 4, 31)
    assert cache.get("a") is None and cache.num_bytes == 0


def test_copies_start_empty():
    cache = BoundedCache(30)
    cache.put("a", 1, 20)
    copy = pickle.loads(pickle.dumps(cache))
    assert copy.max_bytes == 30 and copy.get("a") is None


def test_budget_holds_under_threads():
    cache = BoundedCache(100)

    def fill(offset):
        for number in range(500):
            cache.put((offset + number) % 40, number, 1 + number % 17)
            cache.get(number % 40)
            assert cache.num_bytes <= 117  # one value above, until it is trimmed

    threads = [threading.Thread(target=fill, args=(n * 7,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sizes = [size for _, size in cache._values.values()]
    assert sum(sizes) == cache.num_bytes <= 100
