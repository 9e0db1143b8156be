import jax
import numpy as np
import pytest

from face_jax.latent_ofer import cam, token_selection
from tests.filled import fill
from tests.latent_ofer.small_networks import EXPRESSION, pictures


def normal(*shape):
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def test_the_published_list_is_a_window_over_the_middle_of_the_face():
    tokens = token_selection.PUBLISHED_TOKENS
    runs = [(46, 53), (60, 67), (74, 81), (88, 95), (102, 109), (116, 123)]
    runs += [(130, 137), (144, 151), (158, 165), (172, 177)]
    expected = [t for first, last in runs for t in range(first, last + 1)]
    assert tokens.tolist() == expected
    columns = (tokens - 1) % 14
    assert (columns.min(), columns.max()) == (3, 10)  # as far from the left and right


def test_relevance_is_the_mean_of_each_patch_over_heads():
    maps = normal(2, 3, 28, 28)
    found = token_selection.patch_relevance(maps)
    assert found.shape == (2, 14, 14)
    expected = maps[1, :, 6:8, 26:28].mean()
    np.testing.assert_allclose(found[1, 3, 13], expected, rtol=1e-5)


def test_maps_that_do_not_divide_into_patches_are_refused():
    with pytest.raises(
        ValueError, match=r"maps: expected .*by 14, got \[1, 2, 28, 30\]"
    ):
        token_selection.patch_relevance(normal(1, 2, 28, 30))


def test_the_most_relevant_are_taken_in_raster_order():
    relevance = np.array([[[0.1, 0.9], [0.4, 0.3]], [[7.0, 0.0], [0.0, 8.0]]])
    found = jax.jit(token_selection.relevant_tokens, static_argnums=1)(relevance, 2)
    np.testing.assert_array_equal(found, [[2, 3], [1, 4]])


def test_of_equally_relevant_patches_the_first_are_taken():
    found = token_selection.relevant_tokens(np.zeros((1, 14, 14), np.float32))
    np.testing.assert_array_equal(found, [np.arange(1, 99)])


@pytest.mark.parametrize("count", [0, 5])
def test_no_more_patches_than_there_are(count):
    with pytest.raises(ValueError, match=f"count: expected 1 to 4, got {count}"):
        token_selection.relevant_tokens(np.zeros((1, 2, 2), np.float32), count)


def test_each_picture_is_recognised_by_patches_of_its_own():
    images = pictures()
    variables = fill(EXPRESSION, images)
    select = jax.jit(token_selection.tokens_by_activation, static_argnums=(0, 3))
    found = np.asarray(select(EXPRESSION, variables, images, 50))
    maps = jax.jit(cam.class_activation_maps, static_argnums=0)(
        EXPRESSION, variables, images
    ).maps
    shown = np.asarray(cam.shown_maps(maps, (28, 28))).mean(axis=1)
    patches = shown.reshape(2, 14, 2, 14, 2).mean(axis=(2, 4)).reshape(2, -1)
    for tokens, relevance in zip(found, patches, strict=True):
        assert len(set(tokens)) == 50
        others = np.delete(relevance, tokens - 1)
        assert relevance[tokens - 1].min() >= others.max() - 1e-6
    assert (found[0] != found[1]).any()


def test_latents_are_gathered_by_one_list_or_each_its_own():
    latents = normal(2, 5, 3)
    one = token_selection.gather_tokens(latents, np.array([4, 1]))
    np.testing.assert_array_equal(one, latents[:, [4, 1]])
    each = token_selection.gather_tokens(latents, np.array([[1, 2], [0, 4]]))
    np.testing.assert_array_equal(each[0], latents[0, [1, 2]])
    np.testing.assert_array_equal(each[1], latents[1, [0, 4]])


def test_kept_latents_stay_where_their_patch_is():
    latents = normal(2, 5, 3)
    found = jax.jit(token_selection.keep_tokens)(latents, np.array([[1, 2], [4, 2]]))
    expected = latents[:, 1:].copy()
    expected[0, 2:], expected[1, [0, 2]] = 0, 0
    np.testing.assert_array_equal(found, expected)
    same = token_selection.keep_tokens(latents, np.array([2]))
    np.testing.assert_array_equal(same[:, 1], latents[:, 2])
    assert not np.asarray(same)[:, [0, 2, 3]].any()


def test_tokens_that_there_are_not_are_refused():
    with pytest.raises(ValueError, match="tokens: expected 0 to 4, got 1 to 5"):
        token_selection.gather_tokens(normal(2, 5, 3), np.array([5, 1]))
    with pytest.raises(ValueError, match=r"tokens: expected \[N\] or \[2, N\]"):
        token_selection.gather_tokens(normal(2, 5, 3), np.zeros((3, 2), int))
    with pytest.raises(ValueError, match=r"latents: expected \[B, L, D\]"):
        token_selection.keep_tokens(normal(2, 5), np.array([1]))


def test_another_grid_has_the_published_window():
    assert token_selection.static_tokens(14) is token_selection.PUBLISHED_TOKENS
    rows, columns = np.divmod(token_selection.static_tokens(8) - 1, 8)
    np.testing.assert_array_equal(rows, np.repeat([2, 3, 4, 5, 6], 4))
    np.testing.assert_array_equal(columns, np.tile([2, 3, 4, 5], 5))
    # Twice as fine, it covers the same part of the face.
    fine = np.zeros((28, 28), bool)
    fine.ravel()[token_selection.static_tokens(28) - 1] = True
    window = np.zeros((14, 14), bool)
    window[3:13, 3:11] = True
    np.testing.assert_array_equal(fine, window.repeat(2, 0).repeat(2, 1))
    assert token_selection.static_tokens(4).dtype == np.int32


def test_a_recogniser_sees_the_latents_of_its_selection():
    tokens, relevance = normal(2, 17, 3), normal(2, 4, 4)
    select = token_selection.select_latents
    np.testing.assert_array_equal(select(tokens, relevance, "all"), tokens[:, 1:])
    static = tokens[:, token_selection.static_tokens(4)]
    np.testing.assert_array_equal(select(tokens, relevance, "static"), static)
    found = np.asarray(select(tokens, relevance, "relevant", 0.3))
    ranks = np.argsort(np.argsort(-relevance.reshape(2, -1)))
    expected = np.where((ranks < 5)[..., None], tokens[:, 1:], 0)
    np.testing.assert_array_equal(found, expected)
    one = select(tokens, relevance, "relevant", 1e-3)
    assert np.count_nonzero(np.any(one != 0, axis=-1)) == 2
