"""The identity directions: how heads of people differ from the mean head."""

import numpy as np

from face_jax.heads.procedural.assembly import Assembly
from face_jax.heads.procedural.traits import TRAITS

_BOUND = ("left_brow", "right_brow", "left_lashes", "right_lashes")
_BALLS = ("left_eyeball", "right_eyeball")


def identity_directions(head: Assembly) -> dict[str, np.ndarray]:
    """Displacements [V, 3] in mm per standard deviation of every trait, in order.

    Traits are smooth fields of space. Brows and lashes go with the skin, and eyeballs
    stay round: they move with their centres and are scaled as a whole.
    """
    directions = {}
    for name, terms in TRAITS.items():
        moved = np.sum([term(head.vertices) for term in terms], axis=0)
        _bind_hairs(head, moved)
        _keep_balls_round(head, moved)
        directions[name] = moved
    return directions


def _bind_hairs(head: Assembly, moved: np.ndarray) -> None:
    for part in _BOUND:
        span = head.ranges[part]
        rows, weights = head.follow_rows[span], head.follow_weights[span]
        moved[span] = np.einsum("vk,vkc->vc", weights, moved[rows])


def _keep_balls_round(head: Assembly, moved: np.ndarray) -> None:
    for part in _BALLS:
        ball = head.ranges[part]
        offset = head.vertices[ball] - head.vertices[ball].mean(0)
        scale = (moved[ball] * offset).sum() / (offset**2).sum()
        moved[ball] = moved[ball].mean(0) + scale * offset
