"""Other expressions for the faces of a batch, whose truth is then known.

Rows are divided at random into four groups: expressions that are disturbed, exchanged,
replaced by templates, or taken away. Jaw and eyelids change in all of them. Nothing here
has a gradient. Source: SMIRK, arXiv 2404.04104, and its public code.
"""

import dataclasses
import itertools

import flax.struct
import jax
import jax.numpy as jnp
from jax import lax

from face_jax.geometry.head import HeadParameters
from face_jax.nn.checks import check_shape
from face_jax.smirk.templates import TemplateBank, draw_frames
from face_jax.types import Array, PyTree

GROUPS = 4
LIMIT = 4.0
"""Of disturbed expressions, standard deviations."""
NOISE = 0.2
"""Largest standard deviation of the noise on every expression."""
JAW = (0.2, 0.02, 0.02)
"""Standard deviations of the change of the jaw, radians about x, y and z."""
JAW_OPEN = 0.5
"""Radians, widest opening of an augmented jaw."""
EYELID = 0.25
"""Largest change of an eyelid."""


@flax.struct.dataclass
class AugmentationDraws:
    """Every random choice for R rows of E expression parameters.

    ``group_sizes`` gives the sizes n0 to n3 of the groups. Uniform draws are in [0, 1),
    normal ones standard.

    Attributes:
      order: int32 [R], the rows in the order of their groups.
      noise: [R, E] normal, in the order of the groups.
      noise_scale: [R] uniform, in the order of the groups.
      disturbed: [n0, E] normal.
      disturbed_scale: [n0] uniform.
      disturbed_entries: [n0, E] 0 or 1, which entries change.
      exchanged: int32 [n1], a permutation of the group.
      exchanged_scale: [n1] uniform.
      template: int32 [n2], rows of ``TemplateBank.frames``.
      template_scale: [n2] uniform.
      neutral_eyelids: [n3, 2] uniform.
      jaw: [R, 3] normal, in the order of the batch.
      jaw_moves: [R] 0 or 1, in the order of the batch.
      eyelids: [R, 2] uniform, in the order of the batch.
    """

    order: Array
    noise: Array
    noise_scale: Array
    disturbed: Array
    disturbed_scale: Array
    disturbed_entries: Array
    exchanged: Array
    exchanged_scale: Array
    template: Array
    template_scale: Array
    neutral_eyelids: Array
    jaw: Array
    jaw_moves: Array
    eyelids: Array


def group_sizes(num_rows: int) -> tuple[int, ...]:
    """Rows of each of the four groups: quarters of R, rounded down at their ends."""
    ends = [group * num_rows // GROUPS for group in range(GROUPS + 1)]
    return tuple(end - start for start, end in itertools.pairwise(ends))


def draw_augmentation(
    key: Array, num_rows: int, num_expression: int, templates: TemplateBank
) -> AugmentationDraws:
    """Draws the choices.

    Args:
      key: random key.
      num_rows: R, expressions of all copies of the batch.
      num_expression: E.
      templates: a sequence is drawn, then one of its frames.

    Returns:
      The draws.
    """
    keys = iter(jax.random.split(key, 14))
    disturbed, exchanged, replaced, neutral = group_sizes(num_rows)

    def uniform(*shape: int) -> Array:
        return jax.random.uniform(next(keys), shape)

    def normal(*shape: int) -> Array:
        return jax.random.normal(next(keys), shape)

    def coins(*shape: int) -> Array:
        return jax.random.bernoulli(next(keys), 0.5, shape).astype(jnp.float32)

    return AugmentationDraws(
        order=jax.random.permutation(next(keys), num_rows),
        noise=normal(num_rows, num_expression),
        noise_scale=uniform(num_rows),
        disturbed=normal(disturbed, num_expression),
        disturbed_scale=uniform(disturbed),
        disturbed_entries=coins(disturbed, num_expression),
        exchanged=jax.random.permutation(next(keys), exchanged),
        exchanged_scale=uniform(exchanged),
        template=draw_frames(next(keys), replaced, templates),
        template_scale=uniform(replaced),
        neutral_eyelids=uniform(neutral, 2),
        jaw=normal(num_rows, 3),
        jaw_moves=coins(num_rows),
        eyelids=uniform(num_rows, 2),
    )


def augment(
    parameters: HeadParameters,
    templates: TemplateBank,
    draws: AugmentationDraws,
    *,
    spread: float = 1.0,
    bounds: tuple[float, float] | None = None,
) -> HeadParameters:
    """Gives faces other expressions.

    Args:
      parameters: of R faces, see ``tile_rows``; ``expression_params`` [R, E], and
        ``jaw_params`` [R, 3] and ``eyelid_params`` [R, 2] if the head has them.
      templates: of the same head.
      draws: the random choices.
      spread: standard deviation of the head's expression parameters: 1 for FLAME's.
      bounds: least and largest expression parameter of heads that have some, such as
        (0, 1) for facial actions.

    Returns:
      The parameters with other expression, jaw and eyelids; all else is as it was.

    Raises:
      ValueError: there are no expression parameters, or shapes do not fit together.
    """
    given = lax.stop_gradient(parameters)
    expression = _checked_expression(given, templates, draws)[draws.order]
    expression = _augment_expression(expression, templates, draws, spread)
    if bounds is not None:
        expression = jnp.clip(expression, *bounds)
    return dataclasses.replace(
        given,
        expression_params=jnp.zeros_like(expression).at[draws.order].set(expression),
        jaw_params=_augment_jaw(given.jaw_params, draws),
        eyelid_params=_augment_eyelids(given.eyelid_params, draws),
    )


def tile_rows(tree: PyTree, copies: int) -> PyTree:
    """All arrays [B, ...] of a tree ``copies`` times, one after the other: [R, ...].

    Cameras and pictures need it as well as parameters.
    """
    return jax.tree.map(lambda array: jnp.concatenate([array] * copies), tree)


def _checked_expression(
    parameters: HeadParameters, templates: TemplateBank, draws: AugmentationDraws
) -> Array:
    """The expressions; refuses templates and draws for other parameters."""
    expression = parameters.expression_params
    if expression is None:
        raise ValueError("expression_params: expected [R, E], got None")
    check_shape("expression_params", expression, ("R", "E"))
    rows, entries = expression.shape
    check_shape("templates.frames", templates.frames, ("N", entries))
    for name, width in (("jaw_params", 3), ("eyelid_params", 2)):
        value = getattr(parameters, name)
        if value is not None:
            check_shape(name, value, (rows, width))
    expected = jax.eval_shape(
        lambda: draw_augmentation(jax.random.key(0), rows, entries, templates)
    )
    for field in dataclasses.fields(draws):
        shape = getattr(expected, field.name).shape
        check_shape(f"draws.{field.name}", getattr(draws, field.name), shape)
    return expression


def _augment_expression(
    expression: Array, templates: TemplateBank, draws: AugmentationDraws, spread: float
) -> Array:
    """Expressions [R, E] in the order of their groups."""
    sizes = group_sizes(len(expression))
    disturbed, exchanged = expression[: sizes[0]], expression[sizes[0] :][: sizes[1]]
    change = draws.disturbed * (1 + 2 * draws.disturbed_scale)[:, None]
    disturbed = disturbed + spread * change * draws.disturbed_entries
    exchanged = exchanged[draws.exchanged]
    chosen = jnp.asarray(templates.frames)[draws.template]
    parts = [
        jnp.clip(disturbed, -LIMIT * spread, LIMIT * spread),
        _strength(draws.exchanged_scale) * exchanged,
        _strength(draws.template_scale) * chosen,
        jnp.zeros((sizes[3], expression.shape[1])),
    ]
    noise = NOISE * spread * draws.noise_scale[:, None] * draws.noise
    return jnp.concatenate(parts) + noise


def _strength(uniforms: Array) -> Array:
    """Factors [n, 1] from a quarter to one and a half."""
    return (0.25 + 1.25 * uniforms)[:, None]


def _augment_jaw(jaw: Array | None, draws: AugmentationDraws) -> Array | None:
    """Jaws [R, 3]; closed where the expression is taken away."""
    if jaw is None:
        return None
    jaw = jaw + draws.jaw * draws.jaw_moves[:, None] * jnp.array(JAW)
    jaw = jaw.at[:, 0].set(jnp.clip(jaw[:, 0], 0, JAW_OPEN))
    return jaw.at[_neutral(draws)].set(0.0)


def _augment_eyelids(eyelids: Array | None, draws: AugmentationDraws) -> Array | None:
    """Eyelids [R, 2] in [0, 1]; any where the expression is taken away."""
    if eyelids is None:
        return None
    eyelids = jnp.clip(eyelids + EYELID * (2 * draws.eyelids - 1), 0, 1)
    return eyelids.at[_neutral(draws)].set(draws.neutral_eyelids)


def _neutral(draws: AugmentationDraws) -> Array:
    """Rows of the last group."""
    return draws.order[len(draws.order) - len(draws.neutral_eyelids) :]
