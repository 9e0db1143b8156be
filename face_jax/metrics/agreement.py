"""How well series of numbers agree with the true ones."""

import jax.numpy as jnp

from face_jax.types import Array


def concordance(prediction: Array, target: Array) -> Array:
    """Lin's concordance correlation coefficient over the first axis.

    2 cov(x, y) / (var x + var y + (mean x - mean y)^2), with the moments of the N rows
    themselves. Unlike Pearson's, it also falls when the predictions are shifted, or
    spread more or less than the truth.

    Args:
      prediction: [N, ...] float.
      target: [N, ...] in the same unit.

    Returns:
      [...] in [-1, 1]: 1 for equal series, 0 for a constant prediction. NaN where both
      are the same constant.
    """
    shift = target.mean(axis=0)
    x, y = prediction - shift, target - shift
    x_mean, y_mean = x.mean(axis=0), y.mean(axis=0)
    covariance = jnp.mean((x - x_mean) * (y - y_mean), axis=0)
    spread = x.var(axis=0) + y.var(axis=0) + (x_mean - y_mean) ** 2
    return 2 * covariance / spread


def correlation(prediction: Array, target: Array) -> Array:
    """Pearson's correlation coefficient over the first axis.

    Args:
      prediction: [N, ...] float.
      target: [N, ...], in any unit.

    Returns:
      [...] in [-1, 1]; NaN where either is constant.
    """
    x, y = (values - values.mean(axis=0) for values in (prediction, target))
    # A mean of equal numbers may be off by rounding; what is left is no spread.
    varied = [jnp.ptp(values, axis=0) > 0 for values in (prediction, target)]
    spread = jnp.sqrt(jnp.mean(x * x, axis=0) * jnp.mean(y * y, axis=0))
    found = jnp.mean(x * y, axis=0) / spread
    return jnp.where(varied[0] & varied[1], jnp.clip(found, -1, 1), jnp.nan)


def root_mean_squared_error(prediction: Array, target: Array) -> Array:
    """Root of the mean squared difference over the first axis.

    Args:
      prediction: [N, ...] float.
      target: [N, ...] in the same unit.

    Returns:
      [...] in that unit.
    """
    return jnp.sqrt(jnp.mean(jnp.square(prediction - target), axis=0))
