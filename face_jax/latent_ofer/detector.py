"""Which patches of faces are covered: latents of a masked autoencoder and a sphere.

Every patch's latent is one sample; it is covered when it lies outside of the sphere
around those of uncovered patches. Source: Latent-OFER, arXiv 2307.11404.

The networks and constants by their names among the variables:

    autoencoder     the masked autoencoder, which sees the whole picture
    embedding       Deep SVDD's network
    sphere          how latents are standardised, Deep SVDD's centre and radius
    kernel_sphere   samples, weights, offset and radius of kernel SVDD
"""

import dataclasses
from typing import Literal, get_args

import jax.numpy as jnp
from flax import struct

from face_jax.latent_ofer.deep_svdd import (
    DeepSvdd,
    Standardization,
    squared_distances,
)
from face_jax.latent_ofer.kernel_svdd import KernelSphere
from face_jax.latent_ofer.kernels import Kernel
from face_jax.latent_ofer.mae import MaskedAutoencoder
from face_jax.latent_ofer.patch_groups import without_small_groups
from face_jax.nn.apply import apply
from face_jax.types import Array, Params, Variables

Method = Literal["deep", "kernel"]
LatentSource = Literal["encoder", "decoder"]
Standards = Literal["components", "places"]
"""What latents are compared with before anything else. ``components``: each component
with its own mean and deviation over all patches. ``places``: those of each place of the
grid with their own mean and covariance, as aligned faces look alike at a place; it
keeps a matrix for every place."""

METHODS: tuple[str, ...] = get_args(Method)
LATENT_SOURCES: tuple[str, ...] = get_args(LatentSource)
STANDARDS: tuple[str, ...] = get_args(Standards)


@struct.dataclass
class Detection:
    """What is covered in B pictures.

    Attributes:
      scores: [B, L] float32, each patch's distance to the centre over the radius.
      mask: [B, L] bool, true where a score exceeds 1, but for groups that are too small.
    """

    scores: Array
    mask: Array


@dataclasses.dataclass(frozen=True)
class Detector:
    """The modules, and which of the spheres decides.

    Attributes:
      autoencoder: the masked autoencoder.
      embedding: Deep SVDD's network.
      method: ``deep`` or ``kernel``.
      latent_source: what a patch is described by: ``encoder``, the encoder's output,
        or ``decoder``, the decoder's tokens.
      standards: what latents are compared with.
      smallest_group: patches that must touch each other to count as covered; 1, as in
        the paper, judges each by itself.

    Raises:
      ValueError: there is no such method, source or standard.
    """

    autoencoder: MaskedAutoencoder
    embedding: DeepSvdd
    method: Method = "deep"
    latent_source: LatentSource = "encoder"
    standards: Standards = "components"
    smallest_group: int = 1

    def __post_init__(self) -> None:
        choices = {
            "method": METHODS,
            "latent_source": LATENT_SOURCES,
            "standards": STANDARDS,
        }
        for name, known in choices.items():
            if getattr(self, name) not in known:
                raise ValueError(
                    f"{name}: expected one of {', '.join(known)}, "
                    f"got {getattr(self, name)!r}"
                )

    @property
    def width(self) -> int:
        """D, of the latents."""
        nets = self.autoencoder
        return nets.width if self.latent_source == "encoder" else nets.decoder_width


def patch_latents(detector: Detector, variables: Variables, images: Array) -> Array:
    """Latents of all patches, none of which is masked.

    Args:
      detector: the modules.
      variables: must hold ``autoencoder``.
      images: [B, H, H, 3] float RGB in [0, 1].

    Returns:
      [B, L, D] float32.
    """
    network, weights = detector.autoencoder, variables["autoencoder"]
    latents = apply(network, weights, images, method=network.encode)
    if detector.latent_source == "decoder":
        latents = apply(network, weights, latents, method=network.decode)
    return latents[:, 1:].astype(jnp.float32)


def standardized(variables: Variables, latents: Array) -> Array:
    """Latents [B, L, D] brought to mean 0 and variance 1 over uncovered patches.

    By places, components are uncorrelated too.
    """
    known = variables["sphere"]["constants"]
    if "whitening" in known:
        left = latents - known["mean"]
        return jnp.einsum("bld,lde->ble", left, known["whitening"], precision="highest")
    return Standardization(known["mean"], known["deviation"])(latents)


def squared_deep_distances(
    detector: Detector, variables: Variables, latents: Array
) -> Array:
    """Squared distances [B, L] of standardised latents [B, L, D] to the centre."""
    embedded = apply(detector.embedding, variables["embedding"], latents)
    return squared_distances(embedded, variables["sphere"]["constants"]["center"])


def detect(detector: Detector, variables: Variables, images: Array) -> Detection:
    """Finds what is covered.

    Args:
      detector: the modules.
      variables: of all of them.
      images: [B, H, H, 3] float RGB in [0, 1].

    Returns:
      Scores and mask.
    """
    latents = standardized(variables, patch_latents(detector, variables, images))
    if detector.method == "deep":
        squared = squared_deep_distances(detector, variables, latents)
        scores = jnp.sqrt(squared) / variables["sphere"]["constants"]["radius"]
    else:
        sphere = kernel_sphere(variables["kernel_sphere"])
        flat = latents.reshape(-1, latents.shape[-1])
        scores = sphere.distances(flat).reshape(latents.shape[:2]) / sphere.radius
    mask = without_small_groups(scores > 1.0, detector.smallest_group)
    return Detection(scores=scores, mask=mask)


def kernel_of(width: int) -> Kernel:
    """The kernel of standardised latents: their variance is 1."""
    return Kernel("rbf", gamma=1.0 / width)


def kernel_sphere(stored: Params) -> KernelSphere:
    """The sphere of kernel SVDD from its stored arrays."""
    found = stored["constants"]
    return KernelSphere(**found, kernel=kernel_of(found["samples"].shape[-1]))
