"""Training SMIRK: pretraining, then two paths for every batch, as one Task.

Pretraining fits the encoders to landmarks and to the identity that a teacher sees. After
it every iteration has two updates: the first path makes the photograph again, the second
one with another expression, which trains the generator in even steps and the encoders in
odd ones. Source: SMIRK, arXiv 2404.04104, and its public code.
"""

import dataclasses
import functools
import logging
from collections.abc import Collection, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from face_jax.losses.weighting import weighted_sum
from face_jax.smirk import draws as drawing
from face_jax.smirk import objectives, paths, pretrained, reporting
from face_jax.smirk import teachers as teaching
from face_jax.smirk.encoder import JOINT_HEAD, POINTS, EncodedFace
from face_jax.smirk.exchange import exchange
from face_jax.smirk.identity_metric import vertex_metric
from face_jax.smirk.landmark_fit import FitPriors, fit_landmarks
from face_jax.smirk.masking import (
    HOLES_FIRST_PATH,
    HOLES_SECOND_PATH,
    hole_share,
)
from face_jax.smirk.networks import (
    ENCODERS,
    Networks,
    build_networks,
    estimate,
    modules,
)
from face_jax.smirk.point_terms import (
    TAUGHT_POINTS,
    check_points,
    point_terms,
    split_points,
)
from face_jax.smirk.projection import ProjectedFace, project_face
from face_jax.smirk.settings import SmirkSettings
from face_jax.smirk.surface_sampling import num_points
from face_jax.smirk.templates import (
    TemplateBank,
    action_bank,
    read_bank,
    template_bank,
)
from face_jax.train import optim
from face_jax.train.task import Aux, Phase, Task, Update
from face_jax.types import Array, Batch, Variables

log = logging.getLogger("face_jax")

FITTED = {"fitted_expression", "fitted_shape"}
"""Terms that learn from a fit to the landmarks."""

GENERATOR_TURN, ENCODER_TURN = "cycle_generator", "cycle_encoder"
"""Phases of even and of odd steps, named after whom the second path trains."""


@dataclasses.dataclass(frozen=True)
class SmirkTask(SmirkSettings, Task):
    """SMIRK's training, as it is set."""

    @functools.cached_property
    def modules(self) -> Networks:
        """The networks and the head, built once."""
        return build_networks(**self.networks)

    @functools.cached_property
    def template_bank(self) -> TemplateBank:
        """Expressions that the second path takes from elsewhere; numpy's arrays."""
        return self._templates()

    @functools.cached_property
    def vertex_metric(self) -> np.ndarray | None:
        """What identities are compared by, see ``identity_metric``; None: coefficients."""
        if self.identity_metric == "coefficients":
            return None
        assets = self.modules.assets
        count = self.modules.encoders.shape_encoder.num_shape
        return vertex_metric(assets.head, assets.face.vertices, count)

    def init(self, key: Array, batch: Batch) -> Variables:
        """Random variables of every network that the run needs.

        Raises:
          ValueError: the batch is not one that this task can use.
        """
        self._check_batch(batch)
        names = (
            *self.modules.encoders.names,
            *(("generator",) if self.has_generator else ()),
            *self.teachers(),
        )
        table = modules(self.modules)
        keys = jax.random.split(key, len(names))
        return {
            name: table[name][0].init(own, *table[name][1])
            for name, own in zip(names, keys, strict=True)
        }

    def begins_with(self) -> tuple[str, ...]:
        """The run, or the published weights, whose networks this one begins with."""
        return () if self.start_from is None else (self.start_from,)

    def check(self) -> None:
        """Also refuses to teach points, or train a joint head, that are not there.

        Raises:
          ValueError: it is so, or what the config names does not fit.
          FileNotFoundError: it does not exist.
        """
        super().check()
        known = self.modules.encoders.names
        if self.has_generator and not set(self.trained_encoders) <= set(known):
            raise ValueError(
                f"task.trained_encoders: expected some of {known} as long as "
                f"task.networks.joint_head is not True, got {self.trained_encoders}"
            )
        if any(self._teaches_points(stage) for stage in self.stages):
            encoders = self.modules.encoders
            check_points({name: getattr(encoders, name).points for name in ENCODERS})

    def pretrained(self) -> Mapping[str, Mapping[str, Any]]:
        """Variables from the files that the config names.

        Raises:
          FileNotFoundError: a file does not exist.
          ValueError: it does not fit, or MICA is to teach a head that is not FLAME's.
        """
        nets, files = self.modules, self.teacher_files
        if "mica" in files and nets.assets.head.identity_names:
            raise ValueError(
                "task.mica_weights: MICA knows FLAME's identities, not those of head "
                f"{nets.assets.head.name!r}; set it to None or identity_teacher='truth'"
            )
        loaded = pretrained.load_teachers(nets, files)
        loaded |= pretrained.load_backbones(nets, self.backbone_weights, ENCODERS)
        if self.start_from is not None:
            generator = ("generator",) if self.has_generator else ()
            wanted = (*nets.encoders.names, *generator, *self.base_encoders)
            loaded |= pretrained.load_start(nets, self.start_from, wanted)
        return loaded

    def teachers(self) -> tuple[str, ...]:
        """Networks that only losses need."""
        return (*self.teacher_files, *self.base_encoders)

    def optimizers(self):
        """One optimizer for each network that moves; statistics can move as well."""
        follow = self.has_pretraining or self.compat == "reference"
        names = self.modules.encoders.names if follow else self.trained_encoders
        found = {name: optim.optimizer(self.encoder_optimizer) for name in names}
        if self.has_generator:
            found["generator"] = optim.optimizer(self.generator_optimizer)
        return found

    def learning_rates(self, step: Array) -> Mapping[str, Array]:
        """The generator's rate, and a share of it for the encoders."""
        rate = jnp.float32(optim.schedule(self.schedule)(step))
        shares = dict.fromkeys(ENCODERS, self.encoder_rate) | {"generator": 1.0}
        shares[JOINT_HEAD] = self.joint_rate * self.encoder_rate
        return {name: shares[name] * rate for name in self.optimizers()}

    def phase(self, step: int) -> Phase:
        """Pretraining, then turns of generator and encoders by the step's parity.

        Where no encoder is trained every turn is the generator's.
        """
        if self.pretraining_steps is None or step < self.pretraining_steps:
            return Phase(step="pretraining")
        if not self.cycle_weight:
            return Phase(step="reconstruction")
        of_encoders = step % 2 and self.trained_encoders
        return Phase(step=ENCODER_TURN if of_encoders else GENERATOR_TURN)

    def updates(self, phase: Phase) -> tuple[Update, ...]:
        """One update of pretraining; else the first path, and a turn of the second."""
        if phase.step == "pretraining":
            everyone = self.modules.encoders.names
            return (Update("pretraining", everyone, self.pretraining_loss),)
        everyone = (*self.trained_encoders, "generator")
        first = Update("reconstruction", everyone, self.reconstruction_loss)
        if phase.step == "reconstruction":
            return (first,)
        trains = (
            ("generator",) if phase.step == GENERATOR_TURN else self.trained_encoders
        )
        loss = functools.partial(self.cycle_loss, turn=str(phase.step))
        return (first, Update("cycle", trains, loss))

    def draw_first(self, key: Array, rows: int) -> drawing.FirstDraws:
        """Every random choice of pretraining or of the first path."""
        side = self.modules.image_size
        return drawing.draw_first(
            key,
            rows,
            self.modules.encoders.shape_encoder.num_shape,
            num_points(self.mask_ratio, side),
            side,
            hole_share(HOLES_FIRST_PATH, self.hole_radius),
        )

    def draw_second(self, key: Array, rows: int) -> drawing.SecondDraws:
        """Every random choice of the second path, for copies of the rows."""
        side = self.modules.image_size
        return drawing.draw_second(
            key,
            rows * self.cycle_copies,
            self.modules.num_expression,
            self.template_bank,
            num_points(self.mask_ratio, side),
            side,
            hole_share(HOLES_SECOND_PATH, self.hole_radius),
        )

    def pretraining_loss(self, variables, batch, key, carry):
        """Landmarks, identity and regularisation, of all encoders."""
        del carry
        batch = paths.colored(batch)
        draws = self.draw_first(key, len(batch["image"]))
        image = paths.photographs(batch)
        weights = self._active(self.pretraining_weights)
        face, changed, taught = self._estimate(
            variables, batch, image, ENCODERS, weights
        )
        terms, _ = self._parameter_terms(variables, batch, face, draws, weights)
        terms |= taught
        total = weighted_sum(terms, weights)
        return total, Aux(metrics=terms, model_state=changed)

    def reconstruction_loss(self, variables, batch, key, carry):
        """The first path; leaves the faces and the coloured pictures to the second."""
        del carry
        batch = paths.colored(batch)
        draws = self.draw_first(key, len(batch["image"]))
        nets, image = self.modules, paths.photographs(batch)
        weights = self._active(self.weights)
        face, changed, taught = self._estimate(
            variables, batch, image, self._following(), weights
        )
        terms, projection = self._parameter_terms(
            variables, batch, face, draws, weights
        )
        terms |= taught
        generated, statistics = self._reconstruct(
            variables, batch, face, projection, draws, train=True
        )
        terms |= paths.picture_terms(
            variables,
            generated.image,
            image,
            squeezed=self.perceptual_squeezed,
            side=self.perceptual_side,
        )
        if "emotion" in weights:
            terms["emotion"] = paths.emotion_term(
                nets, variables, generated, image, self.emotion_distance
            )
        total = weighted_sum(terms, weights)
        carry = {"face": face, "projected": projection.projected}
        carry["image"] = batch["image"]
        state = {**changed, "generator": statistics}
        return total, Aux(metrics=terms, model_state=state, carry=carry)

    def cycle_loss(self, variables, batch, key, carry, *, turn: str):
        """The second path: faces with other expressions are made and found again."""
        of_generator = turn == GENERATOR_TURN
        batch = {**batch, "image": carry["image"]}
        draws = self.draw_second(key, len(batch["image"]))
        wanted, generated, statistics = self._exchange(
            variables, batch, carry["face"], carry["projected"], draws, of_generator
        )
        image = generated.image
        follow: Collection[str] = ()
        if not of_generator:
            image, follow = jax.lax.stop_gradient(image), self._following()
        found, changed = estimate(self.modules, variables, image, follow)
        terms = objectives.cycle_terms(wanted, found.head, shape=of_generator)
        # Pictures that were made are unlike photographs, which encoders are for.
        followed = changed if self.compat == "reference" else {}
        state = {"generator": statistics} if of_generator else followed
        total = self.cycle_weight * objectives.cycle_loss(terms, self.cycle_weights)
        return total, Aux(metrics=terms, model_state=state)

    def predict(self, variables: Variables, batch: Batch) -> dict[str, Array]:
        """Faces and pictures of a batch: see ``describe`` and ``of_generated``.

        Both are in ``reporting``. The same draws serve every batch.
        """
        nets, head = self.modules, self.modules.assets.on_device()
        face, _ = estimate(nets, variables, paths.photographs(batch))
        projection = project_face(
            head,
            face.head,
            face.camera,
            eyelids_before_skinning=nets.eyelids_before_skinning,
        )
        outputs = reporting.describe(face, projection)
        if "generator" not in variables:
            side = nets.image_size
            drawn = paths.draw_faces(nets.assets, projection, face.camera, side)
            return outputs | reporting.of_drawing(drawn)
        rows, keys = len(batch["image"]), jax.random.split(jax.random.key(0))
        first, second = self.draw_first(keys[0], rows), self.draw_second(keys[1], rows)
        made, _ = self._reconstruct(
            variables, batch, face, projection, first, train=False
        )
        _, other, _ = self._exchange(
            variables, batch, face, projection.projected, second, of_generator=False
        )
        return outputs | reporting.of_generated(made, other, rows)

    def metrics(self, batch: Batch, outputs: Mapping[str, Array]) -> dict[str, Array]:
        """Landmark error, and PSNR and L1 of what was made, per picture."""
        return reporting.metrics(batch, outputs)

    def pictures(
        self, batch: Mapping[str, np.ndarray], outputs: Mapping[str, np.ndarray]
    ) -> dict[str, np.ndarray]:
        """A sheet with a row for each picture."""
        return {"faces": reporting.sheet(batch, outputs)}

    def _templates(self) -> TemplateBank:
        count, head = self.modules.num_expression, self.modules.assets.head
        if self.templates is not None:
            return read_bank(self.templates, count)
        if head.expression_names:
            return action_bank(head.expression_names[:count])
        log.warning("task.templates is not set: the neutral expression is the only one")
        return template_bank([np.zeros((1, count))], count)

    def _estimate(self, variables, batch, image, follow, weights):
        """Faces, the encoders' new statistics, and terms that teach their points."""
        if not self._teaches_points(weights):
            return *estimate(self.modules, variables, image, follow), {}
        face, changed = estimate(self.modules, variables, image, follow, (POINTS,))
        logits, changed = split_points(changed)
        return face, changed, point_terms(logits, batch)

    def _teaches_points(self, weights: Mapping[str, float]) -> bool:
        return any(weights.get(term) for term in TAUGHT_POINTS)

    def _reconstruct(self, variables, batch, face, projection, draws, train):
        nets = self.modules
        return paths.generate(
            nets,
            variables["generator"],
            batch,
            paths.draw_faces(nets.assets, projection, face.camera, nets.image_size),
            (projection.projected, projection.projected),
            draws.masking,
            train=train,
            compat=self.compat,
            radius=self.mask_radius,
            hole_radius=self.hole_radius,
        )

    def _exchange(self, variables, batch, face, projected, draws, of_generator):
        return exchange(
            self.modules,
            variables["generator"],
            batch,
            face,
            projected,
            self.template_bank,
            draws,
            train=of_generator,
            copies=self.cycle_copies,
            clip_norm=self.cycle_clip_norm,
            spread=self.expression_spread,
            bounds=self.expression_bounds,
            compat=self.compat,
            radius=self.mask_radius,
            hole_radius=self.hole_radius,
        )

    def _parameter_terms(
        self, variables, batch, face: EncodedFace, draws, weights
    ) -> tuple[dict[str, Array], ProjectedFace]:
        head = self.modules.assets.on_device()
        base = None
        if self.base_encoders:
            image = paths.photographs(batch)
            base = teaching.base_parameters(self.modules, variables, image)
        terms, projection = paths.parameter_terms(
            head,
            face,
            batch,
            base,
            eyelids_before_skinning=self.modules.eyelids_before_skinning,
        )
        teacher = None
        if "identity" in weights:
            teacher = self._identities(variables, batch, draws)
            shape = face.head.shape_params
            assert shape is not None
            terms["identity"] = objectives.identity_term(
                shape, *teacher, self.vertex_metric
            )
        if FITTED & set(weights):
            terms |= self._fitted_terms(head, batch, face, teacher)
        return terms, projection

    def _fitted_terms(
        self, head, batch, face: EncodedFace, teacher
    ) -> dict[str, Array]:
        """See ``objectives.fitted_terms``; whom no teacher knows is an average face."""
        identity = None
        if teacher is not None:
            found, present = teacher
            identity = found if present is None else found * present[:, None]
        fitted = fit_landmarks(
            head,
            face,
            batch["landmarks_mediapipe"],
            FitPriors(**self.fit_priors),
            identity,
            self.expression_bounds,
        )
        known = batch.get("has_landmarks_mediapipe")
        return objectives.fitted_terms(face.head, fitted, known)

    def _identities(self, variables, batch, draws) -> tuple[Array, Array | None]:
        if self.identity_teacher == "truth":
            noise = self.identity_noise * draws.identity_noise
            return teaching.true_identities(batch, noise)
        return teaching.teacher_identities(self.modules, variables, batch, self.compat)

    def _following(self) -> tuple[str, ...]:
        """Encoders whose batch norms follow the batches of the main stage."""
        follow = ENCODERS if self.compat == "reference" else self.trained_encoders
        return tuple(name for name in follow if name != JOINT_HEAD)

    def _active(self, weights: Mapping[str, float]) -> dict[str, float]:
        """The weights of terms that are on."""
        off = {term for term, file in self.term_files.items() if file is None}
        if not self.modules.use_jaw:
            off.add("jaw")
        return {t: weight for t, weight in weights.items() if weight and t not in off}

    def _check_batch(self, batch: Batch) -> None:
        side, shape = self.modules.image_size, np.shape(batch["image"])
        if shape[1:] != (side, side, 3):
            raise ValueError(
                f"task.networks.image_size is {side}, the data's pictures are {shape[1:]}"
            )
        needed = {"recognition_image"} if "mica" in self.teacher_files else set()
        learned = any(stage.get("identity") for stage in self.stages)
        if self.identity_teacher == "truth" and learned:
            needed |= {"shape_params", "has_truth"}
        missing = sorted(needed - set(batch))
        if missing:
            raise ValueError(
                f"task.identity_teacher={self.identity_teacher!r}: the data must have "
                f"{', '.join(missing)}; see data.smirk_item"
            )
