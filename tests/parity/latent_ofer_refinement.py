"""One training step of Latent-OFER's refinement: judges, losses, gradients."""

import re
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from face_jax.convert.engine import Table, to_published, to_variables
from face_jax.latent_ofer import refinement_losses
from face_jax.latent_ofer.discriminators import FeatureDiscriminator, ImageDiscriminator
from face_jax.latent_ofer.expression import ExpressionNetwork
from face_jax.latent_ofer.generator_table import generator_table
from face_jax.latent_ofer.judges import Judges
from face_jax.latent_ofer.perception import Perceived, feature_network
from face_jax.latent_ofer.recognizer_table import IGNORED, expression_table
from tests.parity.fixture import Check, Fixture, Part
from tests.parity.latent_ofer_generator import build_generator, scene, tolerance
from tests.parity.smirk_networks import channels_first, shapes_of

DISCRIMINATORS = ("image_discriminator", "feature_discriminator")
PREFIXES = {
    "generator": "G.",
    "image_discriminator": "D.",
    "feature_discriminator": "F.",
    "vgg16": "vgg.",
}


def hybrid_train_step(fixture: Fixture) -> Iterator[Check]:
    """Losses and gradients of both updates, before either moves a weight."""
    network, given = build_generator(fixture), scene(fixture)
    judges = Judges(
        ImageDiscriminator(),
        FeatureDiscriminator(),
        ExpressionNetwork(order="channel_first"),
        compat="reference",
    )
    variables, table = published_variables(fixture, network, judges, given)
    labels = fixture.inputs["label"].astype(np.int32)

    (total, (terms, made)), gradients = generator_step(
        network, judges, variables, given, labels
    )
    judged, judged_gradients = discriminator_step(judges, variables, made, given[0])
    yield from compare_losses(fixture, total, terms, judged)
    yield from compare_judgements(fixture, judges, variables, made, given[0])
    named = {"generator": {"params": gradients}}
    named |= {name: {"params": leaf} for name, leaf in judged_gradients.items()}
    kept = {name: entry for name, entry in table.items() if entry.path[0] in named}
    yield from compare_gradients(fixture, to_published(named, kept))


def generator_step(
    network: Any, judges: Judges, variables: Any, given: Any, labels: Any
) -> Any:
    """((loss, (terms, pictures)), gradients) of the generator."""

    def loss(params: Any, variables: Any, given: Any) -> Any:
        refined = network.apply({"params": params}, *given)
        target, coarse, _ = given
        terms = refinement_losses.generator_terms(
            judges, variables, refined, coarse, target, labels
        )
        return refinement_losses.generator_loss(terms), (terms, refined.images)

    params = variables["generator"]["params"]
    step = jax.jit(jax.value_and_grad(loss, has_aux=True))
    return step(params, variables, given)


def discriminator_step(judges: Judges, variables: Any, made: Any, target: Any) -> Any:
    """The terms of both discriminators, and the gradients of their loss."""

    def loss(moving: Any, variables: Any, made: Any, target: Any) -> Any:
        trained = {name: {"params": params} for name, params in moving.items()}
        terms = refinement_losses.discriminator_terms(
            judges, {**variables, **trained}, made, target
        )
        return refinement_losses.discriminator_loss(terms), terms

    moving = {name: variables[name]["params"] for name in DISCRIMINATORS}
    step = jax.jit(jax.grad(loss, has_aux=True))
    gradients, terms = step(moving, variables, made, target)
    return terms, gradients


def published_variables(
    fixture: Fixture, network: Any, judges: Judges, given: Any
) -> tuple[dict[str, Any], Table]:
    """Variables of all networks from the file's weights, and the table for it."""
    images = given[0]
    features = Perceived(*jax.eval_shape(_features_of, images))
    shapes = {
        "generator": shapes_of(network, *given),
        "image_discriminator": shapes_of(judges.image, images),
        "feature_discriminator": shapes_of(judges.features, features.pooled),
        "vgg16": shapes_of(feature_network(), images),
        "expression": shapes_of(judges.expression, images),
    }
    table = expression_table(shapes["expression"], "expression", "FER.")
    for name, prefix in PREFIXES.items():
        table |= generator_table(shapes[name], name, prefix)
    return to_variables(fixture.state_dict, table, shapes, IGNORED), table


def _features_of(images: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Arrays of the shapes that VGG-16's features have."""
    batch, height, width, _ = images.shape
    sides = height // 8, width // 8
    return jnp.zeros((batch, *sides, 256)), jnp.zeros((batch, *sides, 512))


def compare_losses(fixture: Fixture, total, terms, judged) -> Iterator[Check]:
    """The terms under their published names, weighted as those were."""
    weights = refinement_losses.GENERATOR_WEIGHTS
    reconstruction = (
        weights[name] * terms[name] for name in ("reconstruction", "coarse")
    )
    named = {
        "G_GAN": terms["image_adversarial"] + terms["feature_adversarial"],
        "G_L1": sum(reconstruction),
        "G_SC": terms["semantic"],
        "G_C1": terms["assembled"],
        "G_C2": terms["decoded"],
        "loss_G": total,
        "D": judged["image"],
        "F": judged["features"],
        "loss_D_total": refinement_losses.discriminator_loss(judged),
    }
    for name, value in named.items():
        yield check(fixture, name, value)


def compare_judgements(fixture, judges, variables, made, target) -> Iterator[Check]:
    """What every judge says."""

    @jax.jit
    def judge(variables: Any, images: jax.Array) -> Any:
        return (
            judges.image_scores(variables, images),
            judges.perceive(variables, images),
            judges.expression_logits(variables, images),
        )

    scores, features, logits = judge(variables, made)
    real, perceived, _ = judge(variables, target)
    yield check(fixture, "D_fake", channels_first(scores))
    yield check(fixture, "D_real", channels_first(real))
    judged = judges.feature_scores(variables, features)
    yield sampled(fixture, "F_fake", channels_first(judged))
    yield sampled(fixture, "vgg_relu3_3", channels_first(perceived.pooled))
    yield sampled(fixture, "vgg_relu4_3", channels_first(perceived.deep))
    yield check(fixture, "FER_bn_logits", logits)
    yield check(fixture, "FER_sigmoid", jax.nn.sigmoid(logits))


def compare_gradients(fixture: Fixture, named) -> Iterator[Check]:
    """Norms of all gradients above rounding noise, and entries of two."""
    meta, stated = fixture.meta, fixture.meta["tol"]["gradnorm_values"]
    rtol, floor = numbers(r"rtol ([\d.e+-]+), only entries above ([\d.e+-]+)", stated)
    norms = fixture.outputs["gradnorm_values"]
    ours = np.array([np.linalg.norm(named[name]) for name in meta["gradnorm_names"]])
    kept = norms > floor
    yield Check("gradnorm_values", ours[kept], norms[kept], rtol * norms[kept])
    for which in ("first", "last"):
        name = f"grad_G_{which}"
        (share,) = numbers(r"atol ([\d.e+-]+)\*std", meta["tol"][f"{name}_val"])
        expected = fixture.outputs[f"{name}_val"]
        flat = named[meta[f"grad_{which}"]].reshape(-1)
        found = flat[fixture.outputs[f"{name}_idx"]]
        yield Check(f"{name}_val", found, expected, share * expected.std())


def check(fixture: Fixture, name: str, value: Any) -> Check:
    """An output of a forward pass, or a loss."""
    stated = fixture.meta["tol"]["forward and losses"]
    rtol, atol = re.fullmatch(r"rtol (\S+), atol (\S+)", stated).groups()
    expected = fixture.outputs[name]
    return Check(
        name, value, expected, tolerance({"rtol": rtol, "atol": atol}, expected)
    )


def sampled(fixture: Fixture, name: str, value: np.ndarray) -> Check:
    """The stored entries of a flattened output."""
    flat = value.reshape(-1)[fixture.outputs[f"{name}_idx"]]
    return check(fixture, f"{name}_val", flat)


def numbers(pattern: str, text: str) -> tuple[float, ...]:
    """Numbers in the wording of a tolerance."""
    found = re.match(pattern, text)
    if found is None:
        raise ValueError(f"cannot read the tolerance {text!r}")
    return tuple(map(float, found.groups()))


PARTS: dict[str, Part] = {"hybrid_train_step": hybrid_train_step}
