"""A head of four vertices with everything that a head can have."""

import jax
import jax.numpy as jnp
import numpy as np

from face_jax.geometry.head import HeadModel, LandmarkEmbedding


def full_head() -> HeadModel:
    """A tetrahedron with joints, eyelids, UVs, materials, landmarks and regions."""
    rng = np.random.default_rng(0)

    def normal(*shape):
        return jnp.asarray(rng.normal(size=shape), jnp.float32)

    faces = jnp.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [2, 0, 3]], jnp.int32)
    return HeadModel(
        template=normal(4, 3),
        faces=faces,
        identity_basis=normal(4, 3, 3),
        expression_basis=normal(4, 3, 2) * jnp.array([1e-3, 0.0]),
        eyelid_basis=normal(4, 3, 2),
        joint_regressor=jnp.full((2, 4), 0.25),
        pose_correctives=normal(9, 12),
        skinning_weights=jax.nn.softmax(normal(4, 2)),
        landmarks={
            "static_51": embedding((5,)),
            "contour_79": embedding((79, 17)),
        },
        regions={"face": jnp.array([True, False, True, True])},
        uvs=jnp.asarray(rng.uniform(size=(5, 2)), jnp.float32),
        faces_uv=faces + 1,
        face_materials=jnp.array([0, 1, 1, 0], jnp.int32),
        name="tiny",
        identity_names=("wide", "long", "deep"),
        expression_names=("jawOpen", "nothing"),
        joint_names=("root", "jaw"),
        joint_parents=(-1, 0),
        material_names=("skin", "sclera"),
        licence="Anyone may use it: © São Paulo.",
    )


def embedding(shape) -> LandmarkEmbedding:
    rng = np.random.default_rng(1)
    bary = rng.dirichlet(np.ones(3), shape).astype(np.float32)
    return LandmarkEmbedding(
        faces=jnp.asarray(rng.integers(0, 4, shape), jnp.int32), bary=jnp.asarray(bary)
    )


def bare_head() -> HeadModel:
    """The least that a head must have."""
    head = full_head()
    return HeadModel(
        template=head.template,
        faces=head.faces,
        identity_basis=head.identity_basis,
        expression_basis=jnp.zeros((4, 3, 0)),
    )
