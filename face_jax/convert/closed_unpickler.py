"""A reader of pickles that calls nothing but a given list of constructors.

A pickle is a program: it names callables and calls them. Here the names are looked up
in a table of ours, whose entries only keep what they are given in inert nodes; any
other name is refused. What the nodes stand for is computed afterwards.
"""

import pickle
from collections.abc import Callable, Mapping
from typing import IO, Any, NoReturn

Evaluate = Callable[[Any], Any]
"""Replaces the nodes anywhere in a value by what they stand for."""


class Fixed(type):
    """A class that a pickle cannot alter."""

    def __setattr__(cls, name: str, value: Any) -> NoReturn:
        raise TypeError(f"{cls.__name__} cannot be altered")


class Node(metaclass=Fixed):
    """What a pickle says about one object, not yet built."""

    __slots__ = ()

    def __setstate__(self, state: Any) -> None:
        raise ValueError(f"{type(self).__name__}: unexpected state")

    def value(self, evaluate: Evaluate) -> Any:
        """The object; ``evaluate`` gives the value of what the node holds."""
        raise NotImplementedError


class Constructor:
    """A function that a pickle may call, and not alter."""

    __slots__ = ("_function",)
    _function: Callable[..., Any]

    def __init__(self, function: Callable[..., Any]):
        object.__setattr__(self, "_function", function)

    def __call__(self, *args: Any) -> Any:
        """What the function makes of the arguments."""
        return self._function(*args)

    def __setattr__(self, name: str, value: Any) -> NoReturn:
        raise TypeError("constructors cannot be altered")

    def __setstate__(self, state: Any) -> NoReturn:
        raise TypeError("constructors cannot be altered")


class ClosedUnpickler(pickle._Unpickler):
    """Reads one pickle.

    The reader in Python keeps what is remembered in a dictionary; that in C would make a
    list as long as any number in the file says.

    Args:
      file: binary, at the start of the pickle.
      constructors: what the pickle may name, by ``module.name``: ``Constructor``,
        subclasses of ``Node``, or built-in types without side effects.
      persistent: called with what the pickle says of objects stored outside it;
        None refuses them.
    """

    def __init__(
        self,
        file: IO[bytes],
        constructors: Mapping[str, Any],
        persistent: Callable[[Any], Any] | None = None,
    ):
        # Python 2 wrote arrays as text; latin1 keeps every byte.
        super().__init__(file, encoding="latin1")
        self._constructors = constructors
        self._persistent = persistent

    def find_class(self, module: str, name: str) -> Any:
        """The constructor of a name; refuses every other."""
        full_name = f"{module}.{name}"
        if full_name not in self._constructors:
            raise pickle.UnpicklingError(f"refused to load {full_name}")
        return self._constructors[full_name]

    def persistent_load(self, pid: Any) -> Any:
        """What stands for an object that is stored outside the pickle."""
        if self._persistent is None:
            raise pickle.UnpicklingError("refused to load an object stored elsewhere")
        return self._persistent(pid)


def evaluate(value: Any) -> Any:
    """Replaces all nodes in nested containers by what they stand for.

    Raises:
      ValueError: something holds itself, or a node does not make sense.
    """
    known: dict[int, tuple[Any, Any]] = {}
    active: set[int] = set()

    def visit(item: Any) -> Any:
        if not isinstance(item, Node | dict | list | tuple | set):
            return item
        if id(item) in active:
            raise ValueError("an object holds itself")
        if id(item) not in known:
            active.add(id(item))
            # The item is kept too, lest another one gets its id.
            known[id(item)] = item, _rebuild(item, visit)
            active.remove(id(item))
        return known[id(item)][1]

    return visit(value)


def _rebuild(item: Any, visit: Evaluate) -> Any:
    if isinstance(item, Node):
        return item.value(visit)
    if isinstance(item, dict):
        return {visit(key): visit(entry) for key, entry in item.items()}
    return type(item)(visit(entry) for entry in item)
