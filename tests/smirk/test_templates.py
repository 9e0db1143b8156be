import jax
import numpy as np
import pytest

from face_jax.smirk.templates import (
    action_bank,
    draw_frames,
    read_bank,
    read_templates,
    template_bank,
)

ENTRIES = 4


def sequences(*lengths, entries=ENTRIES):
    rng = np.random.default_rng(0)
    return [rng.normal(size=(length, entries)) for length in lengths]


@pytest.fixture
def folder(tmp_path):
    """Files as they are published: by subject and movement, a dictionary each."""

    def write(subject, movement, number, expression, **others):
        path = tmp_path / "famos" / subject / movement / f"{number:03d}.npy"
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, np.array({"expression": expression, **others}, object))
        return path

    write.root = tmp_path / "famos"
    return write


def test_sequences_follow_each_other_in_the_bank():
    given = sequences(3, 1, 5, entries=ENTRIES + 2)
    bank = template_bank(given, ENTRIES)
    np.testing.assert_array_equal(bank.lengths, [3, 1, 5])
    assert bank.frames.dtype == np.float32
    for start, sequence in zip(bank.starts, given, strict=True):
        found = bank.frames[start : start + len(sequence)]
        np.testing.assert_allclose(found, sequence[:, :ENTRIES], rtol=1e-6)
    assert len(bank.frames) == 9


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([], "sequences: expected at least one, got none"),
        (
            [np.zeros((2, 4)), np.zeros((2, 3))],
            r"number 1: expected \[T, 4 or more\] .* got \(2, 3\)",
        ),
        ([np.zeros((0, 4))], r"number 0: .* with T at least 1, got \(0, 4\)"),
        ([np.zeros(4)], r"number 0: .* got \(4,\)"),
    ],
)
def test_sequences_that_are_none_are_refused(given, message):
    with pytest.raises(ValueError, match=message):
        template_bank(given, ENTRIES)


def test_every_sequence_is_as_likely_as_any_other_however_long():
    bank = template_bank(sequences(1, 9, 2), ENTRIES)
    draw = jax.jit(draw_frames, static_argnums=1)
    rows = np.asarray(draw(jax.random.key(0), 6000, bank))
    shares = np.bincount(rows, minlength=12) / len(rows)
    expected = np.repeat([1 / 3, 1 / 27, 1 / 6], [1, 9, 2])
    # Four standard deviations of the largest share are 0.024.
    np.testing.assert_allclose(shares, expected, atol=0.024)
    assert (shares > 0).all()
    assert not np.array_equal(rows, draw(jax.random.key(1), 6000, bank))


def test_published_files_are_read_in_the_order_of_their_names(folder):
    rng = np.random.default_rng(1)
    frames = rng.normal(size=(2, 3, 6)).astype(np.float32)
    for number in (2, 0, 1):
        folder("s2", "anger", number, frames[0, number][None], jaw=np.zeros(3))
        folder("s1", "smile", number, frames[1, number].astype(np.float64))
    folder("s1", "bored", 7, frames[0, 0])
    found = read_templates(folder.root)
    expected = [frames[0, :1], frames[1], frames[0]]
    assert len(found) == 3
    for ours, theirs in zip(found, expected, strict=True):
        assert ours.dtype == np.float32
        np.testing.assert_array_equal(ours, theirs)
    assert template_bank(found, 5).frames.shape == (7, 5)


def test_folders_without_files_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"expected files <subject>/<movement>"):
        read_templates(tmp_path)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (np.zeros((2, 3)), r"expression: expected a vector of numbers, .* \(2, 3\)"),
        (np.array(["a", "b"]), "expression: expected a vector of numbers, got <U1"),
        (np.zeros(5), r"001.npy: expression: expected 6 numbers .* got 5"),
    ],
)
def test_frames_that_are_no_vectors_are_refused(folder, expression, message):
    folder("s", "m", 0, np.zeros(6))
    folder("s", "m", 1, expression)
    with pytest.raises(ValueError, match=message):
        read_templates(folder.root)


@pytest.mark.parametrize(
    ("contents", "message"),
    [
        (np.zeros(3), "an entry 'expression', got <class 'numpy.ndarray'>"),
        (np.array({"jaw": 1}, object), r"an entry 'expression', got \['jaw'\]"),
    ],
)
def test_files_without_an_expression_are_refused(folder, contents, message):
    path = folder("s", "m", 0, np.zeros(6))
    np.save(path, contents)
    with pytest.raises(ValueError, match=message):
        read_templates(folder.root)


def test_a_file_of_sequences_is_a_bank(tmp_path):
    rng = np.random.default_rng(0)
    sequences = {"smile": rng.normal(size=(3, 6)), "blink": rng.normal(size=(2, 5))}
    path = tmp_path / "templates.npz"
    np.savez(path, **sequences)
    bank = read_bank(path, 5)
    assert list(bank.lengths) == [3, 2] and list(bank.starts) == [0, 3]
    expected = np.concatenate([s[:, :5] for s in sequences.values()])
    np.testing.assert_allclose(bank.frames, expected, rtol=1e-6)
    with pytest.raises(FileNotFoundError, match=r"none\.npz"):
        read_bank(tmp_path / "none.npz", 5)


def test_the_two_sides_of_an_action_go_together():
    bank = action_bank(("jawOpen", "mouthSmile_L", "mouthSmile_R"))
    np.testing.assert_array_equal(bank.frames, [[1, 0, 0], [0, 1, 1]])
    assert list(bank.lengths) == [1, 1]
    with pytest.raises(ValueError, match="expected at least one"):
        action_bank(())
