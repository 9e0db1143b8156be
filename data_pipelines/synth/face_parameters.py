"""What a drawn face is made of: who it is, and what it does from frame to frame."""

import colorsys
import dataclasses

import numpy as np

Colour = tuple[float, float, float]
"""RGB from 0 to 1."""


@dataclasses.dataclass(frozen=True)
class Identity:
    """Who is drawn: shape, colours and surroundings. Lengths are in half head heights.

    Attributes:
      width: half the width of the head.
      length: stretch of the head from crown to chin, around 1.
      jaw: width of the jaw against that of the forehead, around 1.
      eye_distance: from the middle of the face to the centre of an eye.
      eye_size: half the width of an eye.
      eye_slant: how much higher the outer corner of an eye is than the inner one.
      brow_height: of the brows above the eyes.
      brow_thickness: at their thickest.
      nose_length: from the eyes to the base of the nose.
      nose_width: half the width of the base.
      mouth_width: half the width of the mouth.
      lip_thickness: of both lips together.
      hair_volume: thickness of the hair.
      hairline: height of the hair above the eyes, in the middle of the forehead.
      hair_parting: from -1 to 1, how much the hairline slopes to one side.
      hair_length: how far hair hangs down below the eyes behind the head; 0 is short.
      beard: whether there is a full beard.
      glasses: whether glasses are worn.
      skin: colour of the skin.
      hair: colour of hair, brows and beard.
      iris: colour of the eyes.
      lips: colour of the lips.
      clothes: colour of the clothes.
      wall: two colours of the background, above and below.
      wall_seed: chooses the blurred shapes of the background.
    """

    width: float
    length: float
    jaw: float
    eye_distance: float
    eye_size: float
    eye_slant: float
    brow_height: float
    brow_thickness: float
    nose_length: float
    nose_width: float
    mouth_width: float
    lip_thickness: float
    hair_volume: float
    hairline: float
    hair_parting: float
    hair_length: float
    beard: bool
    glasses: bool
    skin: Colour
    hair: Colour
    iris: Colour
    lips: Colour
    clothes: Colour
    wall: tuple[Colour, Colour]
    wall_seed: int


@dataclasses.dataclass(frozen=True)
class FaceParameters:
    """What the face does in one frame; all zeros is a neutral face looking ahead.

    Attributes:
      yaw: degrees, positive turns the nose to the right of the picture.
      pitch: degrees, positive turns the nose down.
      roll: degrees, positive turns the head clockwise in the picture.
      shift_x: of the head to the right, as a fraction of the picture.
      shift_y: of the head downwards, as a fraction of the picture.
      scale: logarithm of the head's size; 0.1 is about a tenth larger.
      gaze_x: from -1 to 1, positive looks to the right of the picture.
      gaze_y: from -1 to 1, positive looks down.
      blink: from 0 (eyes open) to 1 (closed).
      brow_raise: from -1 (lowered) to 1 (raised).
      brow_frown: from 0 to 1, draws the brows together.
      mouth_open: from 0 to 1, lowers the jaw.
      smile: from -1 (corners down) to 1 (up and apart).
      pucker: from 0 to 1, pushes the lips forward into a small round mouth.
    """

    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    shift_x: float = 0.0
    shift_y: float = 0.0
    scale: float = 0.0
    gaze_x: float = 0.0
    gaze_y: float = 0.0
    blink: float = 0.0
    brow_raise: float = 0.0
    brow_frown: float = 0.0
    mouth_open: float = 0.0
    smile: float = 0.0
    pucker: float = 0.0


SKINS = ("#f6d3bd", "#efc1a0", "#e3ab84", "#cc8f66", "#a76d48", "#7d4d33", "#5a3626")
HAIRS = ("#1d1a1c", "#3a2519", "#5e3a20", "#8b5a2b", "#c69a58", "#a13d1d", "#9a9a9e")
IRISES = ("#4b2e1a", "#6d4524", "#3f7440", "#3a6ea5", "#5d7f8c")


def sample_identity(seed: int) -> Identity:
    """Returns a person; the same seed always gives the same one."""
    random = np.random.default_rng([seed, 1])
    uniform = random.uniform
    skin = _rgb(random.choice(SKINS))
    long_hair = float(random.choice([0.0, 0.0, 0.7, 1.2]))
    hue, light = uniform(), uniform(0.45, 0.85)
    upper = colorsys.hsv_to_rgb(hue, uniform(0.15, 0.45), light)
    lower = colorsys.hsv_to_rgb((hue + uniform(-0.1, 0.1)) % 1, 0.4, 0.6 * light)
    return Identity(
        width=uniform(0.67, 0.76),
        length=uniform(0.95, 1.06),
        jaw=uniform(0.86, 1.1),
        eye_distance=uniform(0.29, 0.325),
        eye_size=uniform(0.17, 0.205),
        eye_slant=uniform(-0.02, 0.04),
        brow_height=uniform(0.23, 0.29),
        brow_thickness=uniform(0.05, 0.1),
        nose_length=uniform(0.34, 0.42),
        nose_width=uniform(0.1, 0.145),
        mouth_width=uniform(0.25, 0.31),
        lip_thickness=uniform(0.12, 0.19),
        hair_volume=uniform(0.06, 0.2),
        hairline=uniform(0.5, 0.66),
        hair_parting=uniform(-1, 1),
        hair_length=long_hair,
        beard=bool(long_hair == 0 and uniform() < 0.4),
        glasses=bool(uniform() < 0.25),
        skin=skin,
        hair=_rgb(random.choice(HAIRS)),
        iris=_rgb(random.choice(IRISES)),
        lips=_mix(skin, (0.75, 0.2, 0.25), uniform(0.35, 0.65)),
        clothes=colorsys.hsv_to_rgb(uniform(), uniform(0.3, 0.8), uniform(0.35, 0.85)),
        wall=(upper, lower),
        wall_seed=int(random.integers(1 << 31)),
    )


def sample_motion(
    num_frames: int, seed: int, frames_per_second: float = 25.0
) -> list[FaceParameters]:
    """Returns smooth random motion; pose, gaze and expression are independent.

    It begins with a neutral face looking ahead. The beginning of a longer clip is that
    of a shorter one.

    Args:
      num_frames: length of the clip.
      seed: the same seed always gives the same motion.
      frames_per_second: of the clip, which sets how far things move between frames.
    """
    seconds = np.arange(num_frames) / frames_per_second

    def wave(channel: int, low: float, high: float) -> np.ndarray:
        """A signal within -1 to 1 with frequencies between ``low`` and ``high`` Hz."""
        return _wave(seconds, np.random.default_rng([seed, 2, channel]), low, high)

    talking = np.clip(0.6 + wave(10, 0.15, 0.4), 0, 1)
    tracks = {
        "yaw": 30 * wave(0, 0.18, 0.45),
        "pitch": 15 * wave(1, 0.2, 0.5),
        "roll": 12 * wave(2, 0.15, 0.4),
        "shift_x": 0.07 * wave(3, 0.12, 0.35),
        "shift_y": 0.035 * wave(4, 0.12, 0.35),
        "scale": 0.08 * wave(5, 0.06, 0.2),
        "gaze_x": _fixations(seconds, np.random.default_rng([seed, 2, 6])),
        "gaze_y": 0.8 * _fixations(seconds, np.random.default_rng([seed, 2, 7])),
        "blink": _blinks(seconds, np.random.default_rng([seed, 2, 8])),
        "brow_raise": wave(9, 0.15, 0.6),
        "brow_frown": np.clip(1.5 * wave(14, 0.1, 0.3), 0, 1),
        "mouth_open": np.clip(talking * (0.55 + 0.75 * wave(11, 0.8, 3.0)), 0, 1),
        "smile": np.clip(0.25 + wave(12, 0.12, 0.35), -0.6, 1),
        "pucker": np.clip(1.6 * wave(13, 0.15, 0.5) - 0.5, 0, 1),
    }
    onset = np.clip(seconds / 0.6, 0, 1)
    tracks = {name: track * onset for name, track in tracks.items()}
    return [
        FaceParameters(**{name: float(track[frame]) for name, track in tracks.items()})
        for frame in range(num_frames)
    ]


def _wave(
    seconds: np.ndarray, random: np.random.Generator, low: float, high: float
) -> np.ndarray:
    frequency = low * (high / low) ** random.uniform(size=4)
    phase = random.uniform(0, 2 * np.pi, 4)
    weight = random.uniform(0.5, 1, 4) * (low / frequency) ** 0.5
    waves = np.sin(2 * np.pi * seconds[:, None] * frequency + phase)
    return waves @ weight / weight.sum()


def _fixations(seconds: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Rests of about a second with quick changes between, within -1 to 1."""
    end = seconds[-1] if len(seconds) else 0.0
    draws = random.uniform(size=(int(end / 0.4) + 2, 2))
    starts = np.cumsum(0.4 + 1.2 * draws[:, 0])
    targets = np.append(0, 2 * draws[:, 1] - 1)
    change = np.clip((seconds[:, None] - starts) / 0.12, 0, 1)
    return change @ np.diff(targets)


def _blinks(seconds: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Closures of a quarter of a second every one to four seconds, 0 to 1."""
    end = seconds[-1] if len(seconds) else 0.0
    times = np.cumsum(random.uniform(1, 4, int(end) + 2))
    distance = np.abs(seconds[:, None] - times).min(axis=1)
    return np.clip(1.6 - distance / 0.08, 0, 1)


def _rgb(code: str) -> Colour:
    red, green, blue = (int(code[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return red, green, blue


def _mix(first: Colour, second: Colour, weight: float) -> Colour:
    red, green, blue = np.asarray(first) * (1 - weight) + np.asarray(second) * weight
    return float(red), float(green), float(blue)
