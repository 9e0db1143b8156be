"""Reads GLB files by the glTF 2.0 specification alone."""

import json
import struct

import numpy as np

_COMPONENTS = {5121: "u1", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}


class Glb:
    """A parsed file.

    Attributes:
      tree: the JSON chunk.
    """

    def __init__(self, data: bytes):
        """Reads and checks the container: header, then a JSON and a binary chunk."""
        magic, version, length = struct.unpack_from("<4sII", data)
        assert magic == b"glTF" and version == 2 and length == len(data)
        chunks, at = [], 12
        while at < length:
            size, kind = struct.unpack_from("<I4s", data, at)
            assert size % 4 == 0
            chunks.append((kind, data[at + 8 : at + 8 + size]))
            at += 8 + size
        assert [kind for kind, _ in chunks] == [b"JSON", b"BIN\0"]
        self.tree = json.loads(chunks[0][1])
        self._binary = chunks[1][1]
        assert self.tree["asset"]["version"] == "2.0"
        assert self.tree["buffers"] == [{"byteLength": len(self._binary)}]

    def array(self, number: int) -> np.ndarray:
        """An accessor's values, checked against its stated bounds."""
        accessor = self.tree["accessors"][number]
        view = self.tree["bufferViews"][accessor["bufferView"]]
        dtype = np.dtype(_COMPONENTS[accessor["componentType"]])
        width = _WIDTHS[accessor["type"]]
        start = view.get("byteOffset", 0) + accessor.get("byteOffset", 0)
        size = accessor["count"] * width * dtype.itemsize
        assert start % dtype.itemsize == 0 and size <= view["byteLength"]
        values = np.frombuffer(self._binary[start : start + size], dtype)
        values = values.reshape(-1, width)
        np.testing.assert_array_equal(values.min(axis=0), accessor["min"])
        np.testing.assert_array_equal(values.max(axis=0), accessor["max"])
        return values

    @property
    def primitive(self) -> dict:
        """The only piece of the only mesh."""
        (mesh,) = self.tree["meshes"]
        (primitive,) = mesh["primitives"]
        return primitive

    def attribute(self, name: str) -> np.ndarray:
        """An attribute of the vertices."""
        return self.array(self.primitive["attributes"][name])

    def faces(self) -> np.ndarray:
        """Triangles [F, 3]."""
        return self.array(self.primitive["indices"]).reshape(-1, 3)

    def targets(self, name: str) -> np.ndarray:
        """An attribute's displacements in all morph targets [N, V, 3]."""
        return np.stack([self.array(t[name]) for t in self.primitive["targets"]])
