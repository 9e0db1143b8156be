from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.spatial import distance

from data_pipelines.landmarks.detectors import Face, WholeImageDetector
from data_pipelines.landmarks.schemas import face_box
from face_jax.cli.clip_measures import (
    NO_DETECTOR,
    NO_FACE,
    NO_LANDMARKS,
    OTHER_PERSON,
    measure_clip,
)
from face_jax.cli.judges import (
    Judges,
    embedding_of,
    identity_judge,
    inception_judge,
    lpips_judge,
)
from face_jax.cli.measure_names import MEASURES, OF_HEADS, OF_LANDMARKS, OF_PEOPLE
from face_jax.fsrt.driven_features import TOO_FEW
from face_jax.metrics.lpips import Lpips
from face_jax.nn.inception_v3 import InceptionV3
from face_jax.nn.iresnet import ImprovedResNet
from face_jax.smirk.inference import encode
from face_jax.train.checkpoints import save_variables
from tests.filled import fill
from tests.metrics.test_embeddings import frechet_by_eigenvalues
from tests.smirk.small_model import small_model
from tests.smirk.small_task import write_head

FRAMES, SIDE = 5, 64
README = Path(__file__).parents[2] / "README.md"


class Known:
    """Finds in every frame the landmarks that were told of it."""

    def __init__(self, *clips):
        self.faces = {
            frame.tobytes(): points
            for frames, tracks in clips
            for frame, points in zip(frames, tracks, strict=True)
            if np.isfinite(points).all()
        }

    def detect(self, frames, first=0):
        found = [self.faces.get(frame.tobytes()) for frame in frames]
        return [[] if p is None else [Face(face_box(p), p, 1.0)] for p in found]


def clip(seed, frames=FRAMES, side=SIDE):
    return np.random.default_rng(seed).integers(
        0, 256, (frames, side, side, 3), dtype=np.uint8
    )


def track(seed, frames=FRAMES):
    """Landmarks of an upright face that moves a little."""
    rng = np.random.default_rng(seed)
    points = rng.uniform(16, 48, (68, 2)) + rng.normal(0, 1, (frames, 68, 2))
    points[:, [36, 39, 42, 45]] = [[18, 24], [28, 24], [36, 24], [46, 24]]
    points[:, [32, 48, 54]] = [[31, 34], [22, 42], [42, 42]]
    return points.astype(np.float32)


@pytest.fixture(scope="module")
def smirk(tmp_path_factory):
    return small_model(write_head(tmp_path_factory.mktemp("head")), generator=False)


@pytest.fixture(scope="module")
def identity():
    network = ImprovedResNet((1, 1), (4, 4), 8)
    return embedding_of(network, fill(network, jnp.zeros((1, 112, 112, 3))))


def test_without_judges_only_pixels_are_compared():
    one, other = clip(0), clip(1)
    found = measure_clip(one, other, Judges())
    assert tuple(found.values) == MEASURES
    assert {n for n, v in found.values.items() if v is None} == set(found.reasons)
    difference = (one / 255.0 - other / 255.0).reshape(FRAMES, -1)
    psnr = -10 * np.log10(np.mean(difference**2, axis=1)).mean()
    np.testing.assert_allclose(found.values["l1"], np.abs(difference).mean(), atol=1e-5)
    np.testing.assert_allclose(found.values["psnr"], psnr, rtol=1e-5)
    assert "at least 176" in found.reasons["ms_ssim"]
    assert "LPIPS" in found.reasons["lpips"] and "Inception" in found.reasons["fid"]
    needing = ("missing_rate", *OF_LANDMARKS, *OF_HEADS, *OF_PEOPLE)
    assert {found.reasons[name] for name in needing} == {NO_DETECTOR}


def test_landmarks_are_compared_where_both_clips_have_them():
    frames, tracks = (clip(0), clip(1)), (track(2), track(3))
    tracks[0][1] = np.nan
    detector = Known(*zip(frames, tracks, strict=True))
    found = measure_clip(*frames, Judges(detector)).values
    assert found["missing_rate"] == pytest.approx(1 / FRAMES)
    kept = [0, 2, 3, 4]
    pixels = np.abs(tracks[0][kept].astype(float) - tracks[1][kept]).mean()
    np.testing.assert_allclose(found["akd"], 256 / SIDE * pixels, rtol=1e-5)
    # Three frames in a row are left, from the third on.
    bends = [
        np.linalg.norm(np.diff(x[2:].astype(float), 2, axis=0), axis=-1).mean()
        / np.mean([distance.euclidean(p[36], p[45]) for p in x[2:]])
        for x in tracks
    ]
    np.testing.assert_allclose(found["jitter"], bends[0] - bends[1], atol=1e-5)
    sizes = [np.sqrt(x[kept].astype(float).var(axis=1).sum(-1)) for x in tracks]
    expected = np.std(sizes[0] / sizes[1])
    np.testing.assert_allclose(found["scale_pumping"], expected, atol=1e-5)


def test_heads_and_people_are_compared_by_the_users_networks(smirk, identity):
    frames, tracks = (clip(0), clip(1)), (track(2), track(3))
    detector = Known(*zip(frames, tracks, strict=True))
    judges = Judges(detector, smirk, identity)
    found = measure_clip(*frames, judges).values
    assert found["aed_exp"] > 0 and found["apd"] > 0 and found["aed_id"] > 0
    assert -1 <= found["csim"] < 1
    same = measure_clip(frames[0], frames[0], judges).values
    assert same["csim"] == pytest.approx(1, abs=1e-5)
    zero = ("l1", "akd", "jitter", "scale_pumping", "aed_exp", "apd", "aed_id")
    assert all(same[name] == pytest.approx(0, abs=1e-6) for name in zero)


def test_parameters_are_those_of_whole_pictures_where_pictures_are_the_faces(smirk):
    frames = [clip(seed, side=smirk.image_size) for seed in (0, 1)]
    judges = Judges(WholeImageDetector(), smirk)
    found = measure_clip(*frames, judges)
    heads = [encode(smirk, images).head for images in frames]
    for name, field in (("aed_exp", "expression_params"), ("apd", "pose_params")):
        ours, theirs = (np.asarray(getattr(h, field), np.float64) for h in heads)
        expected = np.abs(ours - theirs).mean()
        np.testing.assert_allclose(found.values[name], expected, rtol=1e-4)
    assert found.values["missing_rate"] == 0
    assert found.reasons["akd"] == found.reasons["jitter"] == NO_LANDMARKS


def test_another_persons_clip_is_no_answer_for_pixels(identity):
    frames, tracks = (clip(0), clip(1)), (track(2), track(3))
    source = clip(4, 1), track(5, 1)
    detector = Known(*zip(frames, tracks, strict=True), source)
    judges = Judges(detector, identity=identity)
    found = measure_clip(*frames, judges, source=source[0][0], same_person=False)
    for name in ("l1", "psnr", "ssim", "ms_ssim", "lpips"):
        assert found.reasons[name] == OTHER_PERSON
    assert found.values["akd"] > 0 and found.values["csim"] < 1
    assert found.reasons["aed_exp"] == "needs a SMIRK model"
    alone = measure_clip(*frames, judges, same_person=False)
    assert alone.reasons["csim"] == "needs the source"


def test_clips_without_any_face_are_all_missing(smirk, identity):
    grey = np.full((FRAMES, SIDE, SIDE, 3), 128, np.uint8)
    found = measure_clip(grey, clip(1), Judges(Known(), smirk, identity))
    assert found.values["missing_rate"] == 1
    for name in (*OF_LANDMARKS, *OF_HEADS, *OF_PEOPLE):
        assert found.values[name] is None and found.reasons[name] == NO_FACE
    same = measure_clip(grey, grey, Judges()).values
    assert (same["l1"], same["psnr"]) == (0, 100)
    assert same["ssim"] == pytest.approx(1, abs=1e-5)


def test_a_single_frame_has_no_motion():
    frames, tracks = (clip(0, 1), clip(1, 1)), (track(2, 1), track(3, 1))
    found = measure_clip(*frames, Judges(Known(*zip(frames, tracks, strict=True))))
    assert found.values["akd"] > 0
    assert "three frames" in found.reasons["jitter"]
    assert "two frames" in found.reasons["scale_pumping"]


def test_frames_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match=r"of one shape, got \[5, .* and \[4, "):
        measure_clip(clip(0), clip(1, 4), Judges())
    with pytest.raises(ValueError, match="generated, driving"):
        measure_clip(clip(0)[:0], clip(0)[:0], Judges())


def test_judges_come_from_converted_weights(tmp_path, identity):
    network, image = Lpips(), jnp.zeros((1, SIDE, SIDE, 3))
    variables = fill(network, image, image)
    save_variables(tmp_path / "lpips", {"lpips_alex": variables}, {})
    judges = Judges(lpips=lpips_judge(tmp_path / "lpips"))
    frames = clip(0), clip(1)
    expected = network.apply(variables, *(x / np.float32(255) for x in frames)).mean()
    found = measure_clip(*frames, judges).values["lpips"]
    np.testing.assert_allclose(found, expected, rtol=1e-4)
    small = measure_clip(*(x[:, :20, :20] for x in frames), judges)
    assert "at least 31" in small.reasons["lpips"]
    with pytest.raises(ValueError, match=r"expected one of .*, got 'alex'"):
        lpips_judge(tmp_path / "lpips", "alex")
    with pytest.raises(ValueError, match="a checkpoint with mica, it has lpips_alex"):
        identity_judge(tmp_path / "lpips")


def test_sets_of_frames_are_compared_by_converted_features(tmp_path):
    network, frames = InceptionV3(16), (clip(0), clip(1))
    variables = fill(network, frames[0])
    save_variables(tmp_path, {"inception": variables}, {})
    judge = inception_judge(tmp_path, network)
    judges = Judges(inception=judge)
    run = jax.jit(network.apply)
    sets = [np.asarray(run(variables, x / np.float32(255))) for x in frames]
    found = measure_clip(*frames, judges)
    expected = frechet_by_eigenvalues(*sets)
    np.testing.assert_allclose(found.values["fid"], expected, rtol=1e-3)
    unrounded = measure_clip(frames[0].astype(np.float32), frames[1], judges)
    np.testing.assert_allclose(unrounded.values["fid"], found.values["fid"], rtol=1e-5)
    alone = measure_clip(*(x[:1] for x in frames), judges)
    assert alone.reasons["fid"] == TOO_FEW
    other = measure_clip(*frames, judges, same_person=False)
    assert other.reasons["fid"] == OTHER_PERSON
    with pytest.raises(ValueError, match="a checkpoint with mica, it has inception"):
        identity_judge(tmp_path)


def test_the_identity_network_is_a_part_of_mica(tmp_path):
    network = ImprovedResNet((1, 1), (4, 4), 8)
    faces = clip(6, 2, 112)
    variables = fill(network, jnp.zeros((1, 112, 112, 3)))
    mica = {name: {"identity": tree, "out": {}} for name, tree in variables.items()}
    save_variables(tmp_path, {"mica": mica}, {})
    found = identity_judge(tmp_path, network)(faces)
    expected = network.apply(variables, jnp.asarray(faces / 127.5 - 1, jnp.float32))
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_the_readme_tells_what_every_measure_is():
    text = README.read_text(encoding="utf-8")
    _, _, table = text.partition("## Metrics")
    table = table.partition("\n## ")[0].lower().replace(" ", "_")
    assert not [name for name in MEASURES if name not in table]
