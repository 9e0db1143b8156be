"""Training a small decoder to answer as a large one does.

Keypoints, expressions and set latents are the teacher's and stay; a decoder of another
size learns the colours that the teacher's decoder gives, of driving frames and, more
than that, of other persons' motion, for which there are no pictures. Architecture:
FSRT, arXiv 2404.09736, which has a large and a small decoder; the training is this
library's own.
"""

import dataclasses
import functools
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from face_jax.fsrt import draws as drawing
from face_jax.fsrt import reporting
from face_jax.fsrt.networks import Networks, build_networks, encode
from face_jax.fsrt.pretrained import RANDOM
from face_jax.fsrt.rendering import pixels_at, render_positions
from face_jax.fsrt.task import SCHEDULE, FsrtTask
from face_jax.fsrt.views import color_views, describe_views
from face_jax.losses.pixel import mean_squared_error
from face_jax.train import optim
from face_jax.train.checkpoints import load_variables, stored_config
from face_jax.train.task import Aux, Phase, Task, Update
from face_jax.types import Array, Batch, Variables

SHARED = ("keypoint_detector", "expression_encoder", "encoder")
"""Networks that student and teacher have in common."""

TEACHER = "teacher_decoder"
"""Name of the teacher's decoder among the variables."""

COMPUTED = ("dtype", "form", "remat")
"""Settings of how networks are computed: the student's for both."""


@dataclasses.dataclass(frozen=True)
class DistillationTask(Task):
    """One decoder learns from another.

    Attributes:
      teacher: folder of a run of FSRT, or of converted weights; ``"random"`` for timing
        and tests: networks like the student's that nobody has trained.
      networks: keywords of ``build_networks`` for the model that comes out; all
        networks but the decoder must be the teacher's.
      optimizer: name and keywords of the optimizer.
      schedule: learning rate by global step.
      num_pixels: query pixels of a driving frame.
      crossed_share: share of driving frames that show another item's motion.
      truth_weight: of the squared error to the driving frames themselves, for those
        with their own motion; that to the teacher weighs 1.
      color_jitter: apply the batch's colour factors.
      block_size: most query pixels of a frame in work at once.
    """

    teacher: str = ""
    networks: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    optimizer: Mapping[str, Any] = dataclasses.field(
        default_factory=lambda: {"name": "adam", "b1": 0.9, "b2": 0.999, "eps": 1e-8}
    )
    schedule: Mapping[str, Any] = dataclasses.field(
        default_factory=lambda: dict(SCHEDULE)
    )
    num_pixels: int = 4096
    crossed_share: float = 0.5
    truth_weight: float = 0.0
    color_jitter: bool = True
    block_size: int = 4096

    def __post_init__(self) -> None:
        if not self.teacher:
            raise ValueError("task.teacher: the folder of a trained model is needed")

    @functools.cached_property
    def modules(self) -> Networks:
        """The networks of the model that comes out, built once."""
        return build_networks(**self.networks)

    @functools.cached_property
    def teacher_settings(self) -> dict[str, Any]:
        """Keywords of ``build_networks`` for the teacher.

        Raises:
          ValueError: the teacher is no model of FSRT, or shares other networks than
            those of the config.
          FileNotFoundError: it does not exist.
        """
        if self.teacher == RANDOM:
            return dict(self.networks)
        config = stored_config(self.teacher)
        if config["system"].partition(".")[0] != "fsrt":
            found = config["system"]
            raise ValueError(f"task.teacher: a model of fsrt expected, got {found!r}")
        computed = {key: self.networks[key] for key in COMPUTED if key in self.networks}
        settings = {**config["task"]["networks"], **computed}
        theirs = build_networks(**settings)
        for name in (*SHARED, "keypoints", "image_size"):
            if getattr(theirs, name) != getattr(self.modules, name):
                raise ValueError(
                    f"task.networks: {name} must be that of the teacher {self.teacher}"
                )
        return settings

    @functools.cached_property
    def teacher_modules(self) -> Networks:
        """The teacher's networks, built once."""
        return build_networks(**self.teacher_settings)

    def init(self, key: Array, batch: Batch) -> Variables:
        """Random variables of the model and of the teacher's decoder."""
        own_key, teacher_key = jax.random.split(key)
        own = _training(self.networks).init(own_key, batch)
        theirs = _training(self.teacher_settings).init(teacher_key, batch)
        return {**own, TEACHER: theirs["decoder"]}

    def check(self) -> None:
        """Reads what the teacher is, see ``teacher_settings``."""
        _ = self.teacher_settings

    def pretrained(self) -> Mapping[str, Mapping[str, Any]]:
        """The teacher's networks, its decoder under another name.

        Raises:
          ValueError: no checkpoint is intact.
          FileNotFoundError: the teacher does not exist.
        """
        if self.teacher == RANDOM:
            random = jax.jit(lambda key: _training(self.networks).init(key, {}))
            return {TEACHER: random(jax.random.key(1))["decoder"]}
        found = jax.device_get(load_variables(self.teacher)[0])
        return {**{name: found[name] for name in SHARED}, TEACHER: found["decoder"]}

    def teachers(self) -> tuple[str, ...]:
        """The teacher's decoder."""
        return (TEACHER,)

    def optimizers(self):
        """That of the decoder."""
        return {"decoder": optim.optimizer(self.optimizer)}

    def learning_rates(self, step: Array) -> Mapping[str, Array]:
        """The decoder's."""
        return {"decoder": jnp.float32(optim.schedule(self.schedule)(step))}

    def updates(self, phase: Phase) -> tuple[Update, ...]:
        """One, of the decoder."""
        del phase
        return (Update("student", ("decoder",), self.loss),)

    def partition_rules(self):
        """As of ``FsrtTask``."""
        return _training(self.networks).partition_rules()

    def loss(self, variables: Variables, batch: Batch, key: Array, carry):
        """Squared error of the decoder's colours to the teacher's, and to the truth."""
        del carry
        draw_key, cross_key = jax.random.split(key)
        rows, frames = batch["driving_images"].shape[:2]
        side = self.modules.image_size
        positions = drawing.random_positions(
            draw_key, rows, frames, self.num_pixels, side
        ).sampled
        crossed = jax.random.uniform(cross_key, (rows, frames)) < self.crossed_share
        return self.loss_at(variables, batch, positions, crossed)

    def loss_at(
        self, variables: Variables, batch: Batch, positions: Array, crossed: Array
    ) -> tuple[Array, Aux]:
        """The loss under given draws.

        Args:
          variables: of all networks.
          batch: the training batch.
          positions: int32 [B, D, N] row-major query pixels.
          crossed: bool [B, D], frames that show the motion of the item before.

        Returns:
          The loss and its terms: ``teacher``, and ``truth`` where it counts.
        """
        nets = self.modules
        frozen = jax.lax.stop_gradient({name: variables[name] for name in SHARED})
        views = color_views(batch, jnp.ones(len(crossed)), self.color_jitter)
        found = describe_views(nets, frozen, views, batch)
        keypoints = _cross(found.driving_keypoints, crossed)
        expression = _cross(found.driving_expression, crossed)
        sources = (found.source_keypoints, found.source_expression)
        set_latent = encode(nets, frozen, views.sources, *sources)

        def colors(networks: Networks, decoder: str) -> Array:
            return render_positions(
                networks,
                {"decoder": variables[decoder]},
                set_latent,
                positions,
                keypoints,
                expression,
                image_size=nets.image_size,
                block_size=self.block_size,
            )

        made = colors(nets, "decoder")
        answer = jax.lax.stop_gradient(colors(self.teacher_modules, TEACHER))
        terms = {"teacher": mean_squared_error(made, answer).mean()}
        if self.truth_weight:
            truth = pixels_at(views.target, positions)
            errors = jnp.mean(jnp.square(made - truth), axis=(2, 3))
            terms["truth"] = self.truth_weight * jnp.mean(errors * ~crossed)
        return jnp.sum(jnp.stack(list(terms.values()))), Aux(metrics=terms)

    def predict(self, variables: Variables, batch: Batch) -> dict[str, Array]:
        """Driving frames as the decoder renders them, [B, D, H, W, 3], not clamped."""
        return reporting.predict(self.modules, variables, batch, self.block_size, False)

    def metrics(self, batch: Batch, outputs: Mapping[str, Array]) -> dict[str, Array]:
        """PSNR and L1 to the driving frames per item."""
        return reporting.metrics(batch, outputs, False)

    def pictures(
        self, batch: Mapping[str, np.ndarray], outputs: Mapping[str, np.ndarray]
    ) -> dict[str, np.ndarray]:
        """A sheet with a row of source, driving frame and result for each item."""
        return {"reenactment": reporting.sheet(batch, outputs)}


def _training(networks: Mapping[str, Any]) -> FsrtTask:
    return FsrtTask(networks=networks, phase2_start=None, phase3_start=None)


def _cross(x: Array, crossed: Array) -> Array:
    """Rows [B, D, ...], of the item before where ``crossed`` [B, D] says so."""
    chosen = crossed.reshape(*crossed.shape, *(1,) * (x.ndim - 2))
    return jnp.where(chosen, jnp.roll(x, 1, axis=0), x)
