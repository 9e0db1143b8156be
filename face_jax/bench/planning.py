"""What a case costs on a chip that is not here: compiled for it, never run."""

import dataclasses
import time
from typing import Any

import jax
from jax.sharding import SingleDeviceSharding

from face_jax.bench.cases import Case
from face_jax.bench.measuring import fresh_compilation
from face_jax.train.chip_costs import ProgramPlan, compile_for
from face_jax.train.topologies import Topology


@dataclasses.dataclass(frozen=True)
class CasePlan(ProgramPlan):
    """What is known of one run of a case on one chip.

    Attributes:
      name: what the case is called.
      group: what it belongs to.
      pictures: that one run looks at or draws; None where they are not what counts.
      quick: whether it was compiled with little effort.
    """

    name: str
    group: str
    pictures: int | None
    quick: bool

    @property
    def pictures_per_second(self) -> float | None:
        """Pictures in a second at most; None where they or the time are not known."""
        if self.pictures is None or not self.seconds:
            return None
        return self.pictures / self.seconds


def plan_case(case: Case, topology: Topology, quick: bool = True) -> CasePlan:
    """Compiles a case for one chip.

    The program is taken from no cache.

    Args:
      case: what to compile. Of its arguments only shapes and types count.
      topology: whose first chip it is for.
      quick: compile with little effort. Where it is run it is compiled with more; its
        program moves less.

    Raises:
      jax.errors.JaxRuntimeError: the compiler failed, and not for want of memory.
    """
    arguments = _placed(case.arguments, topology.devices[0])
    begin = time.perf_counter()
    traced = case.trace(arguments)
    with fresh_compilation():
        found = compile_for(traced, topology, mesh={}, quick=quick)
    return CasePlan(
        topology=topology,
        chips=1,
        flops=case.operations(traced),
        memory_bytes=found.memory_bytes,
        fits=found.fits,
        costs=found.costs,
        compile_seconds=time.perf_counter() - begin,
        name=case.name,
        group=case.group,
        pictures=case.pictures,
        quick=quick,
    )


def _placed(arguments: tuple[Any, ...], device: jax.Device) -> tuple[Any, ...]:
    """Shapes and types of arguments as if they lay on a device."""
    sharding = SingleDeviceSharding(device)

    def placed(leaf: jax.ShapeDtypeStruct) -> jax.ShapeDtypeStruct:
        return jax.ShapeDtypeStruct(
            leaf.shape, leaf.dtype, sharding=sharding, weak_type=leaf.weak_type
        )

    return jax.tree.map(placed, jax.eval_shape(lambda *given: given, *arguments))
