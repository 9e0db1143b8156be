"""All stages on a picture, in one program: detect, mask, reconstruct, recognise.

Source: Latent-OFER, arXiv 2307.11404. The networks by their names among the variables
are those of ``detector`` and ``refinement``, and

    expression      the network whose class activation maps find relevant patches
    recognizer      the cooperative recogniser
"""

import dataclasses

import flax.struct
import jax
import jax.numpy as jnp

from face_jax.latent_ofer.cam import Method, class_activation_maps, shown_maps
from face_jax.latent_ofer.detector import Detection, Detector, detect
from face_jax.latent_ofer.expression import ExpressionNetwork
from face_jax.latent_ofer.patches import normalize
from face_jax.latent_ofer.recognizer import Recognizer
from face_jax.latent_ofer.refinement import (
    Reconstructed,
    Refinement,
    reconstruct,
    resized,
)
from face_jax.latent_ofer.token_selection import (
    Selection,
    patch_relevance,
    select_latents,
)
from face_jax.nn.apply import apply
from face_jax.types import Array, Variables


@dataclasses.dataclass(frozen=True)
class Pipeline:
    """The modules of all stages.

    Attributes:
      detector: which patches are covered.
      refinement: what they hide.
      expression: which patches matter.
      expression_side: height and width of the pictures that it sees, pixels.
      recognizer: which expression it is; None where it is not trained yet.
      recognizer_side: likewise.
      selection: whose latents the recogniser sees.
      relevant_share: share of the patches that ``relevant`` takes.
      activation: of the class activation maps.
    """

    detector: Detector
    refinement: Refinement
    expression: ExpressionNetwork
    expression_side: int = 224
    recognizer: Recognizer | None = None
    recognizer_side: int = 224
    selection: Selection = "static"
    relevant_share: float = 0.5
    activation: Method = "grad_cam_plus_plus"

    @property
    def image_size(self) -> int:
        """Side of the pictures that patches are cut from, pixels."""
        return self.detector.autoencoder.image_size

    @property
    def grid(self) -> int:
        """g, patches along each side."""
        return self.detector.autoencoder.grid


@flax.struct.dataclass
class Seen:
    """What the first stages make of B pictures.

    Attributes:
      detection: scores and mask of the L = g * g patches.
      reconstructed: pictures without what covers them, S pixels square, and tokens.
      relevance: [B, g, g] float32 in [0, 1], how much each patch speaks for the class.
    """

    detection: Detection
    reconstructed: Reconstructed
    relevance: Array


@flax.struct.dataclass
class Recognized:
    """What the pipeline finds in B pictures.

    Attributes:
      probabilities: [B, classes] float32.
      scores: [B, g, g] float32, above 1 where a patch is covered.
      mask: [B, g, g] bool, where it is.
      images: [B, S, S, 3] float32 in [0, 1], without what covers the face.
      coarse: [B, S, S, 3], likewise, before refinement.
      relevance: [B, g, g] float32 in [0, 1], the class activation map by patches.
    """

    probabilities: Array
    scores: Array
    mask: Array
    images: Array
    coarse: Array
    relevance: Array


def see(pipeline: Pipeline, variables: Variables, images: Array) -> Seen:
    """Runs every stage but the recogniser.

    Args:
      pipeline: the modules; static under ``jit``.
      variables: of them.
      images: [B, H, W, 3] float RGB in [0, 1], cut out around faces; any H and W.

    Returns:
      What the recogniser is given.
    """
    images = resized(images, pipeline.image_size)
    detection = detect(pipeline.detector, variables, images)
    made = reconstruct(pipeline.refinement, variables, images, detection.mask)
    shown = resized(made.images, pipeline.expression_side)
    return Seen(detection, made, _relevance(pipeline, variables, shown))


def recognize(pipeline: Pipeline, variables: Variables, images: Array) -> Recognized:
    """Runs all stages.

    Args:
      pipeline: the modules, with a recogniser; static under ``jit``.
      variables: of them.
      images: [B, H, W, 3] float RGB in [0, 1], cut out around faces; any H and W.

    Returns:
      All that the stages found.

    Raises:
      ValueError: there is no recogniser.
    """
    if pipeline.recognizer is None:
        raise ValueError("pipeline: expected a recogniser, there is none")
    seen = see(pipeline, variables, images)
    made, grid = seen.reconstructed, (-1, pipeline.grid, pipeline.grid)
    shown = normalize(resized(made.images, pipeline.recognizer_side))
    latents = None
    if pipeline.selection != "none":
        latents = select_latents(
            made.tokens.astype(jnp.float32),
            seen.relevance,
            pipeline.selection,
            pipeline.relevant_share,
        )
    found = apply(pipeline.recognizer, variables["recognizer"], shown, latents)
    return Recognized(
        probabilities=jax.nn.softmax(found.logits),
        scores=seen.detection.scores.reshape(grid),
        mask=seen.detection.mask.reshape(grid),
        images=made.images,
        coarse=made.coarse,
        relevance=seen.relevance,
    )


def _relevance(pipeline: Pipeline, variables: Variables, images: Array) -> Array:
    """[B, g, g], mean over the heads of the class activation maps."""
    found = class_activation_maps(
        pipeline.expression,
        variables["expression"],
        normalize(images),
        method=pipeline.activation,
    )
    # A size that divides into patches, whatever the picture's.
    side = -(-images.shape[1] // pipeline.grid) * pipeline.grid
    return patch_relevance(shown_maps(found.maps, (side, side)), pipeline.grid)
