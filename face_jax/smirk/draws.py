"""Every random choice of a training iteration, drawn in one place."""

import flax.struct
import jax

from face_jax.smirk.augment import AugmentationDraws, draw_augmentation
from face_jax.smirk.masking import MaskingDraws, draw_masking
from face_jax.smirk.templates import TemplateBank
from face_jax.types import Array


@flax.struct.dataclass
class FirstDraws:
    """Of the first path, for B pictures and n identity coefficients.

    Attributes:
      masking: which pixels the generator is shown.
      identity_noise: [B, n] standard normal, added to a teacher that knows the truth.
    """

    masking: MaskingDraws
    identity_noise: Array


@flax.struct.dataclass
class SecondDraws:
    """Of the second path, for R faces: all copies of the batch.

    Attributes:
      augmentation: the faces' other expressions.
      masking: which pixels the generator is shown.
    """

    augmentation: AugmentationDraws
    masking: MaskingDraws


def draw_first(
    key: Array,
    batch_size: int,
    num_shape: int,
    num_points: int,
    image_size: int,
    holes: float,
) -> FirstDraws:
    """Draws the choices of the first path.

    Args:
      key: of the update.
      batch_size: B.
      num_shape: n.
      num_points: points that lend pixels, see ``surface_sampling.num_points``.
      image_size: side of the pictures, pixels.
      holes: share of the pixels that are centres of holes.
    """
    of_masking, of_noise = jax.random.split(key)
    return FirstDraws(
        masking=draw_masking(of_masking, batch_size, num_points, image_size, holes),
        identity_noise=jax.random.normal(of_noise, (batch_size, num_shape)),
    )


def draw_second(
    key: Array,
    num_rows: int,
    num_expression: int,
    templates: TemplateBank,
    num_points: int,
    image_size: int,
    holes: float,
) -> SecondDraws:
    """Draws the choices of the second path.

    Args:
      key: of the update.
      num_rows: R.
      num_expression: expression coefficients of a face.
      templates: expressions to draw from.
      num_points: as for ``draw_first``.
      image_size: likewise.
      holes: likewise.
    """
    of_faces, of_masking = jax.random.split(key)
    return SecondDraws(
        augmentation=draw_augmentation(of_faces, num_rows, num_expression, templates),
        masking=draw_masking(of_masking, num_rows, num_points, image_size, holes),
    )
