"""Golden weights in the layouts in which the published files have them."""

import dataclasses
import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from face_jax.metrics.published import INCEPTION_FILE

State = Mapping[str, np.ndarray]
Names = Callable[[str], str]


@dataclasses.dataclass(frozen=True)
class Case:
    """Golden weights and the files that they are published in.

    Attributes:
      kind: of the files.
      fixtures: golden files whose weights are in them.
      layout: weights by their names in the golden files to the content of files, by name.
      names: of the golden files, by entries and names in what is written back, joined by
        dots.
      changes: settings that differ from the published ones.
      variant: what tells the case from others of the same kind.
    """

    kind: str
    fixtures: tuple[str, ...]
    layout: Callable[[State], dict[str, Any]]
    names: Names
    changes: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    variant: str = "published"

    def __str__(self) -> str:
        return f"{self.kind}-{self.variant}"


def below(state: State, start: str) -> dict[str, np.ndarray]:
    """Weights whose names begin so, without it."""
    return {n.removeprefix(start): a for n, a in state.items() if n.startswith(start)}


def after(start: str) -> Names:
    """Leaves out the beginning of names."""
    return lambda name: name.removeprefix(start)


def instead(start: str, other: str) -> Names:
    """Begins names otherwise."""
    return lambda name: other + name.removeprefix(start)


def alone(file: str, entry: str = "", start: str = "") -> Callable:
    """One network in one file, perhaps under an entry beside other things."""

    def layout(state: State) -> dict[str, Any]:
        network = below(state, start)
        return {file: {entry: network, "epoch": 3} if entry else network}

    return layout


FSRT_NETWORKS = ("encoder", "decoder", "expression_encoder")
FIRST_ORDER = {
    "generator": {"first.conv.weight": np.ones((4, 3, 7, 7), np.float32)},
    "discriminator": {"discs.1.conv.weight": np.ones((1, 8, 1, 1), np.float32)},
}
"""Networks of the first-order motion model that FSRT has no use for."""


def fsrt_release(state: State) -> dict[str, Any]:
    """Three networks without anything else, and their detector."""
    return {
        "model.pt": {name: below(state, f"{name}.") for name in FSRT_NETWORKS},
        "kp_detector.pt": below(state, "kp_detector."),
    }


def fsrt_checkpoint(state: State) -> dict[str, Any]:
    """A checkpoint of training on several devices, and its detector's ancestor."""
    optimizer = {"state": {}, "param_groups": [{"lr": 1e-4, "params": [0, 1]}]}
    networks = {
        name: {f"module.{n}": a for n, a in below(state, f"{name}.").items()}
        for name in (*FSRT_NETWORKS, "discriminator")
    }
    detector = {"kp_detector": below(state, "kp_detector."), **FIRST_ORDER}
    return {
        "model_300000.pt": {**networks, "optimizer": optimizer, "it": 300000},
        "vox-cpk.pth.tar": {**detector, "epoch": 99, "optimizer_generator": optimizer},
    }


def mica(state: State) -> dict[str, Any]:
    """An archive with the two halves of the network apart."""
    regressor = {n: a for n, a in state.items() if n.startswith("regressor.")}
    return {
        "mica.tar": {
            "epoch": 1,
            "arcface": below(state, "arcface."),
            "flameModel": regressor,
        }
    }


def lpips(backbone: str, layers: str) -> Callable:
    """A classifier's file, and that of the learned layers."""

    def layout(state: State) -> dict[str, Any]:
        features = {n: a for n, a in state.items() if n.startswith("features.")}
        classifier = {"classifier.6.bias": np.ones(1000, np.float32)}
        learned = {n: a for n, a in state.items() if n.startswith("lin")}
        return {f"{backbone}.pth": features | classifier, f"{layers}.pth": learned}

    return layout


def of_lpips(name: str) -> str:
    """Names without that of the file."""
    return name.partition(".")[2]


def inception(state: State) -> dict[str, Any]:
    """A classifier's file."""
    classifier = {
        "fc.weight": np.ones((1008, 2048), np.float32),
        "fc.bias": np.ones(1008, np.float32),
    }
    return {f"{INCEPTION_FILE}.pth": {**state, **classifier}}


def refinement(state: State) -> dict[str, Any]:
    """A file for each network of them that there is."""
    networks = {network: below(state, f"{network}.") for network in "GDF"}
    return {f"9_net_{name}.pth": found for name, found in networks.items() if found}


TRUNK = {"0": "conv1", "1": "bn1", "4": "layer1", "5": "layer2", "6": "layer3"}
"""Parts of a ResNet by their places in DAN's sequence of layers."""


def ms_celeb(state: State) -> dict[str, Any]:
    """DAN's trunk as the network that it was taken from, with a classifier."""
    parts = {**TRUNK, "7": "layer4"}
    trunk = {}
    for name, array in below(state, "features.").items():
        place, _, rest = name.partition(".")
        trunk[f"{parts[place]}.{rest}"] = array
    classifier = {"fc.weight": np.ones((5, 512), np.float32)}
    return {"resnet18_msceleb.pth": {"state_dict": trunk | classifier, "epoch": 3}}


def of_trunk(name: str) -> str:
    """The reverse of ``ms_celeb``, for one name."""
    part, _, rest = name.removeprefix("ms_celeb.state_dict.").partition(".")
    places = {part: place for place, part in {**TRUNK, "7": "layer4"}.items()}
    return f"features.{places[part]}.{rest}"


def of_refinement(name: str) -> str:
    """``net_G.model...`` is ``G.model...`` beside other networks."""
    return re.sub(r"^net_", "", name)


def of_mica(name: str) -> str:
    return name.removeprefix("mica.").removeprefix("flameModel.")


RECOGNIZER_SMALL = {
    "network": {"latent_features": (96, 64, 48, 256)},
    "grid": 1,
    "token_width": 2048,
    "selection": "all",
}
"""One token with all the numbers of the latents that the golden file has."""

BACKBONE = "smirk_encoder.{}_encoder.encoder."
SMALL_DECODER = ("encoder_1src", "decoder_small", "expression_encoder", "kp_detector")

CASES = [
    Case("fsrt", ("fsrt/e2e",), fsrt_release, after("model.")),
    Case(
        "fsrt",
        ("fsrt/e2e", "fsrt/discriminator"),
        fsrt_checkpoint,
        after("model."),
        variant="checkpoint",
    ),
    Case(
        "fsrt",
        tuple(f"fsrt/{name}" for name in SMALL_DECODER),
        fsrt_release,
        after("model."),
        variant="small-decoder",
    ),
    Case(
        "vgg19",
        ("fsrt/vgg_perceptual",),
        alone("vgg19.pth", start="vgg19."),
        str,
    ),
    Case(
        "smirk",
        ("smirk/encoder", "smirk/generator"),
        alone("SMIRK_em1.pt"),
        after("smirk."),
    ),
    Case(
        "smirk", ("smirk/encoder",), alone("a.pt"), after("smirk."), variant="encoders"
    ),
    Case("mica", ("smirk/mica",), mica, of_mica),
    Case(
        "emotion",
        ("smirk/emotion_resnet50",),
        alone("ResNet50.ckpt", "state_dict"),
        after("emotion.state_dict."),
    ),
    Case("vgg16", ("smirk/vgg_perceptual",), alone("vgg16.pth"), after("vgg16.")),
    Case("lpips_alex", ("metrics/lpips_alex",), lpips("alexnet", "alex"), of_lpips),
    Case(
        "inception",
        ("metrics/inception",),
        inception,
        after(f"{INCEPTION_FILE}."),
    ),
    Case("lpips_vgg16", ("metrics/lpips_vgg16",), lpips("vgg16", "vgg"), of_lpips),
    Case(
        "mobilenet_v3_small",
        ("smirk/mobilenetv3_small",),
        alone("small.pth", start=BACKBONE.format("pose")),
        instead("mobilenet_v3_small.", BACKBONE.format("pose")),
    ),
    Case(
        "mobilenet_v3_large",
        ("smirk/mobilenetv3_large",),
        alone("large.pth", start=BACKBONE.format("shape")),
        instead("mobilenet_v3_large.", BACKBONE.format("shape")),
    ),
    Case(
        "mae",
        ("latent_ofer/mae_base",),
        alone("mae_visualize_vit_base.pth", "model"),
        after("mae.model."),
    ),
    Case(
        "mae",
        ("latent_ofer/mae_tiny",),
        alone("mae.pth", "model"),
        after("mae.model."),
        {"size": "tiny"},
        "tiny",
    ),
    Case("dan", ("latent_ofer/dan",), alone("dan.pth"), after("dan.")),
    Case(
        "expression",
        ("latent_ofer/fer_recon",),
        alone("fer.pth"),
        after("expression."),
    ),
    Case(
        "recognizer",
        ("latent_ofer/recognizer_full",),
        alone("recognizer.pth"),
        after("recognizer."),
    ),
    Case(
        "recognizer",
        ("latent_ofer/recognizer_small",),
        alone("recognizer.pth"),
        after("recognizer."),
        RECOGNIZER_SMALL,
        "small",
    ),
    Case(
        "refinement",
        ("latent_ofer/hybrid_generator",),
        alone("9_net_G.pth"),
        after("net_G."),
        variant="generator",
    ),
    Case(
        "refinement",
        ("latent_ofer/hybrid_train_step",),
        refinement,
        of_refinement,
    ),
    Case("ms_celeb", ("latent_ofer/dan",), ms_celeb, of_trunk),
]
