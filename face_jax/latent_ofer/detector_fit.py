"""What of the detector is fitted to a whole set instead of descended to.

Before training: how latents are standardised, and Deep SVDD's centre. After it: the
radius, and all of kernel SVDD. Source: Latent-OFER, arXiv 2307.11404.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from face_jax.latent_ofer.deep_svdd import (
    SCALE_EPSILON,
    boundary_radius,
    initial_center,
)
from face_jax.latent_ofer.detector import (
    Detector,
    kernel_of,
    patch_latents,
    squared_deep_distances,
    standardized,
)
from face_jax.latent_ofer.kernel_svdd import fit_kernel_svdd
from face_jax.latent_ofer.patch_labels import untouched_patches
from face_jax.latent_ofer.pictures import pictures_of
from face_jax.nn.apply import apply
from face_jax.train.distributed import to_host
from face_jax.types import Array, Batch, Params, Variables

SHRINKAGE = 0.02
"""Share of the mean variance at a place that is added to all its variances: a few
thousand faces tell the smallest ones badly."""

Batches = Callable[[], Iterator[Batch]]
"""Gives the training batches from the first one on."""


def uncovered(detector: Detector, batch: Batch) -> Array:
    """bool [B, L], the patches that show nothing but the face."""
    size = detector.autoencoder.patch_size
    return untouched_patches(batch["occluder_mask"], size)


def fit_standardization(
    detector: Detector, variables: Variables, batches: Iterable[Batch]
) -> dict[str, np.ndarray]:
    """How the latents of uncovered patches are distributed.

    Args:
      detector: the modules.
      variables: of the autoencoder.
      batches: those of the whole set.

    Returns:
      ``mean`` and ``deviation``, [D] float32; or by places ``mean`` [L, D] and
      ``whitening`` [L, D, D], whose columns take what is left after the mean to
      variance 1.

    Raises:
      ValueError: nothing in them is uncovered, at some place.
    """
    by_places = detector.standards == "places"

    @jax.jit
    def sums(variables: Variables, batch: Batch) -> tuple[Array, Array, Array]:
        latents = patch_latents(detector, variables, pictures_of(batch, "image"))
        counts = uncovered(detector, batch)[..., None]
        latents = jnp.where(counts, latents, 0.0)
        if by_places:
            products = jnp.einsum("bld,ble->lde", latents, latents, precision="highest")
            return counts.sum(axis=0), latents.sum(axis=0), products
        squares = jnp.square(latents).sum(axis=(0, 1))
        return counts.sum(), latents.sum(axis=(0, 1)), squares

    count, first, second = _totals(sums(variables, batch) for batch in batches)
    if not np.all(count):
        raise ValueError(
            "task.fit_batches: expected batches with uncovered patches, all are covered"
            f"{' at some place' if by_places else ''}"
        )
    mean = first / count
    scales = _whitening if by_places else _deviation
    return {"mean": mean.astype(np.float32)} | scales(mean, second, count)


def fit_center(
    detector: Detector, variables: Variables, batches: Iterable[Batch]
) -> np.ndarray:
    """Deep SVDD's centre: see ``deep_svdd.initial_center``.

    Args:
      detector: the modules.
      variables: with an ``embedding`` that is not trained yet, and a ``sphere`` that
        knows how to standardise.
      batches: those of the whole set.

    Returns:
      [E] float32.
    """

    @jax.jit
    def sums(variables: Variables, batch: Batch) -> tuple[Array, Array]:
        latents = patch_latents(detector, variables, pictures_of(batch, "image"))
        latents = standardized(variables, latents)
        embedded = apply(detector.embedding, variables["embedding"], latents)
        counts = uncovered(detector, batch)[..., None]
        return counts.sum(), jnp.where(counts, embedded, 0.0).sum(axis=(0, 1))

    count, total = _totals(sums(variables, batch) for batch in batches)
    mean = jnp.asarray((total / count)[None], jnp.float32)
    return np.asarray(initial_center(mean))


def fit_radius(
    detector: Detector, variables: Variables, batches: Iterable[Batch], nu: float
) -> np.ndarray:
    """The radius that a share ``nu`` of all uncovered patches exceeds, [] float32."""

    @jax.jit
    def distances(variables: Variables, batch: Batch) -> tuple[Array, Array]:
        latents = patch_latents(detector, variables, pictures_of(batch, "image"))
        latents = standardized(variables, latents)
        found = squared_deep_distances(detector, variables, latents)
        return found, uncovered(detector, batch)

    found, counts = _gathered(distances(variables, batch) for batch in batches)
    return np.asarray(boundary_radius(jnp.asarray(found[counts]), nu))


def fit_kernel_sphere(
    detector: Detector,
    variables: Variables,
    batches: Iterable[Batch],
    count: int,
    nu: float,
    seed: int = 0,
) -> Params:
    """Kernel SVDD of some of the uncovered patches.

    Args:
      detector: the modules.
      variables: of the autoencoder and the sphere.
      batches: those of the whole set.
      count: how many patches; their similarities to each other are kept.
      nu: share of them that may lie outside.
      seed: which patches are taken.

    Returns:
      Variables of ``kernel_sphere``.

    Raises:
      ValueError: there are not as many uncovered patches.
    """

    @jax.jit
    def latents(variables: Variables, batch: Batch) -> tuple[Array, Array]:
        found = patch_latents(detector, variables, pictures_of(batch, "image"))
        return standardized(variables, found), uncovered(detector, batch)

    samples = _sample(
        (latents(variables, batch) for batch in batches),
        count,
        np.random.default_rng(seed),
    )
    kernel = kernel_of(samples.shape[-1])
    fit = jax.jit(fit_kernel_svdd, static_argnames=("kernel", "upper_bound"))
    sphere, _ = fit(samples, kernel=kernel, upper_bound=1.0 / (nu * count))
    return {"constants": jax.device_get(_stored(sphere))}


def empty_kernel_sphere(count: int, width: int) -> Params:
    """Variables of a ``kernel_sphere`` before it is fitted."""
    return {
        "constants": {
            "samples": jnp.zeros((count, width)),
            "weights": jnp.zeros(count),
            "offset": jnp.float32(0.0),
            "radius": jnp.float32(1.0),
        }
    }


def empty_sphere(detector: Detector) -> Params:
    """Variables of a ``sphere`` before it is fitted."""
    width, places = detector.width, detector.autoencoder.num_patches
    if detector.standards == "places":
        standards = {
            "mean": jnp.zeros((places, width)),
            "whitening": jnp.broadcast_to(jnp.eye(width), (places, width, width)),
        }
    else:
        standards = {"mean": jnp.zeros(width), "deviation": jnp.ones(width)}
    center = jnp.zeros(detector.embedding.features[-1])
    return {
        "constants": {**standards, "center": center, "radius": jnp.float32(1.0)},
    }


def take(batches: Batches, count: int) -> Iterator[Batch]:
    """The first batches of the stream: the set that things are fitted to."""
    return itertools.islice(batches(), count)


def _deviation(
    mean: np.ndarray, squares: np.ndarray, count: np.ndarray
) -> dict[str, np.ndarray]:
    variance = np.maximum(squares / count - mean**2, SCALE_EPSILON**2)
    return {"deviation": np.sqrt(variance).astype(np.float32)}


def _whitening(
    mean: np.ndarray, products: np.ndarray, count: np.ndarray
) -> dict[str, np.ndarray]:
    """Inverse roots of the covariances of all places, shrunk towards spheres."""
    covariance = products / count[..., None] - mean[:, :, None] * mean[:, None]
    width = mean.shape[1]
    spread = np.trace(covariance, axis1=1, axis2=2) / width
    noise = np.maximum(SHRINKAGE * spread, SCALE_EPSILON**2)
    values, vectors = np.linalg.eigh(covariance + noise[:, None, None] * np.eye(width))
    return {"whitening": (vectors / np.sqrt(values)[:, None]).astype(np.float32)}


def _stored(sphere: Any) -> dict[str, Array]:
    return {
        name: getattr(sphere, name)
        for name in ("samples", "weights", "offset", "radius")
    }


def _totals(parts: Iterator[tuple[Array, ...]]) -> list[np.ndarray]:
    """Sums over batches, in double precision on the host."""
    hosts = ([np.asarray(x, np.float64) for x in to_host(p)] for p in parts)
    totals = next(hosts)
    for part in hosts:
        totals = [total + x for total, x in zip(totals, part, strict=True)]
    return totals


def _gathered(parts: Iterator[tuple[Array, ...]]) -> list[np.ndarray]:
    """Rows of all batches and processes, [rows, ...] each."""
    columns = zip(*(to_host(part) for part in parts), strict=True)
    return [np.concatenate(column) for column in columns]


def _sample(
    parts: Iterator[tuple[Array, Array]], count: int, random: np.random.Generator
) -> np.ndarray:
    """``count`` of the rows that count, each as likely as any other, [count, D]."""
    seen, lots, kept = 0, np.zeros(0), None
    for part in parts:
        latents, counts = to_host(part)
        rows = latents[counts]
        seen += len(rows)
        lots = np.concatenate([lots, random.random(len(rows))])
        kept = rows if kept is None else np.concatenate([kept, rows])
        drawn = np.argsort(lots)[:count]
        lots, kept = lots[drawn], kept[drawn]
    if kept is None or seen < count:
        raise ValueError(
            f"task.kernel_samples: expected at most {seen}, the uncovered patches of "
            f"all batches, got {count}"
        )
    return kept
