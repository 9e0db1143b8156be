"""What generated clips are measured by: names, definitions and units."""

from collections.abc import Mapping

OF_PICTURES = ("l1", "psnr", "ssim", "ms_ssim")
OF_LANDMARKS = ("akd", "jitter", "scale_pumping")
OF_HEADS = ("aed_exp", "apd")
OF_PEOPLE = ("csim", "aed_id")
MEASURES = (
    *OF_PICTURES,
    "lpips",
    "missing_rate",
    *OF_LANDMARKS,
    *OF_HEADS,
    *OF_PEOPLE,
    "fid",
)
"""Names of all measures."""

DEFINITIONS: Mapping[str, str] = {
    "l1": "mean absolute error of colours in [0, 1], lower is better",
    "psnr": "PSNR in dB, higher is better",
    "ssim": "SSIM, window 11, mean over R, G and B, higher is better",
    "ms_ssim": "MS-SSIM, five scales, higher is better",
    "lpips": "LPIPS, lower is better",
    "missing_rate": "share of the frames without a face, lower is better",
    "akd": "mean absolute difference per coordinate of 68 landmarks, pixels of frames 256 "
    "high, lower is better",
    "jitter": "mean second difference of landmarks over the distance of the eyes, less "
    "the driver's",
    "scale_pumping": "standard deviation in time of the face's size over the driver's",
    "aed_exp": "mean absolute difference of expression coefficients, lower is better",
    "apd": "mean absolute difference of the head's axis-angle vector, radians, lower is "
    "better",
    "csim": "cosine of identity embeddings, higher is better",
    "aed_id": "squared distance of identity embeddings, lower is better",
    "fid": "Frechet distance between the Inception features of all frames and those of "
    "the driving ones, lower is better",
}
"""What they are, each a mean over the frames that count, with units."""
