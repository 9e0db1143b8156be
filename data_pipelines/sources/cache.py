"""A cache of arrays in memory that stays within a number of bytes."""

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Any


class BoundedCache:
    """Keeps the most recently used values whose sizes fit a budget.

    Serves several threads. A copy in another process (pickling) starts empty.

    Attributes:
      max_bytes: the budget.
    """

    def __init__(self, max_bytes: int):
        self.max_bytes = max_bytes
        self._values: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._num_bytes = 0
        self._lock = threading.Lock()

    @property
    def num_bytes(self) -> int:
        """Bytes of all values that are kept now."""
        return self._num_bytes

    def get(self, key: Hashable) -> Any:
        """The value, or None."""
        with self._lock:
            if key not in self._values:
                return None
            self._values.move_to_end(key)
            return self._values[key][0]

    def put(self, key: Hashable, value: Any, num_bytes: int) -> None:
        """Keeps a value, giving up the least recently used ones for it.

        Args:
          key: its name; a value of the same name is replaced.
          value: anything but None.
          num_bytes: its size. A value larger than the budget is not kept.
        """
        with self._lock:
            self._discard(key)
            if num_bytes > self.max_bytes:
                return
            self._values[key] = (value, num_bytes)
            self._num_bytes += num_bytes
            while self._num_bytes > self.max_bytes:
                self._discard(next(iter(self._values)))

    def _discard(self, key: Hashable) -> None:
        _, num_bytes = self._values.pop(key, (None, 0))
        self._num_bytes -= num_bytes

    def __reduce__(self) -> tuple:
        # A copy in another process starts empty: frames are not worth sending.
        return type(self), (self.max_bytes,)
