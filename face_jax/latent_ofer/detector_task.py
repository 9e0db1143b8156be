"""Training the detector of covered patches, on a frozen masked autoencoder.

Samples are the latents of patches that show nothing but the face, in pictures with and
without something before it. Source: Latent-OFER, arXiv 2307.11404, which names Deep
SVDD (Ruff et al., ICML 2018); where it is silent the choices are our own: latents are
those of the encoder, and the radius that decides is found at the end from a whole set.
"""

import dataclasses
import functools
import logging
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from face_jax import viz
from face_jax.latent_ofer import detector_fit as fitting
from face_jax.latent_ofer.deep_svdd import (
    DeepSvdd,
    boundary_radius,
    check_nu,
    one_class_loss,
    soft_boundary_loss,
)
from face_jax.latent_ofer.detector import (
    Detector,
    LatentSource,
    Standards,
    detect,
    patch_latents,
    squared_deep_distances,
    standardized,
)
from face_jax.latent_ofer.mae import masked_autoencoder
from face_jax.latent_ofer.mae_task import NETWORK as AUTOENCODER
from face_jax.latent_ofer.mae_task import load_autoencoder
from face_jax.latent_ofer.patch_labels import (
    COVERED_SHARE,
    covered_patches,
    patch_cover,
)
from face_jax.latent_ofer.patches import pixel_mask
from face_jax.latent_ofer.pictures import dimmed, pictures_of, sheet_of
from face_jax.train import optim
from face_jax.train.task import Aux, Phase, Task, Update
from face_jax.types import Array, Batch, Variables

log = logging.getLogger("face_jax")

EMBEDDING, SPHERE, KERNEL_SPHERE = "embedding", "sphere", "kernel_sphere"
OBJECTIVES = ("soft_boundary", "one_class")


@dataclasses.dataclass(frozen=True)
class DetectorTask(Task):
    """Deep SVDD's training, and the fit of kernel SVDD beside it.

    Attributes:
      size: of the autoencoder, see ``MaeTask``.
      network: its other fields.
      autoencoder: its weights: folder of a run, file of published weights, or
        ``"random"``. It must be named.
      latent_source: see ``detector.Detector``.
      standards: likewise; the paper does not say.
      smallest_group: likewise.
      features: widths of Deep SVDD's layers.
      objective: ``soft_boundary`` or ``one_class``.
      nu: share of uncovered patches that may lie outside of the spheres.
      radius_start: step from which on the soft boundary's radius follows the batches;
        it is 0 before. The published training waits for ten epochs.
      covered_share: share of a patch's pixels from which on it counts as covered, in
        evaluation.
      optimizer: name and keywords of Deep SVDD's optimizer.
      schedule: learning rate by global step.
      fit_batches: batches of the training stream that make the whole set: centre and
        radius are found from it.
      kernel_samples: patches that kernel SVDD is fitted to; 0 for none.

    Raises:
      ValueError: a value is out of its range.
    """

    size: str = "base"
    network: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    autoencoder: str | None = None
    latent_source: LatentSource = "encoder"
    standards: Standards = "components"
    smallest_group: int = 1
    features: tuple[int, ...] = (256, 128)
    objective: str = "soft_boundary"
    nu: float = 0.05
    radius_start: int = 0
    covered_share: float = COVERED_SHARE
    optimizer: Mapping[str, Any] = dataclasses.field(
        default_factory=lambda: {"name": "adam", "weight_decay": 1e-6}
    )
    schedule: Mapping[str, Any] = dataclasses.field(
        default_factory=lambda: {"name": "constant", "peak": 1e-3}
    )
    fit_batches: int = 64
    kernel_samples: int = 4096

    def __post_init__(self) -> None:
        check_nu(self.nu)
        if self.objective not in OBJECTIVES:
            raise ValueError(
                f"task.objective: expected one of {', '.join(OBJECTIVES)}, "
                f"got {self.objective!r}"
            )
        if self.fit_batches < 1:
            raise ValueError(
                f"task.fit_batches: expected at least 1, got {self.fit_batches}"
            )

    @functools.cached_property
    def detector(self) -> Detector:
        """The modules."""
        return Detector(
            masked_autoencoder(self.size, self.network),
            DeepSvdd(tuple(self.features)),
            latent_source=self.latent_source,
            standards=self.standards,
            smallest_group=self.smallest_group,
        )

    def init(self, key: Array, batch: Batch) -> Variables:
        """Random networks, and spheres that nothing is known of.

        Raises:
          ValueError: the data's pictures are of another size.
        """
        first, second = jax.random.split(key)
        nets, width = self.detector, self.detector.width
        variables = {
            AUTOENCODER: nets.autoencoder.init(first, pictures_of(batch, "image")[:1]),
            EMBEDDING: nets.embedding.init(second, jnp.zeros((1, width))),
            SPHERE: fitting.empty_sphere(nets),
        }
        if self.kernel_samples:
            variables[KERNEL_SPHERE] = fitting.empty_kernel_sphere(
                self.kernel_samples, width
            )
        if self.objective == "soft_boundary":
            variables[EMBEDDING] = {
                **variables[EMBEDDING],
                "boundary": {"radius": jnp.float32(0.0)},
            }
        return variables

    def pretrained(self) -> Mapping[str, Mapping[str, Any]]:
        """The autoencoder.

        Raises:
          FileNotFoundError: there is no such run or file.
          ValueError: none is named, or it does not fit.
        """
        if self.autoencoder is None:
            raise ValueError(
                "task.autoencoder: expected the folder of a run, a file of published "
                "weights or 'random', got None"
            )
        module = self.detector.autoencoder
        return {AUTOENCODER: load_autoencoder("autoencoder", self.autoencoder, module)}

    def before_training(self, variables: Variables, batches) -> Variables:
        """Finds how latents are standardised, and the centre."""
        count, sphere = self.fit_batches, dict(variables[SPHERE]["constants"])
        log.info("looking at %d batches for the centre", count)
        taken = fitting.take(batches, count)
        sphere |= fitting.fit_standardization(self.detector, variables, taken)
        known = {**variables, SPHERE: {"constants": sphere}}
        taken = fitting.take(batches, count)
        sphere["center"] = fitting.fit_center(self.detector, known, taken)
        return {SPHERE: {"constants": sphere}}

    def after_training(self, variables: Variables, batches) -> Variables:
        """Finds the radius from the whole set, and fits kernel SVDD."""
        log.info("looking at %d batches for the radius", self.fit_batches)
        taken = fitting.take(batches, self.fit_batches)
        radius = fitting.fit_radius(self.detector, variables, taken, self.nu)
        constants = {**variables[SPHERE]["constants"], "radius": radius}
        found: dict[str, Any] = {SPHERE: {"constants": constants}}
        if self.kernel_samples:
            log.info("fitting kernel SVDD to %d patches", self.kernel_samples)
            taken = fitting.take(batches, self.fit_batches)
            found[KERNEL_SPHERE] = fitting.fit_kernel_sphere(
                self.detector, variables, taken, self.kernel_samples, self.nu
            )
        return found

    def optimizers(self):
        """Deep SVDD's alone."""
        return {EMBEDDING: optim.optimizer(self.optimizer)}

    def learning_rates(self, step: Array) -> Mapping[str, Array]:
        """Deep SVDD's rate."""
        return {EMBEDDING: jnp.float32(optim.schedule(self.schedule)(step))}

    def phase(self, step: int) -> Phase:
        """Whether the soft boundary's radius follows the batches yet."""
        follows = self.objective == "soft_boundary" and step >= self.radius_start
        return Phase(step="boundary" if follows else "center")

    def updates(self, phase: Phase) -> tuple[Update, ...]:
        """One update."""
        loss = functools.partial(self.loss, follows=phase.step == "boundary")
        return (Update(EMBEDDING, (EMBEDDING,), loss),)

    def loss(self, variables, batch, key, carry, *, follows: bool = False):
        """Distances to the centre of patches that nothing covers."""
        del key, carry
        images = pictures_of(batch, "image")
        latents = patch_latents(self.detector, variables, images)
        latents = jax.lax.stop_gradient(standardized(variables, latents))
        squared = squared_deep_distances(self.detector, variables, latents).ravel()
        counted = fitting.uncovered(self.detector, batch).ravel()
        metrics = {"distance": one_class_loss(squared, counted)}
        if self.objective == "one_class":
            return metrics["distance"], Aux(metrics=metrics)
        state = variables[EMBEDDING]["boundary"]
        radius = jax.lax.stop_gradient(state["radius"])
        loss = soft_boundary_loss(squared, radius, self.nu, counted)
        if follows:
            found = boundary_radius(jax.lax.stop_gradient(squared), self.nu, counted)
            # A batch in which nothing is uncovered says nothing.
            state = {"radius": jnp.where(jnp.isnan(found), radius, found)}
        metrics["radius"] = radius
        return loss, Aux(metrics=metrics, model_state={EMBEDDING: {"boundary": state}})

    def predict(self, variables: Variables, batch: Batch) -> dict[str, Array]:
        """Scores and masks [B, L] of Deep SVDD, and of kernel SVDD where there is one."""
        images = pictures_of(batch, "image")
        found: dict[str, Array] = {}
        for method in ("deep", *(("kernel",) if self.kernel_samples else ())):
            seen = detect(
                dataclasses.replace(self.detector, method=method), variables, images
            )
            found |= {f"{method}_scores": seen.scores, f"{method}_mask": seen.mask}
        return found

    def metrics(self, batch: Batch, outputs: Mapping[str, Array]) -> dict[str, Array]:
        """Share of each picture's patches that are judged right, by method."""
        covered = self._covered(batch)
        return {
            f"{name.removesuffix('_mask')}_accuracy": (mask == covered).mean(axis=-1)
            for name, mask in outputs.items()
            if name.endswith("_mask")
        }

    def pictures(
        self, batch: Mapping[str, np.ndarray], outputs: Mapping[str, np.ndarray]
    ) -> dict[str, np.ndarray]:
        """Rows of photograph, what is covered, Deep SVDD's scores and its mask."""
        image, side = np.asarray(batch["image"]), self.detector.autoencoder.patch_size

        def spread(values: Any) -> np.ndarray:
            return np.asarray(pixel_mask(jnp.asarray(values), side))

        scores = spread(outputs["deep_scores"])
        columns = {
            "photograph": image,
            "covered": dimmed(image, spread(self._covered(batch))),
            "scores": np.stack([viz.heat_map(s, largest=2.0) for s in scores]),
            "found": dimmed(image, spread(outputs["deep_mask"])),
        }
        return {"detection": sheet_of(columns)}

    def _covered(self, batch: Batch | Mapping[str, np.ndarray]) -> Array:
        mask = jnp.asarray(batch["occluder_mask"])
        cover = patch_cover(mask, self.detector.autoencoder.patch_size)
        return covered_patches(cover, self.covered_share)
