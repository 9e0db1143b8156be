"""Videos and images in, videos and images out; the only place that knows codecs."""

from data_pipelines.video.images import read_image, write_image
from data_pipelines.video.index import (
    FrameIndex,
    VideoInfo,
    index_frames,
    probe,
)
from data_pipelines.video.reading import VideoReader, iterate_frames
from data_pipelines.video.streams import VideoError
from data_pipelines.video.writing import VideoWriter

__all__ = [
    "FrameIndex",
    "VideoError",
    "VideoInfo",
    "VideoReader",
    "VideoWriter",
    "index_frames",
    "iterate_frames",
    "probe",
    "read_image",
    "write_image",
]
