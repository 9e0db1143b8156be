"""The measuring itself: compile each case ahead of time, then run all in turn."""

import contextlib
import dataclasses
import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Sequence

import jax
from jax.experimental.compilation_cache import compilation_cache

from face_jax.bench.cases import Case, matmul
from face_jax.bench.memory import resident_growth
from face_jax.bench.results import CaseTiming, Measurement, conditions
from face_jax.train.device_figures import peak_memory_bytes, planned_bytes

SLICE_SECONDS = 0.1
MOST_REPEATS = 100
"""In a round a case runs as often in a row as fits a slice of time, at least once."""


@dataclasses.dataclass
class _Program:
    """A compiled case and what is known of it."""

    timing: CaseTiming
    run: Callable[[], None]
    repeats: int
    wall: list[float] = dataclasses.field(default_factory=list)
    cpu: list[float] = dataclasses.field(default_factory=list)

    def result(self) -> CaseTiming:
        wall, cpu = tuple(self.wall), tuple(self.cpu)
        return dataclasses.replace(self.timing, seconds=wall, cpu_seconds=cpu)


def measure(
    cases: Iterable[Case],
    rounds: int,
    *,
    matmul_shape: Sequence[int] | None = None,
    matmul_dtype: str = "float32",
    compiled: Callable[[CaseTiming], None] = lambda timing: None,
    progress: Callable[[int], None] = lambda done: None,
) -> Measurement:
    """Times cases and a matrix product in turn, so that all see the same machine.

    Compiled programs are taken from no cache. Arguments stay in memory until the end.

    Args:
      cases: what to time; compiled one by one as they come.
      rounds: how often the whole list is gone through, 1 or more.
      matmul_shape: rows, depth and columns of the product; None suits it to the device.
      matmul_dtype: its type.
      compiled: told each case that is ready to run; it has no times yet.
      progress: told how many rounds are done.

    Raises:
      ValueError: two cases of a group have the same name, or there is no case.
    """
    programs: dict[tuple[str, str], _Program] = {}
    with fresh_compilation():
        product = _compile(matmul(matmul_shape, matmul_dtype))
        for case in cases:
            key = (case.group, case.name)
            if key in programs:
                raise ValueError(f"two cases {case.name!r} in group {case.group!r}")
            programs[key] = _compile(case)
            compiled(programs[key].timing)
    if not programs:
        raise ValueError("no case to time")
    for done in range(rounds):
        for program in (product, *programs.values()):
            _run_slice(program)
        progress(done + 1)
    return Measurement(
        conditions=conditions(),
        device_peak_bytes=peak_memory_bytes(),
        matmul=product.result(),
        cases=tuple(program.result() for program in programs.values()),
    )


@contextlib.contextmanager
def fresh_compilation() -> Iterator[None]:
    """Within it JAX compiles what it is told to: no program comes from a cache."""
    before = jax.config.values["jax_enable_compilation_cache"]
    try:
        jax.config.update("jax_enable_compilation_cache", False)
        compilation_cache.reset_cache()  # JAX looks at the setting once
        yield
    finally:
        jax.config.update("jax_enable_compilation_cache", before)
        compilation_cache.reset_cache()


def _compile(case: Case) -> _Program:
    """Compiles a case and runs it twice: first for its length, then for its memory."""
    arguments = jax.device_put(case.arguments)
    begin = time.perf_counter()
    traced = case.trace(arguments)
    lowered = traced.lower()
    middle = time.perf_counter()
    program = lowered.compile()
    end = time.perf_counter()

    def run() -> None:
        jax.block_until_ready(program(*arguments))

    run()
    seconds, _ = _timed(run)
    on_cpu = jax.default_backend() == "cpu"
    timing = CaseTiming(
        name=case.name,
        group=case.group,
        flops=case.operations(traced),
        lower_seconds=middle - begin,
        compile_seconds=end - middle,
        planned_bytes=planned_bytes(program),
        resident_growth_bytes=resident_growth(run) if on_cpu else None,
    )
    repeats = min(MOST_REPEATS, int(SLICE_SECONDS / seconds))
    return _Program(timing, run, max(1, repeats))


def _run_slice(program: _Program) -> None:
    """One round of a case: its median run."""
    times = [_timed(program.run) for _ in range(program.repeats)]
    wall, cpu = (statistics.median(column) for column in zip(*times, strict=True))
    program.wall.append(wall)
    program.cpu.append(cpu)


def _timed(run: Callable[[], None]) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    run()
    return time.perf_counter() - wall, time.process_time() - cpu
