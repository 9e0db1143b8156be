"""Gradient descent on the unknowns of a fit."""

import dataclasses
import functools
from collections.abc import Callable, Iterator

import flax.struct
import jax
import jax.numpy as jnp
import optax

from face_jax.fitting.objective import Objective
from face_jax.fitting.unknowns import Freedom, Unknowns
from face_jax.types import Array

DrawHead = Callable[[Unknowns], Array]
"""Unknowns to pictures [B, H, W, C], differentiable."""


@flax.struct.dataclass
class Progress:
    """Where a fit stands.

    Attributes:
      step: steps done.
      unknowns: as they are now.
      losses: [n, B] of the steps since the last report; empty at the start.
    """

    step: int = flax.struct.field(pytree_node=False)
    unknowns: Unknowns
    losses: Array


@dataclasses.dataclass(frozen=True)
class Descent:
    """Adam with a step size for every field, falling to a tenth along a cosine.

    Attributes:
      steps: in all.
      pose_share: of the steps, those in which only pose and camera move. A face that
        was bent to explain a wrong pose does not come back.
      report_every: steps between two reports; one compiled program makes them.
    """

    steps: int = 300
    pose_share: float = 0.25
    report_every: int = 25

    def run(
        self,
        draw: DrawHead,
        target: Array,
        start: Unknowns,
        freedom: Freedom,
        objective: Objective | None = None,
    ) -> Iterator[Progress]:
        """Fits heads to pictures.

        Args:
          draw: the renderer; see ``drawing.HeadPainter``.
          target: [B, H, W, C].
          start: where to begin.
          freedom: what may move.
          objective: what to make small.

        Yields:
          The start, then the state after every ``report_every`` steps.

        Raises:
          ValueError: ``steps`` is no multiple of ``report_every``.
        """
        if self.steps % self.report_every:
            raise ValueError(
                f"steps: expected a multiple of report_every = {self.report_every}, "
                f"got {self.steps}"
            )
        rates = freedom.rates(start)
        adam = optax.scale_by_adam(b1=0.9, b2=0.98)
        loss = functools.partial(_loss, draw, objective or Objective(), target)

        def step(carry: tuple, number: Array) -> tuple[tuple, Array]:
            unknowns, state = carry
            gradient, losses = jax.grad(loss, has_aux=True)(unknowns)
            direction, state = adam.update(gradient, state)
            paces = self._paces(number)
            moved = jax.tree.map(
                lambda x, pace, rate, way: x - pace * rate * way,
                unknowns,
                paces,
                rates,
                direction,
            )
            return (freedom.confine(moved), state), losses

        several = jax.jit(functools.partial(jax.lax.scan, step))
        carry = (start, adam.init(start))
        yield Progress(0, start, jnp.zeros((0, target.shape[0])))
        for first in range(0, self.steps, self.report_every):
            numbers = jnp.arange(first, first + self.report_every)
            carry, losses = several(carry, numbers)
            yield Progress(first + self.report_every, carry[0], losses)

    def _paces(self, number: Array) -> Unknowns:
        """Share of the step sizes that step ``number`` takes, for every field."""
        pose = 0.55 + 0.45 * jnp.cos(jnp.pi * number / self.steps)
        face = jnp.where(number < self.pose_share * self.steps, 0.0, pose)
        return Unknowns(
            shape_params=face, expression_params=face, pose_params=pose, camera=pose
        )


def _loss(
    draw: DrawHead, objective: Objective, target: Array, unknowns: Unknowns
) -> tuple[Array, Array]:
    # The sum keeps fits of one batch apart: each sees the gradient of its own loss.
    losses = objective(draw(unknowns), target, unknowns)
    return losses.sum(), losses
