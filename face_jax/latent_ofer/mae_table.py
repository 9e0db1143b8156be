"""Published names of a masked autoencoder's weights.

Left in every line the published name, right the path among the variables.
"""

from typing import Any

from face_jax.convert.engine import Entry, Path, Table, dense, norm
from face_jax.convert.layouts import TOKENS, VECTOR, patch_embedding
from face_jax.latent_ofer.mae import CHANNELS
from face_jax.types import Params

BLOCK_LAYERS = {
    "attn.qkv": "qkv",
    "attn.proj": "attention_out",
    "mlp.fc1": "mlp_hidden",
    "mlp.fc2": "mlp_out",
}
"""Dense layers of a block: published name and ours."""


def masked_autoencoder_table(variables: Params, network: str) -> Table:
    """The conversion table of one network, as many blocks as it has.

    Args:
      variables: arrays or shape structs, ``params`` and ``constants``.
      network: what the variables go by.
    """
    params, root = variables["params"], (network, "params")
    constants = (network, "constants")
    return {
        "cls_token": Entry((*root, "class_token"), TOKENS),
        "pos_embed": Entry((*constants, "positions"), TOKENS),
        **_patch_embedding(params, root),
        **_blocks("blocks", params, root),
        **norm("norm", (*root, "norm")),
        **dense("decoder_embed", (*root, "decoder_embedding")),
        "mask_token": Entry((*root, "mask_token"), TOKENS),
        "decoder_pos_embed": Entry((*constants, "decoder_positions"), TOKENS),
        **_blocks("decoder_blocks", params, root),
        **norm("decoder_norm", (*root, "decoder_norm")),
        **dense("decoder_pred", (*root, "decoder_out")),
    }


def _patch_embedding(params: Any, root: Path) -> dict[str, Entry]:
    path = (*root, "patch_embedding")
    pixels = params["patch_embedding"]["kernel"].shape[0] // CHANNELS
    layout = patch_embedding(CHANNELS, round(pixels**0.5))
    return {
        "patch_embed.proj.weight": Entry((*path, "kernel"), layout),
        "patch_embed.proj.bias": Entry((*path, "bias"), VECTOR),
    }


def _blocks(published: str, params: Any, root: Path) -> dict[str, Entry]:
    table: dict[str, Entry] = {}
    for name in (name for name in params if name.startswith(f"{published}_")):
        block = f"{published}.{name.removeprefix(f'{published}_')}"
        path = (*root, name)
        table |= norm(f"{block}.norm1", (*path, "attention_norm"))
        table |= norm(f"{block}.norm2", (*path, "mlp_norm"))
        for theirs, ours in BLOCK_LAYERS.items():
            table |= dense(f"{block}.{theirs}", (*path, ours))
    return table
