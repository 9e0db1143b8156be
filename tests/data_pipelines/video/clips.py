"""Small media files made in code for the tests of the video package."""

from fractions import Fraction

import av
import numpy as np


def numbered_frames(count, height=32, width=48):
    """Frames whose grey level tells their number: 4 * number in a moving block."""
    frames = np.full((count, height, width, 3), 255, np.uint8)
    for number in range(count):
        frames[number, :, : width // 2] = 4 * number
    return frames


def number_of(frame):
    """Reads the number back from a frame of ``numbered_frames``."""
    height, width = frame.shape[:2]
    return round(float(frame[4 : height - 4, 4 : width // 2 - 4].mean()) / 4)


def write_stream(
    path,
    frames,
    codec="libx264",
    rate=25,
    pixel_format="yuv420p",
    times=None,
    **options,
):
    """Encodes frames without the writer under test; returns the path."""
    rotation = options.pop("rotation", 0)
    gop_size = options.pop("gop_size", 12)
    if codec == "libx264":
        options.setdefault("crf", 5)  # grey levels must tell frames apart
    with av.open(str(path), "w") as container:
        stream = container.add_stream(
            codec,
            rate=rate,
            options={k.replace("_", "-"): str(v) for k, v in options.items()},
        )
        stream.width, stream.height = frames.shape[2], frames.shape[1]
        stream.pix_fmt, stream.gop_size = pixel_format, gop_size
        if times is not None:
            stream.codec_context.time_base = Fraction(1, 1000)
        if rotation:
            stream.set_display_rotation(rotation)
        for number, frame in enumerate(frames):
            picture = av.VideoFrame.from_ndarray(frame, format="rgb24")
            if times is not None:
                picture.pts, picture.time_base = times[number], Fraction(1, 1000)
            container.mux(stream.encode(picture))
        container.mux(stream.encode())
    return path


def write_tone(path, seconds, codec="aac", rate=44100, frequency=440.0):
    """Writes a sine tone that starts at full loudness; returns the path."""
    samples = np.arange(int(seconds * rate)) / rate
    wave = (0.5 * np.sin(2 * np.pi * frequency * samples)).astype(np.float32)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, layout="mono")
        for start in range(0, len(wave), 1024):
            frame = av.AudioFrame.from_ndarray(
                wave[None, start : start + 1024], format="flt", layout="mono"
            )
            frame.sample_rate, frame.pts = rate, start
            frame.time_base = Fraction(1, rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def audio_packets(path):
    """Returns (codec name, payloads, times in seconds) of the sound of a file."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        packets = [p for p in container.demux(stream) if p.size]
        name = stream.codec_context.codec.canonical_name
        times = [float(p.pts * p.time_base) for p in packets]
        return name, [bytes(p) for p in packets], times


def decoded_sound(path):
    """Returns (samples [n], rate) of the first channel."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        frames = [f.to_ndarray()[0] for f in container.decode(stream)]
        return np.concatenate(frames), stream.codec_context.sample_rate
