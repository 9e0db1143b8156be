import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.geometry.head import HeadParameters
from face_jax.smirk.augment import (
    augment,
    draw_augmentation,
    group_sizes,
    tile_rows,
)
from face_jax.smirk.templates import template_bank

ROWS, ENTRIES = 7, 5
SPREAD = 0.5


def bank():
    rng = np.random.default_rng(1)
    return template_bank([rng.normal(size=(n, ENTRIES)) for n in (2, 4)], ENTRIES)


def parameters(rows=ROWS):
    rng = np.random.default_rng(2)

    def normal(entries):
        return jnp.asarray(rng.normal(size=(rows, entries)), jnp.float32)

    return HeadParameters(
        shape_params=normal(3),
        expression_params=2 * normal(ENTRIES),
        pose_params=normal(3),
        jaw_params=0.1 * normal(3),
        eyelid_params=jnp.asarray(rng.uniform(size=(rows, 2)), jnp.float32),
    )


_draw = jax.jit(draw_augmentation, static_argnums=(1, 2))


@functools.cache
def draws(seed=0, rows=ROWS):
    return _draw(jax.random.key(seed), rows, ENTRIES, bank())


def row_by_row(given, frames, chosen, spread):
    """Groups and formulas of the paper's code, one face after the other."""
    expression, jaw, eyelids = (
        np.asarray(value, np.float64)
        for value in (given.expression_params, given.jaw_params, given.eyelid_params)
    )
    chosen = {k: np.asarray(v) for k, v in dataclasses.asdict(chosen).items()}
    order, exchanged = chosen["order"], chosen["exchanged"]
    # floor(k R / 4) for R = 7: groups of 1, 2, 2 and 2 rows.
    found, moved, lids = np.zeros_like(expression), jaw.copy(), eyelids.copy()
    for row in range(ROWS):
        lids[row] = np.clip(eyelids[row] + 0.5 * (chosen["eyelids"][row] - 0.5), 0, 1)
        if chosen["jaw_moves"][row]:
            moved[row] += chosen["jaw"][row] * [0.2, 0.02, 0.02]
        moved[row, 0] = np.clip(moved[row, 0], 0, 0.5)
    for place, row in enumerate(order):
        if place < 1:
            scale = 1 + 2 * chosen["disturbed_scale"][0]
            step = spread * scale * chosen["disturbed"][0]
            changed = expression[row] + step * chosen["disturbed_entries"][0]
            found[row] = np.clip(changed, -4 * spread, 4 * spread)
        elif place < 3:
            other = order[1 + exchanged[place - 1]]
            strength = 0.25 + 1.25 * chosen["exchanged_scale"][place - 1]
            found[row] = strength * expression[other]
        elif place < 5:
            strength = 0.25 + 1.25 * chosen["template_scale"][place - 3]
            found[row] = strength * frames[chosen["template"][place - 3]]
        else:
            moved[row] = 0
            lids[row] = chosen["neutral_eyelids"][place - 5]
        noise = chosen["noise_scale"][place] * chosen["noise"][place]
        found[row] += 0.2 * spread * noise
    return found, moved, lids


@pytest.mark.parametrize("spread", [1.0, SPREAD])
def test_every_group_has_its_formula(spread):
    given, chosen = parameters(), draws()
    found = jax.jit(lambda *a: augment(*a, spread=spread))(given, bank(), chosen)
    frames = np.asarray(bank().frames, np.float64)
    expected = row_by_row(given, frames, chosen, spread)
    for name, value in zip(("expression", "jaw", "eyelid"), expected, strict=True):
        np.testing.assert_allclose(
            getattr(found, f"{name}_params"), value, atol=2e-6, err_msg=name
        )
    np.testing.assert_array_equal(found.pose_params, given.pose_params)
    np.testing.assert_array_equal(found.shape_params, given.shape_params)


def test_bounds_hold_for_all_groups():
    given = parameters(), bank(), draws()
    found = jax.jit(lambda *given: augment(*given, bounds=(0.0, 1.0)))(*given)
    free = jax.jit(augment)(*given)
    np.testing.assert_array_equal(
        found.expression_params, np.clip(free.expression_params, 0, 1)
    )
    assert (np.abs(free.expression_params) > 1).any()


def test_heads_without_jaw_and_eyelids_keep_none():
    given = parameters().replace(jaw_params=None, eyelid_params=None)
    found = jax.jit(augment)(given, bank(), draws())
    assert found.jaw_params is None and found.eyelid_params is None
    full = jax.jit(augment)(parameters(), bank(), draws())
    np.testing.assert_array_equal(found.expression_params, full.expression_params)


def test_nothing_has_a_gradient():
    def total(given):
        changed = augment(given, bank(), draws())
        return sum(jnp.sum(leaf) for leaf in jax.tree.leaves(changed))

    gradient = jax.jit(jax.grad(total))(parameters())
    assert not any(np.any(leaf) for leaf in jax.tree.leaves(gradient))


@pytest.mark.parametrize(
    ("rows", "sizes"), [(8, (2, 2, 2, 2)), (7, (1, 2, 2, 2)), (1, (0, 0, 0, 1))]
)
def test_groups_are_quarters(rows, sizes):
    assert group_sizes(rows) == sizes


def test_draws_are_what_they_say():
    many = draws(rows=2000)
    np.testing.assert_array_equal(np.sort(many.order), np.arange(2000))
    np.testing.assert_array_equal(np.sort(many.exchanged), np.arange(500))
    for name in ("noise_scale", "disturbed_scale", "neutral_eyelids", "eyelids"):
        value = np.asarray(getattr(many, name))
        assert 0 <= value.min() < 0.02 and 0.98 < value.max() < 1, name
        assert abs(value.mean() - 0.5) < 0.06, name
    for name in ("noise", "disturbed", "jaw"):
        value = np.asarray(getattr(many, name))
        assert abs(value.mean()) < 0.1 and abs(value.std() - 1) < 0.1, name
    for name in ("jaw_moves", "disturbed_entries"):
        value = np.asarray(getattr(many, name))
        assert set(np.unique(value)) == {0, 1} and abs(value.mean() - 0.5) < 0.06
    assert not np.array_equal(many.order, draws(seed=1, rows=2000).order)


def test_copies_follow_each_other():
    tree = {"a": np.arange(6).reshape(3, 2), "b": None}
    tiled = tile_rows(tree, 2)
    np.testing.assert_array_equal(tiled["a"][:, 0], [0, 2, 4, 0, 2, 4])
    assert tiled["b"] is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"expression_params": None},
            r"expression_params: expected \[R, E\], got None",
        ),
        (
            {"expression_params": np.zeros((ROWS, 4))},
            r"templates.frames: expected \[N, 4\], got \(6, 5\)",
        ),
        (
            {"expression_params": np.zeros((6, ENTRIES)), "jaw_params": None},
            r"eyelid_params: expected \[6, 2\], got \(7, 2\)",
        ),
        ({"jaw_params": np.zeros(3)}, r"jaw_params: expected \[7, 3\], got \(3,\)"),
    ],
)
def test_parameters_that_do_not_fit_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        augment(parameters().replace(**change), bank(), draws())


def test_draws_for_other_rows_are_refused():
    wrong = draws().replace(order=jnp.zeros(8, jnp.int32))
    with pytest.raises(ValueError, match=r"draws.order: expected \[7\], got \(8,\)"):
        augment(parameters(), bank(), wrong)
    wrong = draws().replace(template=jnp.zeros(3, jnp.int32))
    with pytest.raises(ValueError, match=r"draws.template: expected \[2\], got \(3,\)"):
        augment(parameters(), bank(), wrong)
