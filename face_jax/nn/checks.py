"""Refusing pictures of a wrong shape before a network fails on them."""

from face_jax.types import Array


def check_images(
    images: Array, name: str, channels: int = 3, multiple: int = 1, minimum: int = 1
) -> None:
    """Checks axes, channels and sides of a batch of pictures.

    Args:
      images: what a network was given.
      name: what the message calls them.
      channels: expected number of channels.
      multiple: what height and width must be divisible by, pixels.
      minimum: smallest height and width, pixels.

    Raises:
      ValueError: the shape is not [B, H, W, channels] with such sides.
    """
    sides = ""
    if multiple > 1:
        sides += f", H and W divisible by {multiple}"
    if minimum > 1:
        sides += f", H and W at least {minimum}"
    shape = tuple(images.shape)
    fits = len(shape) == 4 and shape[3] == channels
    if fits:
        fits = all(side >= minimum and side % multiple == 0 for side in shape[1:3])
    if not fits:
        raise ValueError(
            f"{name}: expected [B, H, W, {channels}]{sides}, got {list(shape)}"
        )
