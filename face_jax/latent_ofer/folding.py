"""Latent-OFER's networks multiplied out for inference: the same but for rounding.

Batch norms become part of the layers before them. What has no activation between it
becomes one layer: the convolutions that judge places, and all that follows the
recogniser's attention and latents (arXiv 2307.11404, public code). Transposed
convolutions become plain ones, which multiply no zeros. Nothing here changes what is
given; checkpoints have the published layout always.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from face_jax.latent_ofer.attention_heads import BRANCHES, FOLDED_BRANCHES
from face_jax.latent_ofer.blocks import doubling_kernel, plain_kernel
from face_jax.latent_ofer.pipeline import Pipeline
from face_jax.nn.folding import fold_batch_norms, multiply_out
from face_jax.types import Params, Variables


def fold_pipeline(
    pipeline: Pipeline, variables: Variables
) -> tuple[Pipeline, dict[str, Any]]:
    """Modules and variables of all stages; the autoencoder's remain as they are.

    Args:
      pipeline: the modules, not folded.
      variables: of them.

    Returns:
      Modules with ``folded=True`` and their variables, numpy arrays.
    """
    refinement = pipeline.refinement
    changed = {
        "generator": fold_generator(variables["generator"]),
        "expression": fold_expression(variables["expression"]),
    }
    folded = dataclasses.replace(
        pipeline,
        refinement=dataclasses.replace(
            refinement, generator=refinement.generator.clone(folded=True)
        ),
        expression=pipeline.expression.clone(folded=True),
    )
    if pipeline.recognizer is not None:
        changed["recognizer"] = fold_recognizer(variables["recognizer"])
        recognizer = pipeline.recognizer.clone(folded=True)
        folded = dataclasses.replace(folded, recognizer=recognizer)
    return folded, {**variables, **changed}


def fold_expression(variables: Mapping[str, Any]) -> dict[str, Any]:
    """Variables of an ``ExpressionNetwork`` as those of a folded one."""
    params = fold_batch_norms(variables)["params"]
    branch = _fold_image_branch(params["image_branch"])
    return {"params": {**params, "image_branch": branch}}


def fold_recognizer(variables: Mapping[str, Any]) -> dict[str, Any]:
    """Variables of a ``Recognizer`` as those of a folded one."""
    last = sum(name.startswith("fusion_") for name in variables["params"]["fusion"]) - 2
    layers_of = {"fusion_norm": f"fusion_{last}"}
    params = fold_batch_norms(variables, layers=layers_of)["params"]
    fusion = params["fusion"]
    joined = multiply_out(
        [*_numbered(fusion, "fusion_"), fusion["classifier"]["dense"]]
    )
    layers = _numbered(params.get("latent_branch", {}), "dense_")
    ends = len(joined["kernel"]) - (layers[-1]["kernel"].shape[1] if layers else 0)
    folded = {
        "image_branch": _fold_image_branch(params["image_branch"]),
        "attention_logits": {"kernel": joined["kernel"][:ends], "bias": joined["bias"]},
    }
    if layers:
        last = {"kernel": joined["kernel"][ends:], "bias": joined["bias"]}
        latent = multiply_out([*layers, last])
        folded["attention_logits"]["bias"] = latent["bias"]
        folded["latent_logits"] = {"kernel": latent["kernel"]}
    return {"params": folded}


def fold_generator(variables: Mapping[str, Any]) -> dict[str, Any]:
    """Variables of a ``ReconstructionGenerator`` as those of a folded one."""
    return {"params": _fold_transposed(variables["params"])}


def _fold_transposed(params: Params, inside: str = "") -> dict[str, Any]:
    """Parameters of a module; ``inside`` is the name of the one that it is part of."""
    folded: dict[str, Any] = {}
    for name, inner in params.items():
        if not isinstance(inner, Mapping):
            folded[name] = np.asarray(inner)
            continue
        folded[name] = _fold_transposed(inner, name)
        kernel = folded[name].get("kernel")
        if name == "double":
            folded[name]["kernel"] = doubling_kernel(kernel)
        elif name == "up_0" or (name == "conv" and inside.startswith("up_")):
            folded[name]["kernel"] = plain_kernel(kernel)
    return folded


def _fold_image_branch(params: Params) -> dict[str, Any]:
    """Of an ``ImageBranch`` without norms: the convolutions that are added, as one."""
    folded = dict(params)
    for name, head in params.items():
        if name.startswith("head_"):
            folded[name] = {**head, "spatial": _join_branches(head["spatial"])}
    return folded


def _join_branches(spatial: Params) -> dict[str, Any]:
    """Of a ``SpatialAttention`` without norms."""
    ((name, sides),) = FOLDED_BRANCHES.items()
    kernel = bias = np.zeros((), np.float32)
    for branch, (height, width) in BRANCHES.items():
        rows, columns = (sides[0] - height) // 2, (sides[1] - width) // 2
        around = ((rows, rows), (columns, columns), (0, 0), (0, 0))
        kernel = kernel + np.pad(spatial[branch]["kernel"], around)
        bias = bias + spatial[branch]["bias"]
    rest = {key: layer for key, layer in spatial.items() if key not in BRANCHES}
    return {**rest, name: {"kernel": kernel, "bias": bias}}


def _numbered(params: Params, name: str) -> list[Any]:
    """Layers whose names end in numbers, in their order."""
    count = sum(key.startswith(name) for key in params)
    return [params[f"{name}{index}"] for index in range(count)]
