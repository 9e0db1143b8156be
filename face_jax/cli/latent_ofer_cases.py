"""What of Latent-OFER is timed: all stages on pictures, and the parts that cost most."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from face_jax.bench.cases import Case
from face_jax.bench.random_variables import random_variables
from face_jax.cli.form_cases import both_forms
from face_jax.latent_ofer.deep_svdd import DeepSvdd
from face_jax.latent_ofer.detector import Detector, detect
from face_jax.latent_ofer.expression import ExpressionNetwork
from face_jax.latent_ofer.folding import fold_pipeline
from face_jax.latent_ofer.generator import ReconstructionGenerator
from face_jax.latent_ofer.mae import SIZES, MaskedAutoencoder
from face_jax.latent_ofer.model import Model, classify
from face_jax.latent_ofer.pipeline import Pipeline
from face_jax.latent_ofer.recognizer import Recognizer
from face_jax.latent_ofer.refinement import Problem, Refinement, refine
from face_jax.latent_ofer.self_assembly import self_assembly
from face_jax.latent_ofer.token_selection import static_tokens
from face_jax.types import Array, Variables

GROUP = "latent-ofer"
COVERED = 0.3
"""Share of the patches, and of the rows and columns of the hole, that are covered."""
SMALL_TRUNK: dict[str, Any] = {"depths": (1, 1), "width": 4, "num_heads": 2}


def latent_ofer_cases(
    batches: Sequence[int], small: bool, parts: Sequence[str]
) -> Iterator[Case]:
    """All stages, the generator, the recogniser, and self-assembly alone.

    Args:
      batches: numbers of pictures at a time.
      small: whether the networks are tiny.
      parts: which of ``bench_latent_ofer.PARTS``.
    """
    pipeline = small_pipeline() if small else published_pipeline()
    if "assembly" in parts:
        yield assembly_case(pipeline.refinement)
    if not set(parts) - {"assembly"}:
        return  # the other parts' weights take gigabytes
    models = random_models(pipeline)
    for batch in batches:
        for part, (name, function, given) in _parts(pipeline, batch).items():
            if part in parts:
                label = f"{name}, batch {batch}"
                yield from both_forms(
                    GROUP, label, function, models, *given, pictures=batch
                )


def _parts(
    pipeline: Pipeline, batch: int
) -> dict[str, tuple[str, Callable[..., Any], tuple[Any, ...]]]:
    """What each part is called, does, and is given besides a model."""
    random = np.random.default_rng(batch)
    shape = (batch, pipeline.image_size, pipeline.image_size, 3)
    images = jax.device_put(random.integers(0, 256, shape, np.uint8))
    problem = _problem(random, batch, pipeline.refinement.side)
    seen = _seen(random, batch, pipeline)
    return {
        "pipeline": ("detect, reconstruct, recognise", classify, (images,)),
        "generator": ("generator", run_generator, (problem,)),
        "recogniser": ("recogniser", run_recognizer, seen),
    }


def assembly_case(refinement: Refinement) -> Case:
    """Self-assembly at the size that it has in the generator."""
    side, channels = refinement.side // 8, 8 * refinement.generator.width
    random = np.random.default_rng(0)
    maps = random.standard_normal((2, 1, side, side, channels), np.float32)
    name = f"self-assembly, {channels} x {side} x {side}"
    return Case(name, self_assembly, (*maps, _hole((1, side, side))), GROUP)


def run_generator(model: Model, problem: Problem) -> Array:
    """Refined pictures."""
    return refine(model.pipeline.refinement, model.variables, problem).images


def run_recognizer(model: Model, images: Array, latents: Array) -> Array:
    """Logits of pictures and latents."""
    module: Any = model.pipeline.recognizer
    return module.apply(model.variables["recognizer"], images, latents).logits


def random_models(pipeline: Pipeline) -> tuple[Model, Model]:
    """A folded and a plain model that nobody has trained.

    Args:
      pipeline: the modules, not folded.
    """
    variables = _variables(pipeline)
    folded = fold_pipeline(pipeline, variables)
    made = [
        Model(jax.device_put(dict(arrays)), modules, "rafdb")
        for modules, arrays in (folded, (pipeline, variables))
    ]
    return made[0], made[1]


def published_pipeline() -> Pipeline:
    """The published networks, pictures of 224 pixels."""
    eyes = MaskedAutoencoder()
    return Pipeline(
        detector=Detector(eyes, DeepSvdd()),
        refinement=Refinement(eyes, ReconstructionGenerator()),
        expression=ExpressionNetwork(),
        recognizer=Recognizer(),
    )


def small_pipeline() -> Pipeline:
    """Networks that take seconds, pictures of 64 pixels."""
    narrow = {"width": 12, "depth": 1, "decoder_width": 8, "decoder_depth": 1}
    sizes: dict[str, Any] = {**SIZES["tiny"], **narrow}
    eyes = MaskedAutoencoder(**sizes)
    return Pipeline(
        detector=Detector(eyes, DeepSvdd((6, 4))),
        refinement=Refinement(eyes, ReconstructionGenerator(width=2, levels=4), 64),
        expression=ExpressionNetwork(**SMALL_TRUNK),
        expression_side=32,
        recognizer=Recognizer(latent_features=(8, 6, 5, 4), **SMALL_TRUNK),
        recognizer_side=32,
    )


def _variables(pipeline: Pipeline) -> dict[str, Any]:
    """Random ones; about ``COVERED`` of the patches lie outside of the sphere."""
    random = np.random.default_rng(0)
    detector, refinement = pipeline.detector, pipeline.refinement
    image = jnp.zeros((1, pipeline.image_size, pipeline.image_size, 3))
    patches = jnp.zeros((1, pipeline.grid**2), bool)
    shown, latents = _seen(random, 1, pipeline)
    problem = _problem(random, 1, refinement.side)
    networks: dict[str, tuple[Any, ...]] = {
        "autoencoder": (detector.autoencoder, image, patches),
        "embedding": (detector.embedding, jnp.zeros((1, detector.width))),
        "generator": (refinement.generator, problem.coarse, *problem),
        "expression": (pipeline.expression, shown),
        "recognizer": (pipeline.recognizer, shown, latents),
    }
    found = {name: random_variables(*given) for name, given in networks.items()}
    return {**found, "sphere": _sphere(detector, found, pipeline.image_size)}


def _sphere(detector: Detector, variables: Variables, side: int) -> dict[str, Any]:
    """A sphere around the origin of standardised latents."""
    constants = {
        "mean": np.zeros(detector.width, np.float32),
        "deviation": np.ones(detector.width, np.float32),
        "center": np.zeros(detector.embedding.features[-1], np.float32),
        "radius": np.float32(1),
    }
    known = {**variables, "sphere": {"constants": constants}}
    images = np.random.default_rng(0).uniform(size=(1, side, side, 3))
    run = jax.jit(lambda known, images: detect(detector, known, images).scores)
    scores = run(known, jnp.asarray(images, jnp.float32))
    radius = np.float32(np.quantile(scores, 1 - COVERED))
    return {"constants": {**constants, "radius": radius}}


def _seen(
    random: np.random.Generator, batch: int, pipeline: Pipeline
) -> tuple[np.ndarray, np.ndarray]:
    """What a recogniser is given: pictures and the latents of the published tokens."""
    side, width = pipeline.recognizer_side, pipeline.detector.autoencoder.decoder_width
    tokens = len(static_tokens(pipeline.grid))
    images = random.standard_normal((batch, side, side, 3), np.float32)
    return images, random.standard_normal((batch, tokens, width), np.float32)


def _problem(random: np.random.Generator, batch: int, side: int) -> Problem:
    """What the generator is given."""
    images = random.uniform(-1, 1, (batch, side, side, 3)).astype(np.float32)
    return Problem(jnp.asarray(images), _hole((batch, side, side)))


def _hole(shape: tuple[int, int, int]) -> Array:
    """A square in the middle of maps [B, H, W]; ``COVERED`` of their places."""
    inside = [
        np.abs(np.arange(length) + 0.5 - length / 2) < length * COVERED**0.5 / 2
        for length in shape[1:]
    ]
    return jnp.asarray(np.broadcast_to(np.logical_and.outer(*inside), shape))
