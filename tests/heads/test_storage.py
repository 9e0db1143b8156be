import dataclasses
import json
import zipfile

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.heads.library import head as named_head
from face_jax.heads.storage import TEXTS, load_head, save_head
from tests.heads.tiny_head import bare_head, full_head


def assert_equal(found, expected):
    assert jax.tree.structure(found) == jax.tree.structure(expected)
    for one, other in zip(
        jax.tree.leaves(found), jax.tree.leaves(expected), strict=True
    ):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("make", [full_head, bare_head])
def test_heads_come_back_exactly(tmp_path, make):
    path = tmp_path / "new" / "head.npz"
    save_head(path, make())
    assert_equal(load_head(path), make())
    assert_equal(named_head(path), make())
    assert [file.name for file in path.parent.iterdir()] == ["head.npz"]


def test_compact_bases_are_within_half_a_step(tmp_path):
    head = full_head()
    save_head(tmp_path / "head.npz", head, compact=True)
    found = load_head(tmp_path / "head.npz")
    for field in ("identity_basis", "expression_basis"):
        basis = np.asarray(getattr(head, field), np.float64)
        error = np.abs(np.asarray(getattr(found, field), np.float64) - basis)
        # Half a step, and float32's own rounding of the product.
        most = np.abs(basis).max((0, 1)) * (1 / 65534 + 2**-24)
        assert (error.max((0, 1)) <= most).all()
        assert np.load(tmp_path / "head.npz")[field].dtype == np.int16
    bases = {"identity_basis": None, "expression_basis": None}
    assert_equal(
        dataclasses.replace(found, **bases), dataclasses.replace(head, **bases)
    )


def test_nothing_is_written_for_a_head_that_does_not_fit(tmp_path):
    head = full_head()
    wrong = [
        ({"faces": head.faces + 1}, "tiny: faces: expected numbers from 0 to 3, got 1"),
        ({"faces": head.faces[:, :2]}, r"faces: expected \[4, 3\], got \[4, 2\]"),
        ({"template": head.template * jnp.nan}, "template: holds values that are not"),
        ({"uvs": head.uvs[:3]}, "faces_uv: expected numbers from 0 to 2, got 1 to 4"),
        ({"material_names": ("skin",)}, "face_materials: expected numbers from 0 to 0"),
        ({"identity_names": ("a",)}, r"identity_basis: expected \[4, 3, 1\]"),
        ({"regions": {"face": head.regions["face"][:2]}}, "region face: expected"),
    ]
    for change, message in wrong:
        with pytest.raises(ValueError, match=message):
            save_head(tmp_path / "head.npz", dataclasses.replace(head, **change))
    with pytest.raises(ValueError, match=r"expected a name ending in \.npz"):
        save_head(tmp_path / "head.npy", head)
    assert not list(tmp_path.iterdir())


@pytest.fixture
def stored(tmp_path):
    save_head(tmp_path / "head.npz", full_head())
    return tmp_path / "head.npz"


def test_damaged_files_are_told(stored):
    whole = stored.read_bytes()
    for damaged in (whole[: len(whole) // 2], b"", b"PK\x03\x04 not really"):
        stored.write_bytes(damaged)
        with pytest.raises(ValueError, match=r"head\.npz: not a readable \.npz file"):
            load_head(stored)


def rewrite(path, **changes):
    contents = dict(np.load(path))
    for name, value in changes.items():
        if value is None:
            del contents[name]
        else:
            contents[name] = value
    np.savez(path, **contents)


def test_foreign_and_later_files_are_told(stored):
    texts = json.loads(str(np.load(stored)["head"]))
    rewrite(stored, head=np.array(json.dumps({**texts, "version": 2})))
    with pytest.raises(ValueError, match="head model of format 2"):
        load_head(stored)
    rewrite(stored, head=None)
    with pytest.raises(ValueError, match="not a head model; `face-jax prepare head`"):
        load_head(stored)


def test_missing_and_misfit_entries_are_told(stored):
    rewrite(stored, uvs=np.zeros((2, 2), np.float32))
    with pytest.raises(ValueError, match="faces_uv: expected numbers from 0 to 1"):
        load_head(stored)
    rewrite(stored, template=None)
    with pytest.raises(ValueError, match="damaged head model"):
        load_head(stored)


def test_every_static_field_is_stored():
    head = full_head()
    static = {
        field.name
        for field in dataclasses.fields(head)
        if not field.metadata.get("pytree_node", True)
    }
    assert static == set(TEXTS)


@pytest.mark.parametrize("version", [None, "1", [1]])
def test_versions_that_are_no_numbers_are_told(stored, version):
    texts = json.loads(str(np.load(stored)["head"]))
    rewrite(stored, head=np.array(json.dumps({**texts, "version": version})))
    with pytest.raises(ValueError, match=r"head\.npz: not a head model"):
        load_head(stored)


def test_files_of_one_array_are_told(tmp_path):
    path = tmp_path / "head.npy"
    np.save(path, np.zeros(3))
    with pytest.raises(ValueError, match=r"head\.npy: .* \(it is no zip archive\)"):
        load_head(path)


def test_sizes_beyond_all_memory_are_told(tmp_path):
    header = {"descr": "<f8", "fortran_order": False, "shape": (10**15,)}
    with (
        zipfile.ZipFile(tmp_path / "head.npz", "w") as archive,
        archive.open("template.npy", "w") as file,
    ):
        np.lib.format.write_array_header_1_0(file, header)
    with pytest.raises(ValueError, match=r"head\.npz: not a readable \.npz file"):
        load_head(tmp_path / "head.npz")


def test_objects_are_refused(tmp_path):
    path = tmp_path / "head.npz"
    np.savez(path, head=np.array({"format": "face_jax head"}, dtype=object))
    assert zipfile.is_zipfile(path)
    with pytest.raises(ValueError, match="not a readable"):
        load_head(path)


def test_absent_heads_are_told(tmp_path):
    with pytest.raises(FileNotFoundError, match="no such head model"):
        load_head(tmp_path / "absent.npz")
    with pytest.raises(FileNotFoundError, match="expected 'procedural' or a file"):
        named_head("absent")
