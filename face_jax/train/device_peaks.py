"""The fastest that devices compute matrix products, as their makers state it."""

BFLOAT16_PEAKS = {
    "NVIDIA H200": 989e12,
    "NVIDIA H100 80GB HBM3": 989e12,
    "NVIDIA H100 PCIe": 756e12,
    "NVIDIA A100-SXM4-80GB": 312e12,
    "NVIDIA A100-SXM4-40GB": 312e12,
    "NVIDIA A100 80GB PCIe": 312e12,
    "NVIDIA L4": 121e12,
    "TPU v4": 275e12,
    "TPU v5 lite": 197e12,
    "TPU v5": 459e12,
    "TPU v6 lite": 918e12,
}
"""FLOP/s of one chip in bfloat16 without sparsity, by the kind that JAX calls it."""


def utilisation(
    flops: float, seconds: float, device_kind: str, devices: int
) -> float | None:
    """The share of the devices' bfloat16 peak that a computation reached.

    Args:
      flops: of the whole computation, on all devices together.
      seconds: that it took.
      device_kind: as ``jax.Device.device_kind`` has it.
      devices: how many there are.

    Returns:
      0 to 1, or None where the peak of the device is not known.
    """
    peak = BFLOAT16_PEAKS.get(device_kind)
    return None if peak is None else flops / seconds / (peak * devices)
