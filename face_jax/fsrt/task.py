"""Training FSRT: three phases by step, as one Task.

Phase 1 compares a few pixels of the driving frame; phase 2 renders whole images, a
lattice of them with gradient, and adds the perceptual loss; phase 3 adds the
discriminator. Source: FSRT, arXiv 2404.09736.
"""

import dataclasses
import functools
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import PartitionSpec

from face_jax.fsrt import draws as drawing
from face_jax.fsrt import (
    equivariance,
    independence,
    objectives,
    pretrained,
    reporting,
)
from face_jax.fsrt.draws import Draws
from face_jax.fsrt.networks import (
    Networks,
    build_networks,
    detect,
    encode,
    express,
)
from face_jax.fsrt.rendering import (
    assemble,
    assemble_lattices,
    pixels_at,
    render_positions,
)
from face_jax.fsrt.views import Views, color_views, cropped_keypoints, describe_views
from face_jax.losses.pixel import mean_squared_error
from face_jax.nn.apply import apply
from face_jax.nn.vgg import VggFeatures
from face_jax.train import optim
from face_jax.train.task import Aux, Phase, Task, Update
from face_jax.types import Array, Batch, Variables

SCHEDULE: Mapping[str, Any] = {
    "name": "warmup_exponential",
    "peak": 1e-4,
    "warmup_steps": 2500,
    "decay_rate": 0.16,
    "decay_steps": 4_000_000,
}
"""The published learning rate."""

PHASES = ("phase1", "phase2", "phase3_warmup", "phase3")


@dataclasses.dataclass(frozen=True)
class FsrtTask(Task):
    """FSRT's training; every default is the published value.

    Attributes:
      networks: keywords of ``build_networks``.
      optimizer: name and keywords of the optimizer of every network.
      schedule: learning rate of every network by global step.
      phase2_start: first step of phase 2, or None for never.
      phase3_start: first step of phase 3, or None for never; then there is no
        discriminator.
      discriminator_warmup: steps of phase 3 in which only the discriminator learns
        from the discriminator.
      num_pixels: query pixels of a driving frame in phase 1.
      keypoint_focus: how much more likely a pixel at a keypoint is to be among them;
        0 as published. Short runs come to sharp eyes and mouths sooner with more.
        Only where keypoints are those of landmark files.
      focus_radius: how far around a keypoint that reaches, in half image sides.
      lattice_stride: from phase 2 on, one pixel in ``stride**2`` carries gradient.
      lattice_sampling: take those pixels from a strided lattice; otherwise at random.
      block_size: most query pixels of a frame in work at once.
      first_view_share: share of driving frames that are expressed by their whole
        picture instead of the expression crop.
      color_jitter: apply the batch's colour factors.
      expression_dropout: share of driving frames that are rendered with the first
        source's expression instead of their own; the published training has none.
      statistics: form of the variance and covariance terms.
      statistics_shards: groups of rows with statistics of their own, 1 for global.
      mse_weight: of the mean squared error.
      invariance_weight: of the invariance of expressions.
      variance_weight: of their variance term.
      covariance_weight: of their covariance term.
      identity_weight: of what expressions tell about the person; the published
        training, with thousands of persons, has no such term.
      pose_weight: of what they tell about the pose of the head, likewise. Only where
        keypoints are those of landmark files.
      perceptual_weights: of the five VGG-19 layers.
      gan_weight: of the generator's adversarial term.
      discriminator_weight: of the discriminator's loss.
      matching_weights: of feature matching, for each block of the discriminator.
      equivariance_weight: of a learned detector's equivariance.
      spread_weight: of a learned detector's spread.
      start_from: folder of a run whose networks this one begins with, such as one on
        other faces; None begins with random weights.
      keypoint_detector_weights: file of a published detector, needed by
        ``keypoints="published"``; ``"random"`` for timing and tests.
      vgg19_weights: file of torchvision's VGG-19; ``"random"`` likewise; None
        switches the perceptual loss off.
      evaluate_ablations: also report PSNR with the source's keypoints, with the
        source's expression, and with another item's source.
    """

    networks: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    optimizer: Mapping[str, Any] = dataclasses.field(
        default_factory=lambda: {"name": "adam", "b1": 0.9, "b2": 0.999, "eps": 1e-8}
    )
    schedule: Mapping[str, Any] = dataclasses.field(
        default_factory=lambda: dict(SCHEDULE)
    )
    phase2_start: int | None = 200_000
    phase3_start: int | None = 500_000
    discriminator_warmup: int = 500
    num_pixels: int = 4096
    keypoint_focus: float = 0.0
    focus_radius: float = 0.15
    lattice_stride: int = 2
    lattice_sampling: bool = True
    block_size: int = 4096
    first_view_share: float = 0.25
    color_jitter: bool = True
    expression_dropout: float = 0.0
    statistics: objectives.Statistics = "published"
    statistics_shards: int = 1
    mse_weight: float = 1.0
    invariance_weight: float = 1.0
    variance_weight: float = 0.2
    covariance_weight: float = 1.0
    identity_weight: float = 0.0
    pose_weight: float = 0.0
    perceptual_weights: tuple[float, ...] = (0.01,) * 5
    gan_weight: float = 0.001
    discriminator_weight: float = 0.001
    matching_weights: tuple[float, ...] = (0.01,) * 4
    equivariance_weight: float = 10.0
    spread_weight: float = 1.0
    start_from: str | None = None
    keypoint_detector_weights: str | None = None
    vgg19_weights: str | None = None
    evaluate_ablations: bool = False

    def __post_init__(self) -> None:
        keypoints = self.networks.get("keypoints", "published")
        for name in ("keypoint_focus", "pose_weight"):
            if getattr(self, name) and keypoints != "landmarks":
                raise ValueError(
                    f"task.{name}: only with task.networks.keypoints='landmarks', "
                    f"got {getattr(self, name)} with {keypoints!r}"
                )

    @functools.cached_property
    def modules(self) -> Networks:
        """The networks, built once."""
        return build_networks(**self.networks)

    @property
    def trained(self) -> tuple[str, ...]:
        """Networks that the generator's update moves."""
        names = ("expression_encoder", "encoder", "decoder")
        learned = (
            () if self.modules.keypoints == "published" else ("keypoint_detector",)
        )
        return names + learned

    @property
    def _started(self) -> dict[str, bool]:
        """Networks that ``start_from`` gives, and whether it must have them."""
        names = dict.fromkeys((*self.trained, "keypoint_detector"), True)
        return names | ({"discriminator": False} if self.has_discriminator else {})

    @property
    def has_discriminator(self) -> bool:
        """Whether any step of the run is adversarial."""
        return self.phase3_start is not None

    @property
    def has_perceptual(self) -> bool:
        """Whether any step of the run compares VGG features."""
        return self.phase2_start is not None and self.vgg19_weights is not None

    def init(self, key: Array, batch: Batch) -> Variables:
        """Random variables of every network that the run needs."""
        side, nets = self.modules.image_size, self.modules
        keys = dict(zip(_NETWORKS, jax.random.split(key, len(_NETWORKS)), strict=True))
        image, points = jnp.zeros((1, side, side, 3)), jnp.zeros((1, 10, 2))
        detector = nets.keypoint_detector.init(keys["keypoint_detector"], image)
        variables: dict[str, Any] = {"keypoint_detector": detector}
        found = apply(nets.keypoint_detector, detector, image)
        variables["expression_encoder"] = nets.expression_encoder.init(
            keys["expression_encoder"], found.feature_map, found.heatmap
        )
        expression = express(nets, variables, found)[None]
        variables["encoder"] = nets.encoder.init(
            keys["encoder"], image[None], points[None], expression
        )
        set_latent = encode(nets, variables, image[None], points[None], expression)
        pixels = jnp.zeros((1, 2))
        variables["decoder"] = nets.decoder.init(
            keys["decoder"], set_latent, pixels, points[None], expression
        )
        if self.has_discriminator:
            variables["discriminator"] = nets.discriminator.init(
                keys["discriminator"], image, points
            )
        if self.has_perceptual:
            variables["vgg19"] = VggFeatures().init(keys["vgg19"], image)
        return variables

    def begins_with(self) -> tuple[str, ...]:
        """The run whose networks this one begins with."""
        return () if self.start_from is None else (self.start_from,)

    def pretrained(self) -> Mapping[str, Mapping[str, Any]]:
        """Weights of an earlier run, and from the files that the config names.

        Raises:
          ValueError: ``keypoints="published"`` and no detector is named, or the earlier
            run lacks a network.
          FileNotFoundError: a named file or run does not exist.
        """
        loaded = {}
        if self.start_from is not None:
            loaded = pretrained.load_start(self.start_from, self._started)
        files = {}
        if self.modules.keypoints == "published" and "keypoint_detector" not in loaded:
            files["keypoint_detector"] = self.keypoint_detector_weights
        if self.has_perceptual:
            files["vgg19"] = self.vgg19_weights
        return loaded | pretrained.load(self.modules, files)

    def teachers(self) -> tuple[str, ...]:
        """VGG-19, where it is used: only losses need it."""
        return ("vgg19",) if self.has_perceptual else ()

    def optimizers(self):
        """One optimizer for each trained network."""
        names = (*self.trained, *(("discriminator",) * self.has_discriminator))
        return {name: optim.optimizer(self.optimizer) for name in names}

    def learning_rates(self, step: Array) -> Mapping[str, Array]:
        """The same rate for all networks."""
        rate = jnp.float32(optim.schedule(self.schedule)(step))
        return dict.fromkeys(self.optimizers(), rate)

    def phase(self, step: int) -> Phase:
        """Phase of a global step."""
        adversarial = self.phase3_start
        if adversarial is not None and step >= adversarial:
            warm = step >= adversarial + self.discriminator_warmup
            return Phase(step="phase3" if warm else "phase3_warmup")
        whole = self.phase2_start is not None and step >= self.phase2_start
        return Phase(step="phase2" if whole else "phase1")

    def updates(self, phase: Phase) -> tuple[Update, ...]:
        """The generator's update, and the discriminator's from phase 3 on."""
        loss = functools.partial(self.generator_loss, phase=str(phase.step))
        generator = Update("generator", self.trained, loss)
        if not str(phase.step).startswith("phase3"):
            return (generator,)
        return (
            generator,
            Update("discriminator", ("discriminator",), self.discriminator_loss),
        )

    def partition_rules(self):
        """Attention heads and MLPs over ``tensor``, their other axis over ``fsdp``."""
        columns, rows = PartitionSpec("fsdp", "tensor"), PartitionSpec("tensor", "fsdp")
        return (
            (r".*/attention/(qkv|q|kv)/kernel", columns),
            (r".*/attention/out/kernel", rows),
            (r".*/mlp/hidden/kernel", columns),
            (r".*/mlp/out/kernel", rows),
            (r".*decoder/.*render/dense_[02]/kernel", columns),
            (r".*decoder/.*render/dense_[13]/kernel", rows),
        )

    def draw(self, key: Array, batch: Batch, phase: str) -> Draws:
        """Every random choice of an iteration; the detector's warps aside."""
        rows, frames = batch["driving_images"].shape[:2]
        side = self.modules.image_size
        choices, places = jax.random.split(key)
        if phase == "phase1" and self.keypoint_focus:
            positions = drawing.focused_positions(
                places,
                cropped_keypoints(batch, batch["driving_keypoints"]),
                self.num_pixels,
                side,
                self.keypoint_focus,
                self.focus_radius,
            )
        elif phase == "phase1":
            positions = drawing.random_positions(
                places, rows, frames, self.num_pixels, side
            )
        elif self.lattice_sampling:
            positions = drawing.lattice_positions(
                places, rows, frames, self.lattice_stride, side
            )
        else:
            count = (side // self.lattice_stride) ** 2
            positions = drawing.random_split(places, rows, frames, count, side)
        return drawing.draw(choices, rows, frames, positions, self.statistics_shards)

    def generator_loss(self, variables, batch, key, carry, *, phase: str):
        """Loss of everything but the discriminator; see ``loss_of_views``."""
        del carry
        draw_key, warp_key, drop_key = jax.random.split(key, 3)
        draws = self.draw(draw_key, batch, phase)
        views = color_views(batch, draws.coin, self.color_jitter)
        dropped = jax.random.uniform(drop_key, draws.selection.shape)
        loss, aux = self.loss_of_views(
            variables, batch, views, draws, phase, dropped < self.expression_dropout
        )
        if self.modules.keypoints == "learned":
            terms = self._detector_terms(variables, views, warp_key)
            loss += sum(terms.values())
            aux = aux.replace(metrics={**aux.metrics, **terms})
        return loss, aux

    def loss_of_views(
        self,
        variables: Variables,
        batch: Batch,
        views: Views,
        draws: Draws,
        phase: str,
        dropped: Array | None = None,
    ) -> tuple[Array, Aux]:
        """The published loss of given pictures under given draws.

        Args:
          variables: of all networks.
          batch: the training batch.
          views: its pictures.
          draws: the random choices.
          phase: one of ``PHASES``.
          dropped: bool [B, D], frames rendered with their source's expression.

        Returns:
          The loss, and its weighted terms with what the discriminator needs.
        """
        description = describe_views(self.modules, variables, views, batch)
        terms = objectives.regularize_expressions(
            description,
            (self.invariance_weight, self.variance_weight, self.covariance_weight),
            self.statistics_shards,
            self.statistics,
        )
        if self.identity_weight:
            identity = independence.identity_in_expressions(description)
            terms["identity"] = self.identity_weight * identity
        if self.pose_weight:
            pose = independence.pose_in_expressions(description)
            terms["pose"] = self.pose_weight * pose
        made, remaining = self._render(variables, views, description, draws, dropped)
        if phase == "phase1":
            target = pixels_at(views.target, draws.sampled)
        else:
            target, made = views.target, self._assemble(draws, made, remaining)
        terms["mse"] = self.mse_weight * mean_squared_error(made, target).mean()
        keypoints = description.driving_keypoints
        if phase != "phase1":
            pictures = (_merge(made), _merge(target), _merge(keypoints))
            terms |= self._image_terms(variables, *pictures, phase)
        carry = {"made": made, "target": target, "keypoints": keypoints}
        total = jnp.sum(jnp.stack(list(terms.values())))
        return total, Aux(metrics=terms, carry=carry)

    def discriminator_loss(self, variables, batch, key, carry):
        """Loss of the discriminator on the images that the generator just made."""
        del batch, key
        loss = objectives.discriminator_adversarial(
            self.modules,
            variables,
            _merge(carry["made"]),
            _merge(carry["target"]),
            _merge(carry["keypoints"]),
            self.discriminator_weight,
        )
        return loss, Aux(metrics={"adversarial": loss})

    def predict(self, variables: Variables, batch: Batch) -> dict[str, Array]:
        """Driving frames rendered from the sources, [B, D, H, W, 3], not clamped."""
        return reporting.predict(
            self.modules, variables, batch, self.block_size, self.evaluate_ablations
        )

    def metrics(self, batch: Batch, outputs: Mapping[str, Array]) -> dict[str, Array]:
        """PSNR and L1 per item, and those of the ablations where they are on."""
        return reporting.metrics(batch, outputs, self.evaluate_ablations)

    def pictures(
        self, batch: Mapping[str, np.ndarray], outputs: Mapping[str, np.ndarray]
    ) -> dict[str, np.ndarray]:
        """A sheet with a row of source, driving frame and result for each item."""
        return {"reenactment": reporting.sheet(batch, outputs)}

    def _render(self, variables, views, description, draws, dropped):
        nets = self.modules
        first = (draws.selection < self.first_view_share)[..., None]
        expression = jnp.where(
            first, description.driving_expression, description.driving_expression_crop
        )
        if dropped is not None and self.expression_dropout:
            source = description.source_expression_second[:, :1]
            expression = jnp.where(dropped[..., None], source, expression)
        set_latent = encode(
            nets,
            variables,
            views.sources,
            description.source_keypoints,
            description.source_expression_second,
        )
        render = functools.partial(
            render_positions, image_size=nets.image_size, block_size=self.block_size
        )
        inputs = (variables, set_latent, description.driving_keypoints, expression)

        def colors(positions, inputs):
            variables, set_latent, keypoints, expression = inputs
            return render(nets, variables, set_latent, positions, keypoints, expression)

        made = colors(draws.sampled, inputs)
        if not draws.remaining.shape[-1]:
            return made, None
        return made, colors(draws.remaining, jax.lax.stop_gradient(inputs))

    def _assemble(self, draws: Draws, made: Array, remaining: Array) -> Array:
        """Whole images of pixels with and without gradient."""
        side = self.modules.image_size
        if draws.lattice is None or self.modules.form == "plain":
            return assemble(draws.sampled, draws.remaining, made, remaining, side)
        stride = self.lattice_stride
        return assemble_lattices(made, remaining, draws.lattice, stride, side)

    def _image_terms(self, variables, made, target, keypoints, phase):
        terms = {}
        if self.has_perceptual:
            terms["perceptual"] = objectives.perceptual_loss(
                variables, made, target, self.perceptual_weights
            )
        if phase == "phase3":
            terms |= objectives.generator_adversarial(
                self.modules,
                variables,
                made,
                target,
                keypoints,
                self.gan_weight,
                self.matching_weights,
            )
        return terms

    def _detector_terms(self, variables, views: Views, key: Array):
        images = views.driving_uncropped[:, 0]
        warps = equivariance.draw_warps(key, images.shape[0])
        # Side by side, so that each device keeps both pictures of its rows.
        both = jnp.stack([images, equivariance.warp(images, warps)], axis=1)
        found = detect(self.modules, variables, _merge(both)).positions
        original, warped = found[0::2], found[1::2]
        distance = equivariance.equivariance(original, warped, warps)
        return {
            "equivariance": self.equivariance_weight * distance,
            "spread": self.spread_weight * equivariance.spread(original),
        }


_NETWORKS = (
    "keypoint_detector",
    "expression_encoder",
    "encoder",
    "decoder",
    "discriminator",
    "vgg19",
)


def _merge(x: Array) -> Array:
    """[B, D, ...] as [B * D, ...]."""
    return x.reshape(-1, *x.shape[2:])
