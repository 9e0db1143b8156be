"""Golden weights through files that PyTorch wrote, and back into PyTorch.

  pip install torch && python -m pytest -m torch

The files have the published layout. What is converted from them must give the published
outputs, and what is written back must be, for PyTorch, what it had written.
"""

import collections
import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from face_jax.convert.kinds import convert_files, publish
from face_jax.convert.torch_writer import write_state
from face_jax.heads.flame import flame_from_arrays
from face_jax.heads.storage import save_head
from face_jax.published import KINDS, published_kind
from tests.convert.published_cases import CASES
from tests.parity.fixture import Fixture
from tests.parity.runner import run_fixture
from tests.parity.synthetic_flame import TINY, make_synthetic_flame

pytestmark = pytest.mark.torch

FIXTURES = Path(__file__).parents[1] / "parity" / "fixtures"


def tensors(torch: Any, content: Any) -> Any:
    """Nested content with PyTorch's tensors, as ``torch.save`` is given it."""
    if isinstance(content, np.ndarray):
        return torch.from_numpy(np.ascontiguousarray(content))
    if not isinstance(content, dict):
        return content
    return collections.OrderedDict((k, tensors(torch, v)) for k, v in content.items())


def flat(content: Any, path: str = "") -> dict[str, np.ndarray]:
    """Arrays of what ``torch.load`` gave, by entries and names joined by dots."""
    found = {}
    for key, value in content.items():
        if hasattr(value, "numpy"):
            found[f"{path}{key}"] = value.numpy()
        elif isinstance(value, dict):
            found |= flat(value, f"{path}{key}.")
    return found


@pytest.fixture(scope="module")
def head(tmp_path_factory):
    """A head with as many coefficients as FLAME."""
    path = tmp_path_factory.mktemp("head") / "head.npz"
    assets = make_synthetic_flame(topology=TINY)
    face = np.zeros(len(assets["v_template"]), bool)
    face[assets["mask_face"]] = True
    found = flame_from_arrays(assets)
    save_head(path, dataclasses.replace(found, regions={"face": face}))
    return str(path)


def test_every_kind_has_a_case():
    assert {case.kind for case in CASES} == set(KINDS)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_golden_weights_pass_through_files(case, head, tmp_path):
    torch = pytest.importorskip("torch")
    fixtures = [Fixture(FIXTURES / f"{name}.npz") for name in case.fixtures]
    state = {n: a for fixture in fixtures for n, a in fixture.state_dict.items()}
    written, paths = case.layout(state), []
    for name, content in written.items():
        paths.append(tmp_path / name)
        torch.save(tensors(torch, content), paths[-1])
    changes = {"networks": {"head": head}} if case.kind == "smirk" else case.changes
    kind = published_kind(case.kind)
    converted = convert_files(kind, paths, changes)

    back = {}
    for name, content in publish(kind, converted.variables).items():
        write_state(tmp_path / f"back_{name}.pt", content)
        loaded = torch.load(tmp_path / f"back_{name}.pt", weights_only=True)
        back |= {case.names(f"{name}.{n}"): a for n, a in flat(loaded).items()}
    check_what_came_back(back, state, converted)
    for fixture in fixtures:
        again = Fixture(fixture.path)
        again.__dict__["state_dict"] = {
            n: back.get(n, state[n]) for n in fixture.state_dict
        }
        results = list(run_fixture(again))
        assert results and all(result.passed for result in results), "\n".join(
            str(result) for result in results if not result.passed
        )


def check_what_came_back(back, state, converted):
    """All that was converted is there, with the shapes, types and bits that it had."""
    assert len(set(state) & set(back)) >= len(converted.used)
    for name in set(state) & set(back):
        assert (back[name].shape, back[name].dtype) == (
            state[name].shape,
            state[name].dtype,
        )
        assert back[name].tobytes() == state[name].tobytes()
