"""Products in full float32.

Accelerators round the factors of matrix products to fewer digits by default, which
moves the vertices of a head by a tenth of a millimetre and more.
"""

import functools

import jax
import jax.numpy as jnp

einsum = functools.partial(jnp.einsum, precision=jax.lax.Precision.HIGHEST)
matmul = functools.partial(jnp.matmul, precision=jax.lax.Precision.HIGHEST)
