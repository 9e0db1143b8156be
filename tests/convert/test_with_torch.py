"""Golden weights through files that PyTorch wrote, and back into PyTorch.

  pip install torch && python -m pytest -m torch

The files have the published layout. What is converted from them must give the published
outputs, and what is written back must be, for PyTorch, what it had written.
"""

import collections
import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from face_jax.convert.kinds import convert_files, publish
from face_jax.convert.torch_writer import write_state
from face_jax.heads.flame import flame_from_arrays
from face_jax.heads.storage import save_head
from face_jax.published import published_kind
from tests.parity.fixture import Fixture
from tests.parity.runner import run_fixture
from tests.parity.synthetic_flame import TINY, make_synthetic_flame

pytestmark = pytest.mark.torch

FIXTURES = Path(__file__).parents[1] / "parity" / "fixtures"
State = Mapping[str, np.ndarray]


@dataclasses.dataclass(frozen=True)
class Case:
    """Golden weights and the files that they are published in.

    Attributes:
      fixture: its file.
      kind: of the files.
      layout: weights of the fixture to the content of files, by name.
      names: of the fixture, by entries and names in those files, joined by dots.
      changes: settings that differ from the published ones.
    """

    fixture: str
    kind: str
    layout: Callable[[State], dict[str, Any]]
    names: Callable[[str], str]
    changes: Mapping[str, Any] = dataclasses.field(default_factory=dict)


def below(state: State, start: str) -> dict[str, np.ndarray]:
    """Weights whose names begin so, without it."""
    return {n.removeprefix(start): a for n, a in state.items() if n.startswith(start)}


def fsrt(state: State) -> dict[str, Any]:
    networks = ("encoder", "decoder", "expression_encoder")
    optimizer = {"state": {}, "param_groups": [{"lr": 1e-4, "params": [0, 1]}]}
    return {
        "model.pt": {
            **{name: below(state, f"{name}.") for name in networks},
            "optimizer": optimizer,
            "it": 7,
        },
        "kp_detector.pt": below(state, "kp_detector."),
    }


def mica(state: State) -> dict[str, Any]:
    return {
        "mica.tar": {
            "epoch": 1,
            "arcface": below(state, "arcface."),
            "flameModel": {
                n: a for n, a in state.items() if n.startswith("regressor.")
            },
        }
    }


def refinement(state: State) -> dict[str, Any]:
    return {f"9_net_{network}.pth": below(state, f"{network}.") for network in "GDF"}


def alone(file: str, entry: str = "", start: str = "") -> Callable:
    """One network in one file, perhaps under an entry beside other things."""

    def layout(state: State) -> dict[str, Any]:
        network = below(state, start)
        return {file: {entry: network, "epoch": 3} if entry else network}

    return layout


def same(name: str) -> str:
    return name


RECOGNIZER_SMALL = {
    "network": {"latent_features": (96, 64, 48, 256)},
    "grid": 1,
    "token_width": 2048,
    "selection": "all",
}
"""One token with all the numbers of the latents that the fixture has."""

CASES = [
    Case(
        "fsrt/e2e",
        "fsrt",
        fsrt,
        lambda name: name.removeprefix("model."),
    ),
    Case("fsrt/vgg_perceptual", "vgg19", alone("vgg19.pth", start="vgg19."), same),
    Case("smirk/encoder", "smirk", alone("SMIRK_em1.pt"), lambda n: n[len("smirk.") :]),
    Case(
        "smirk/mica",
        "mica",
        mica,
        lambda n: n.removeprefix("mica.").removeprefix("flameModel."),
    ),
    Case(
        "smirk/vgg_perceptual",
        "vgg16",
        alone("vgg16.pth"),
        lambda n: n.removeprefix("vgg16."),
    ),
    Case(
        "latent_ofer/mae_base",
        "mae",
        alone("mae_visualize_vit_base.pth", "model"),
        lambda n: n.removeprefix("mae.model."),
    ),
    Case(
        "latent_ofer/mae_tiny",
        "mae",
        alone("mae.pth", "model"),
        lambda n: n.removeprefix("mae.model."),
        {"size": "tiny"},
    ),
    Case("latent_ofer/dan", "dan", alone("dan.pth"), lambda n: n[len("dan.") :]),
    Case(
        "latent_ofer/fer_recon",
        "expression",
        alone("fer.pth"),
        lambda n: n.removeprefix("expression."),
    ),
    Case(
        "latent_ofer/recognizer_small",
        "recognizer",
        alone("recognizer.pth"),
        lambda n: n.removeprefix("recognizer."),
        RECOGNIZER_SMALL,
    ),
    Case(
        "latent_ofer/hybrid_generator",
        "refinement",
        alone("9_net_G.pth"),
        lambda n: n.removeprefix("net_G."),
    ),
]


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


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.kind}-{case.fixture}")
def test_golden_weights_pass_through_files(case, head, tmp_path):
    torch = pytest.importorskip("torch")
    fixture = Fixture(FIXTURES / f"{case.fixture}.npz")
    state = fixture.state_dict
    paths = []
    for name, content in case.layout(state).items():
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
    unused = {name for name in state if name.partition(".")[2] in converted.ignored}
    assert set(state) - unused <= set(back)
    for name in set(state) & set(back):
        assert (back[name].shape, back[name].dtype) == (
            state[name].shape,
            state[name].dtype,
        )
        assert back[name].tobytes() == state[name].tobytes()

    again = Fixture(fixture.path)
    again.__dict__["state_dict"] = {name: back[name] for name in state}
    results = list(run_fixture(again))
    assert results and all(result.passed for result in results), "\n".join(
        str(result) for result in results if not result.passed
    )
