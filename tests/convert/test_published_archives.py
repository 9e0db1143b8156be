"""Archives of every kind of published files that PyTorch wrote (``write_archives.py``)."""

import lzma
import shutil

import numpy as np
import pytest

from face_jax.convert.kinds import convert_files, publish
from face_jax.published import KINDS, published_kind
from tests.convert.archive_contents import PUBLISHED, numbers_of
from tests.small_published import small_settings
from tests.smirk.small_task import write_head


@pytest.fixture(scope="module")
def head(tmp_path_factory):
    return write_head(tmp_path_factory.mktemp("head"))


def weights_in(content, path=""):
    """Arrays of nested dictionaries, by entries and names joined by dots."""
    found = {}
    for name, value in content.items():
        inner = f"{path}{name}"
        found |= (
            weights_in(value, f"{inner}.")
            if isinstance(value, dict)
            else {inner: value}
        )
    return found


def unpacked(name, folder):
    """The archives of a kind as PyTorch wrote them."""
    paths = []
    for packed in sorted(PUBLISHED.glob(f"{name}.*.xz")):
        paths.append(folder / packed.stem)
        with lzma.open(packed) as source, paths[-1].open("wb") as target:
            shutil.copyfileobj(source, target)
    return paths


@pytest.mark.parametrize("name", KINDS)
def test_what_pytorch_wrote_converts_and_goes_back(name, head, tmp_path):
    paths = unpacked(name, tmp_path)
    kind = published_kind(name)
    converted = convert_files(kind, paths, small_settings(name, head))
    back = publish(kind, converted.variables)
    assert {f"{name}.{file}.pt" for file in back} == {path.name for path in paths}
    constants = {".".join(kind.place(published)[1:]) for published in kind.constants}
    compared = 0
    for content in back.values():
        for published, array in weights_in(content).items():
            if array.dtype == np.float32 and published not in constants:
                expected = numbers_of(published, array.shape)
                np.testing.assert_array_equal(array, expected, err_msg=published)
                compared += 1
    assert compared == len(converted.used) > 0
