"""Counted operations, against what products and convolutions are known to cost."""

import jax
import jax.numpy as jnp
from jax import lax

from face_jax.train.flops import count_flops


def flops(function, *shapes):
    arguments = [jax.ShapeDtypeStruct(shape, jnp.float32) for shape in shapes]
    return count_flops(jax.jit(function).trace(*arguments).jaxpr)


def loss(x, w):
    return jnp.sum(jnp.tanh(x @ w))


def test_products():
    assert flops(jnp.matmul, (3, 5), (5, 7)) == 2 * 3 * 5 * 7
    assert flops(jnp.matmul, (4, 3, 5), (4, 5, 7)) == 4 * 2 * 3 * 5 * 7
    assert flops(lambda x: x + jnp.sin(x), (3, 5)) == 0


def test_gradients_cost_a_product_for_each_side():
    both = jax.grad(loss, argnums=(0, 1))
    assert flops(both, (3, 5), (5, 7)) == 3 * 2 * 3 * 5 * 7
    again = jax.grad(jax.checkpoint(loss), argnums=(0, 1))
    assert flops(again, (3, 5), (5, 7)) == 4 * 2 * 3 * 5 * 7


def conv(x, w, stride=1, **options):
    layout = ("NHWC", "HWIO", "NHWC")
    return lax.conv_general_dilated(
        x, w, (stride, stride), "SAME", dimension_numbers=layout, **options
    )


def halved(x, w):
    return conv(x, w, stride=2)


def test_convolutions():
    assert flops(conv, (2, 8, 8, 3), (3, 3, 3, 5)) == 2 * (2 * 8 * 8 * 5) * (3 * 3 * 3)
    grouped = flops(
        lambda x, w: conv(x, w, feature_group_count=4), (2, 8, 8, 4), (3, 3, 1, 4)
    )
    assert grouped == 2 * (2 * 8 * 8 * 4) * 9
    forward = flops(halved, (2, 8, 8, 3), (3, 3, 3, 5))
    assert forward == 2 * (2 * 4 * 4 * 5) * 27
    # A stride's gradient puts zeros between pixels, which nobody multiplies.
    pull = jax.grad(lambda x, w: jnp.sum(halved(x, w) ** 2))
    assert flops(pull, (2, 8, 8, 3), (3, 3, 3, 5)) == 2 * forward


def test_loops_and_branches():
    def repeated(x, w):
        return lax.scan(lambda carry, _: (carry @ w, None), x, length=6)[0]

    def chosen(x, w):
        return lax.cond(x[0, 0] > 0, lambda: x @ w @ w, lambda: x @ w)

    assert flops(repeated, (3, 5), (5, 5)) == 6 * 2 * 3 * 5 * 5
    assert flops(chosen, (3, 5), (5, 5)) == 2 * 2 * 3 * 5 * 5


def test_what_lies_in_other_functions_counts_once():
    inner = jax.jit(jnp.matmul)

    @jax.custom_vjp
    def wrapped(x, w):
        return inner(x, w)

    wrapped.defvjp(lambda x, w: (wrapped(x, w), None), lambda _, g: (g, g))
    assert flops(wrapped, (3, 5), (5, 7)) == 2 * 3 * 5 * 7
