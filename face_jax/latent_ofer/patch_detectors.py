"""Everything that gives patches scores, as one kind of value, fitted and ready to run.

Spheres around latents are trained elsewhere (Latent-OFER, arXiv 2307.11404); the
detectors that they are compared with are fitted here.
"""

import dataclasses
import functools
from collections.abc import Mapping
from typing import NamedTuple

import flax.struct
import jax
import jax.numpy as jnp
import numpy as np
from jax.tree_util import Partial

from face_jax.latent_ofer.detector import Detector, Method, detect, patch_latents
from face_jax.latent_ofer.latent_probe import Probe, fit_probe, probe_scores
from face_jax.latent_ofer.mae import MaskedAutoencoder
from face_jax.latent_ofer.occluded_faces import OccludedFaces
from face_jax.latent_ofer.patch_groups import without_small_groups
from face_jax.latent_ofer.position_gaussians import (
    PositionGaussians,
    fit_position_gaussians,
    gaussian_scores,
    patch_colours,
)
from face_jax.latent_ofer.reconstruction_errors import (
    patch_groups,
    reconstruction_errors,
    relative_errors,
)
from face_jax.temporal.chunks import in_batches
from face_jax.types import Array, Variables

GROUPS = 4
"""Groups of patches that are hidden in turn. A quarter at a time: the fewer are hidden,
the better an occluder is told by what is left of it."""

PROBE_PATCHES = 60_000
"""Patches that the probe is fitted to at most."""

OBJECTIVE_TITLES = {
    "soft_boundary": "Deep SVDD, soft boundary",
    "one_class": "Deep SVDD, one class",
}
"""What a Deep SVDD is called, by the objective that it was trained with."""


class Training(NamedTuple):
    """What detectors are fitted to, and how.

    Attributes:
      faces: pictures with and without something before the face.
      covered: bool [N, L], patches that are covered.
      untouched: bool [N, L], those that show nothing of an occluder.
      nu: share of these that a plain detector may find.
    """

    faces: OccludedFaces
    covered: np.ndarray
    untouched: np.ndarray
    nu: float

    @classmethod
    def of(
        cls, faces: OccludedFaces, patch_size: int, share: float, nu: float
    ) -> "Training":
        """With patches of that size, covered from that share of their pixels on."""
        covered = faces.covered(patch_size, share)
        return cls(faces, covered, faces.untouched(patch_size), nu)


class DetectorRun(NamedTuple):
    """A trained detector.

    Attributes:
      objective: that it was trained with, a key of ``OBJECTIVE_TITLES``.
      nu: share of uncovered patches that may lie outside of its spheres.
      covered_share: share of a patch's pixels from which on it counts as covered.
      detector: the modules.
      variables: of them.
    """

    objective: str
    nu: float
    covered_share: float
    detector: Detector
    variables: Variables


@flax.struct.dataclass
class PatchDetector:
    """Anything that gives patches scores; passes through ``jax.jit``.

    Attributes:
      score: takes float pictures [B, S, S, 3] in [0, 1] to scores [B, L], higher where
        more likely covered; its arrays are leaves.
      title: what it is called.
      threshold: scores above it count as found.
      smallest_group: in groups of so many patches at least, that touch each other.
    """

    score: Partial
    title: str = flax.struct.field(pytree_node=False)
    threshold: float = flax.struct.field(pytree_node=False)
    smallest_group: int = flax.struct.field(pytree_node=False, default=1)


def score_all(detector: PatchDetector, images: np.ndarray) -> np.ndarray:
    """Scores of all patches, float32 [N, L], of uint8 pictures [N, S, S, 3]."""
    return in_batches(functools.partial(_scores, detector.score), images)


def found_patches(detector: PatchDetector, scores: np.ndarray) -> np.ndarray:
    """What counts as found, bool [N, L], by scores [N, L]."""
    grouped = functools.partial(_grouped, detector.smallest_group)
    return in_batches(grouped, scores > detector.threshold)


def deep_detector(run: DetectorRun) -> PatchDetector:
    """Deep SVDD; its threshold is the radius, to which scores are relative."""
    return _sphere_detector(run, "deep", OBJECTIVE_TITLES[run.objective])


def kernel_detector(run: DetectorRun) -> PatchDetector:
    """Kernel SVDD, likewise; ``kernel_sphere`` must be there."""
    return _sphere_detector(run, "kernel", "kernel SVDD")


def probe_detector(
    run: DetectorRun, training: Training, count: int = PROBE_PATCHES
) -> PatchDetector:
    """A logistic regression on latents, fitted to covered and to uncovered patches.

    Args:
      run: whose latents.
      training: all of its covered and untouched patches count, those between do not.
      count: patches to fit to at most, each as likely to be taken as any other.

    Raises:
      ValueError: the patches are all covered or none is.
    """
    latents = in_batches(
        functools.partial(_latents, run.detector, run.variables), training.faces.images
    )
    known = np.flatnonzero(training.covered | training.untouched)
    known = np.random.default_rng(0).permutation(known)[:count]
    rows = latents.reshape(-1, latents.shape[-1])[known]
    probe = fit_probe(jnp.asarray(rows), jnp.asarray(training.covered.ravel()[known]))
    score = functools.partial(_probe_scores, run.detector)
    return PatchDetector(Partial(score, run.variables, probe), "logistic probe", 0.0)


def colour_detector(patch_size: int, training: Training) -> PatchDetector:
    """Gaussians of colours at every place, fitted to the faces behind occluders."""
    colours = functools.partial(_colours, patch_size)
    clean = in_batches(colours, training.faces.clean_images)
    gaussians = fit_position_gaussians(jnp.asarray(clean))
    score = functools.partial(_colour_scores, patch_size)
    found = PatchDetector(Partial(score, gaussians), "colours of places", 0.0)
    return _with_threshold(found, training)


def error_detector(
    network: MaskedAutoencoder,
    variables: Mapping[str, Array],
    training: Training,
    groups: int = GROUPS,
) -> PatchDetector:
    """Errors of reconstruction over those of the faces behind occluders.

    Args:
      network: trained on pixels that are not normalised.
      variables: its variables.
      training: what is usual, and the threshold.
      groups: a divisor of the number of patches.
    """
    hidden = jnp.asarray(patch_groups(network.num_patches, groups))
    score = functools.partial(_errors, network)
    usual = jnp.ones((1, network.num_patches))
    found = PatchDetector(Partial(score, variables, hidden, usual), "", 0.0)
    usual = score_all(found, training.faces.clean_images).mean(axis=0, keepdims=True)
    score = Partial(score, variables, hidden, jnp.asarray(usual))
    found = PatchDetector(score, "error of reconstruction", 0.0)
    return _with_threshold(found, training)


def _sphere_detector(run: DetectorRun, method: Method, title: str) -> PatchDetector:
    score = functools.partial(
        _sphere_scores, dataclasses.replace(run.detector, method=method)
    )
    return PatchDetector(
        Partial(score, run.variables), title, 1.0, run.detector.smallest_group
    )


def _with_threshold(detector: PatchDetector, training: Training) -> PatchDetector:
    """With the threshold that a share ``nu`` of untouched patches is above."""
    scores = score_all(detector, training.faces.images)[training.untouched]
    threshold = float(np.quantile(scores, 1.0 - training.nu))
    return dataclasses.replace(detector, threshold=threshold)


@jax.jit
def _scores(score: Partial, images: Array) -> Array:
    return score(_in_unit_range(images))


@functools.partial(jax.jit, static_argnums=0)
def _grouped(smallest: int, mask: Array) -> Array:
    return without_small_groups(mask, smallest)


@functools.partial(jax.jit, static_argnums=0)
def _latents(detector: Detector, variables: Variables, images: Array) -> Array:
    return patch_latents(detector, variables, _in_unit_range(images))


@functools.partial(jax.jit, static_argnums=0)
def _colours(patch_size: int, images: Array) -> Array:
    return patch_colours(_in_unit_range(images), patch_size)


def _in_unit_range(images: Array) -> Array:
    return images.astype(jnp.float32) / 255.0


def _sphere_scores(detector: Detector, variables: Variables, images: Array) -> Array:
    return detect(detector, variables, images).scores


def _probe_scores(
    detector: Detector, variables: Variables, probe: Probe, images: Array
) -> Array:
    return probe_scores(probe, patch_latents(detector, variables, images))


def _colour_scores(
    patch_size: int, gaussians: PositionGaussians, images: Array
) -> Array:
    return gaussian_scores(gaussians, patch_colours(images, patch_size))


def _errors(
    network: MaskedAutoencoder,
    variables: Mapping[str, Array],
    groups: Array,
    usual: Array,
    images: Array,
) -> Array:
    errors = reconstruction_errors(network, variables, images, groups)
    return relative_errors(errors, usual)
