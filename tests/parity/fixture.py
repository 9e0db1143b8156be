"""One golden-data file, and the comparison of an output with what it stores.

A part (``tests/parity/fsrt_networks.py`` and its neighbours) is a function
``function(fixture: Fixture) -> Iterable[Check]``; each module of parts exposes
``PARTS: dict[str, function]`` keyed by the ``part`` that a file's meta names.
"""

import dataclasses
import functools
import json
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from tests.parity.weights import make_state_dict

PUBLISHED_ATOL = 1e-4
"""Tolerance of one network where a meta is silent, as a share of the scale."""

POSITIONS = ("_idx", "__flat_index", "sample_index", "ambiguous", "tok", "boundary")
"""Ends of the names of outputs that say where to look, not what is there."""

_SHARE_OF_SCALE = re.compile(r"^([0-9.eE+-]+) \* max\|expected\|")


@dataclasses.dataclass(frozen=True)
class Check:
    """One output and what it should be.

    Attributes:
      name: name of the output, as in the file (without ``out/``).
      actual: what face_jax returned.
      expected: what the published system returned.
      atol: largest absolute error allowed: a number, or an array that
        broadcasts to ``expected``. Relative bounds are turned into arrays.
    """

    name: str
    actual: Any
    expected: Any
    atol: Any

    def result(self) -> "Result":
        """Compares the two arrays."""
        actual = np.asarray(self.actual, np.float64)
        expected = np.asarray(self.expected, np.float64)
        if actual.shape != expected.shape:
            return Result.failed(self.name, f"{actual.shape} is not {expected.shape}")
        if not expected.size:
            return Result.failed(self.name, "the file stores an empty array")
        error = np.abs(actual - expected)
        atol = np.broadcast_to(np.asarray(self.atol, np.float64), error.shape)
        excess = np.where(np.isfinite(error), error - atol, np.inf)
        tightest = np.unravel_index(np.argmax(excess), error.shape)
        return Result(
            name=self.name,
            error=float(error.max()),
            scale=float(np.abs(expected).max()),
            tightest_error=float(error[tightest]),
            tightest_atol=float(atol[tightest]),
            passed=bool(excess[tightest] <= 0),
        )


@dataclasses.dataclass(frozen=True)
class Result:
    """The outcome of a check.

    Attributes:
      name: name of the output.
      error: largest absolute error; NaN if an entry is not finite.
      scale: largest expected magnitude.
      tightest_error: error of the entry with the least room to its tolerance; where
        tolerances are relative this need not be the largest error.
      tightest_atol: tolerance of that entry.
      passed: whether every entry is within its tolerance.
      reason: why there are no numbers.
    """

    name: str
    error: float = float("nan")
    scale: float = float("nan")
    tightest_error: float = float("nan")
    tightest_atol: float = float("nan")
    passed: bool = False
    reason: str = ""

    @classmethod
    def failed(cls, name: str, reason: str) -> "Result":
        """An outcome without numbers."""
        return cls(name, reason=reason)

    def __str__(self) -> str:
        verdict = "pass" if self.passed else "FAIL"
        if self.reason:
            return f"  {self.name:<40} {verdict}  {self.reason}"
        numbers = f"error {self.error:.2e}  scale {self.scale:.2e}"
        tolerance = f"tolerance {self.tightest_atol:.2e}"
        if self.tightest_error != self.error:
            tolerance += f" where the error is {self.tightest_error:.2e}"
        return f"  {self.name:<40} {numbers}  {tolerance}  {verdict}"


class Fixture:
    """A golden-data file.

    Attributes:
      path: the file.
      meta: its description: ``system``, ``part``, configuration, tolerances.
      inputs: arrays by name, without the leading ``in/``.
      outputs: arrays by name, without the leading ``out/``.
    """

    def __init__(self, path: str | Path):
        self.path = Path(path)
        with np.load(self.path) as file:
            arrays = {name: file[name] for name in file.files}
        if "meta" not in arrays:
            raise ValueError(f"{self.path}: not a golden-data file, it has no meta")
        self.meta: dict[str, Any] = json.loads(str(arrays["meta"]))
        self.inputs = _with_prefix(arrays, "in/")
        self.outputs = _with_prefix(arrays, "out/")
        self._shapes = json.loads(str(arrays["shapes"])) if "shapes" in arrays else {}
        self._salt = str(arrays["salt"]) if "salt" in arrays else ""

    @property
    def system(self) -> str:
        """Name of the published system."""
        return self.meta["system"]

    @property
    def part(self) -> str:
        """Name of the part of the system."""
        return self.meta["part"]

    @property
    def config(self) -> dict[str, Any]:
        """The part's configuration, empty where the file states none."""
        return self.meta.get("config", {})

    @functools.cached_property
    def unscaled_state_dict(self) -> dict[str, np.ndarray]:
        """Weights by published name, rebuilt from the names and shapes."""
        return make_state_dict(self._shapes, self._salt)

    @functools.cached_property
    def state_dict(self) -> dict[str, np.ndarray]:
        """The same, scaled as the meta says."""
        state = dict(self.unscaled_state_dict)
        for pattern, factor in self.meta.get("param_scale", []):
            for name in state:
                if re.search(pattern, name):
                    state[name] = state[name] * np.float32(factor)
        return state

    def image(self, name: str) -> np.ndarray:
        """An 8-bit input as float32 in [0, 1]."""
        return self.inputs[name].astype(np.float32) / np.float32(255)

    def atol(self, expected: np.ndarray, share: float = PUBLISHED_ATOL) -> Any:
        """The tolerance that the meta states for an array.

        Args:
          expected: the stored array.
          share: share of the array's largest magnitude where the meta is silent.

        Returns:
          The stated share of the scale, or for a stated number that number plus the
          stated relative tolerance of every entry.

        Raises:
          ValueError: the meta words its tolerance in a way that only its part
            can read.
        """
        stated = self.meta.get("atol")
        if isinstance(stated, int | float):
            return stated + self.meta.get("rtol", 0.0) * np.abs(expected)
        if stated is not None:
            match = _SHARE_OF_SCALE.match(stated)
            if match is None:
                raise ValueError(f"{self.path}: cannot read the tolerance {stated!r}")
            share = float(match.group(1))
        return share * float(np.abs(expected).max())

    def compare(
        self, name: str, actual: Any, item_axes: int = 0, index: str | None = None
    ) -> Iterator[Check]:
        """Checks an output in every form in which the file stores it.

        Args:
          name: name of the output.
          actual: the whole array, in the published layout (NCHW).
          item_axes: leading axes that sampled positions do not count.
          index: name of the sampled positions, ``<name>_idx`` by default.

        Yields:
          The array itself or its sampled entries, then its stored shape, sum
          over the trailing axes and mean magnitude.
        """
        actual = np.asarray(actual)
        index = index or f"{name}_idx"
        sampled = actual
        if index in self.outputs:
            flat = actual.reshape(*actual.shape[:item_axes], -1)
            sampled = flat[..., self.outputs[index]]
        yield self._check(name, sampled)
        if f"{name}_shape" in self.outputs:
            shape = self.outputs[f"{name}_shape"]
            yield Check(f"{name}_shape", actual.shape, shape, 0)
        if f"{name}_sum" in self.outputs:
            kept = self.outputs[f"{name}_sum"].ndim
            yield self._check(
                f"{name}_sum", actual.sum(tuple(range(kept, actual.ndim)))
            )
        if f"{name}_absmean" in self.outputs:
            yield self._check(f"{name}_absmean", np.abs(actual).mean())

    def _check(self, name: str, actual: np.ndarray) -> Check:
        expected = self.outputs[name]
        return Check(name, actual, expected, self.atol(expected))

    def unchecked(self, checked: Iterable[str]) -> list[str]:
        """Outputs that no check names; those that say where to look aside."""
        left = set(self.outputs) - set(checked)
        return sorted(name for name in left if not _says_where(name))


Part = Callable[[Fixture], Iterable[Check]]


def _with_prefix(arrays: dict[str, np.ndarray], prefix: str) -> dict[str, np.ndarray]:
    return {k[len(prefix) :]: v for k, v in arrays.items() if k.startswith(prefix)}


def _says_where(name: str) -> bool:
    """Positions of sampled entries, and what rounding decides: pixels, sets."""
    return name.endswith(POSITIONS)
