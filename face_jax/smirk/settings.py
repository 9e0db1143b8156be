"""What a run of SMIRK's training is set to. Source: SMIRK, arXiv 2404.04104."""

import dataclasses
import logging
from collections.abc import Collection, Mapping
from typing import Any, get_args

from face_jax.smirk import objectives, paths
from face_jax.smirk import teachers as teaching
from face_jax.smirk.emotion import Distance
from face_jax.smirk.encoder import ENCODERS, JOINT_HEAD
from face_jax.smirk.identity_metric import IdentityMetric
from face_jax.smirk.landmark_fit import FitPriors
from face_jax.smirk.masking import EROSION, HOLE_RADIUS
from face_jax.smirk.networks import BASE
from face_jax.smirk.perceptual import SIDE

log = logging.getLogger("face_jax")

SCHEDULE: Mapping[str, Any] = {
    "name": "warmup_cosine",
    "peak": 1e-3,
    "warmup_steps": 0,
    "decay_steps": 78_100,
    "end": 1e-5,
}
"""The published rates of the generator, in one fall instead of one for each epoch."""

_TERMS = (
    *("contour", "landmarks", "expression", "jaw", "shape", "identity"),
    *("reconstruction", "perceptual", "emotion"),
    *("fitted_expression", "fitted_shape", "points", "heatmaps"),
)
"""Names of the terms that a stage may weigh."""


@dataclasses.dataclass(frozen=True)
class SmirkSettings:
    """The block ``task`` of a config; defaults are those of the published main stage.

    Attributes:
      networks: keywords of ``build_networks``.
      compat: see ``paths.Compat``.
      pretraining_steps: steps of pretraining at the beginning; None: all of them, and
        there is no generator.
      trained_encoders: encoders that the main stage trains, ``joint_head`` among them
        where there is one; pretraining trains all. With none of them the generator
        learns alone.
      encoder_optimizer: name and keywords of the encoders' optimizer.
      generator_optimizer: of the generator's.
      schedule: learning rate of the generator by global step.
      encoder_rate: the encoders' rate over the generator's.
      joint_rate: the joint head's rate over the encoders'. What it sees still changes
        while they learn, and what it adds would shake them.
      pretraining_weights: of the terms of pretraining.
      weights: of the terms of the first path.
      cycle_weight: of the second path; 0 for none.
      cycle_weights: of its terms. The published ones suit heads whose coefficients of
        expression and of identity vary alike; where the former vary less, the generator
        learns to show who is seen, but hardly what a face does.
      cycle_copies: other expressions of each face in the second path.
      cycle_clip_norm: largest gradient of the generator there, or None.
      mask_ratio: points that lend pixels over pixels of a picture.
      mask_radius: pixels by which the hidden part reaches beyond a face's outline; the
        published 10 belong to pictures of 224.
      hole_radius: pixels by which holes in what is shown of a face reach beyond their
        centres; the published 5 belong to pictures of 224. Smaller holes are as many
        more, see ``masking.hole_share``.
      expression_spread: see ``augment``.
      expression_bounds: likewise.
      templates: see ``templates.read_bank``; None takes the head's actions one by one
        if it names them.
      perceptual_squeezed: see ``perceptual_features``.
      perceptual_side: side of the pictures that VGG-16 sees, pixels.
      emotion_distance: see ``emotion.feature_distance``.
      identity_teacher: who knows the identity.
      identity_metric: how distances from what that teacher says are measured.
      identity_noise: standard deviation of what is added to the truth.
      fit_priors: keywords of ``FitPriors``, for the terms ``fitted_expression`` and
        ``fitted_shape``: squared distances from what a fit to the landmarks finds.
      start_from: see ``pretrained.load_start``; None starts from random weights.
      regularize_towards_start: keep parameters near those that the encoders of
        ``start_from`` see, instead of near zero.
      backbone_weights: see ``pretrained.load_backbones``.
      vgg16_weights: file of torchvision's VGG-16, or ``"random"``; None switches the
        term off, as for the next two, and says so.
      emotion_weights: file of EMOCA's ResNet-50.
      mica_weights: file of MICA.
    Raises:
      ValueError: a value is not one of those that are known, or needs another one.
    """

    networks: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    compat: paths.Compat = "fixed"
    pretraining_steps: int | None = 0
    trained_encoders: tuple[str, ...] = ("expression_encoder",)
    encoder_optimizer: Mapping[str, Any] = dataclasses.field(
        default_factory=lambda: {"name": "adam", "b1": 0.9, "b2": 0.999, "eps": 1e-8}
    )
    generator_optimizer: Mapping[str, Any] = dataclasses.field(
        default_factory=lambda: {"name": "adam", "b1": 0.5, "b2": 0.999, "eps": 1e-8}
    )
    schedule: Mapping[str, Any] = dataclasses.field(
        default_factory=lambda: dict(SCHEDULE)
    )
    encoder_rate: float = 0.25
    joint_rate: float = 0.25
    pretraining_weights: Mapping[str, float] = dataclasses.field(
        default_factory=lambda: dict(objectives.PRETRAINING_WEIGHTS)
    )
    weights: Mapping[str, float] = dataclasses.field(
        default_factory=lambda: dict(objectives.TRAINING_WEIGHTS)
    )
    cycle_weight: float = 1.0
    cycle_weights: Mapping[str, float] = dataclasses.field(
        default_factory=lambda: dict(objectives.CYCLE_WEIGHTS)
    )
    cycle_copies: int = 1
    cycle_clip_norm: float | None = 0.1
    mask_ratio: float = 0.01
    mask_radius: int = EROSION
    hole_radius: int = HOLE_RADIUS
    expression_spread: float = 1.0
    expression_bounds: tuple[float, float] | None = None
    templates: str | None = None
    perceptual_squeezed: bool = True
    perceptual_side: int = SIDE
    emotion_distance: Distance = "l2"
    identity_teacher: teaching.IdentityTeacher = "mica"
    identity_metric: IdentityMetric = "coefficients"
    identity_noise: float = 0.0
    fit_priors: Mapping[str, float] = dataclasses.field(default_factory=dict)
    start_from: str | None = None
    regularize_towards_start: bool = False
    backbone_weights: Mapping[str, str] = dataclasses.field(default_factory=dict)
    vgg16_weights: str | None = None
    emotion_weights: str | None = None
    mica_weights: str | None = None

    def __post_init__(self) -> None:
        """Refuses what cannot be trained, and says which terms are off."""
        _check_choice("compat", self.compat, get_args(paths.Compat))
        teachers = get_args(teaching.IdentityTeacher)
        _check_choice("identity_teacher", self.identity_teacher, teachers)
        _check_choice("identity_metric", self.identity_metric, get_args(IdentityMetric))
        for name in self.trained_encoders:
            _check_choice("trained_encoders", name, (*ENCODERS, JOINT_HEAD))
        for term in {**self.pretraining_weights, **self.weights}:
            _check_choice("weights", term, _TERMS)
        for term in self.cycle_weights:
            _check_choice("cycle_weights", term, objectives.CYCLE_WEIGHTS)
        try:
            _ = FitPriors(**self.fit_priors)
        except TypeError as error:
            raise ValueError(f"task.fit_priors: {error}") from error
        _check_least("cycle_copies", self.cycle_copies, 1)
        for name in ("mask_radius", "hole_radius", "identity_noise", "mask_ratio"):
            _check_least(name, getattr(self, name), 0)
        if self.regularize_towards_start and self.start_from is None:
            raise ValueError(
                "task.regularize_towards_start: needs task.start_from, got None"
            )
        absent = {t: n for t, n in self.term_files.items() if n is None}
        if absent:
            files = (
                f"{t} (task.{teaching.NETWORK_OF_TERM[t]}_weights is not set)"
                for t in absent
            )
            log.warning("training without the terms: %s", ", ".join(files))

    @property
    def has_pretraining(self) -> bool:
        """Whether any step of the run is pretraining."""
        return self.pretraining_steps != 0

    @property
    def has_generator(self) -> bool:
        """Whether any step of the run is of the main stage."""
        return self.pretraining_steps is not None

    @property
    def base_encoders(self) -> tuple[str, ...]:
        """Frozen encoders whose estimates others shall stay near."""
        if not self.regularize_towards_start:
            return ()
        joint = (JOINT_HEAD,) if self.networks.get("joint_head") else ()
        names = ("shape_encoder", "expression_encoder", *joint)
        return tuple(f"{BASE}{name}" for name in names)

    @property
    def teacher_files(self) -> dict[str, str]:
        """Networks that only losses need, with their files."""
        found = self.term_files.items()
        return {
            teaching.NETWORK_OF_TERM[term]: file
            for term, file in found
            if file is not None
        }

    @property
    def term_files(self) -> dict[str, str | None]:
        """Terms that need a frozen network, and its file."""
        files = {
            "vgg16": self.vgg16_weights,
            "emotion": self.emotion_weights,
            "mica": self.mica_weights,
        }
        return teaching.needed_files(self.stages, files, self.identity_teacher)

    @property
    def stages(self) -> list[Mapping[str, float]]:
        """Weights of the terms of every stage of the run."""
        stages = [self.pretraining_weights] if self.has_pretraining else []
        return stages + ([self.weights] if self.has_generator else [])


def _check_choice(name: str, value: str, known: Collection[str]) -> None:
    if value not in known:
        raise ValueError(f"task.{name}: expected some of {tuple(known)}, got {value!r}")


def _check_least(name: str, value: float, least: int) -> None:
    if not value >= least:
        raise ValueError(f"task.{name}: expected at least {least}, got {value}")
