"""A network with YuNet's inputs and outputs that takes green 8 x 8 pixel cells for faces.

The more blue a cell is, the larger is its face: twice as large where it is cyan. OpenCV
decodes the network as it does the real one. It is written as ONNX (protocol buffers) by
hand, so that no library is needed for it.
"""

import math

import numpy as np

STRIDES = (8, 16, 32)
SIDE = 48.0
"""Side of YuNet's own boxes, pixels of what the network sees."""
POINTS = np.array([[-10, -8], [10, -8], [0, 2], [-8, 12], [8, 12]], np.float64)
"""Eyes, nose and mouth corners of a small face about the middle of its cell, pixels, in
the picture's order."""
_FLOAT, _INT64 = 1, 7
_INT_ATTRIBUTE, _INTS_ATTRIBUTE = 2, 7


def write_small_yunet(path):
    """Writes the model; returns its path."""
    nodes, weights, outputs = [], [], []
    for stride in STRIDES:
        for name, kernel, bias in _heads(stride):
            parts = _head(f"{name}_{stride}", kernel, bias, stride)
            nodes += parts[0]
            weights += parts[1]
            outputs.append(_value(f"{name}_{stride}", [1, "n", len(bias)]))
    graph = b"".join(
        [
            *(_bytes(1, node) for node in nodes),
            _bytes(2, b"small"),
            *(_bytes(5, weight) for weight in weights),
            _bytes(11, _value("input", [1, 3, "h", "w"])),
            *(_bytes(12, output) for output in outputs),
        ]
    )
    opset = _bytes(1, b"") + _integer(2, 13)
    path.write_bytes(_integer(1, 8) + _bytes(7, graph) + _bytes(8, opset))
    return path


def _heads(stride):
    """(name, weights [outputs, 3] of the colours B, G, R, biases) of a stride."""
    green, nothing = np.array([[0.0, 1, -1]]), np.zeros((4, 3))
    # The two outer strides never find anything: below 0 is cut to 0.
    offset = np.array([0.0 if stride == 8 else -1e6])
    points = (POINTS / stride).reshape(-1, 1)
    size = math.log(SIDE / stride)
    yield "cls", green, offset
    yield "obj", green, offset
    yield "bbox", nothing, np.array([0.5, 0.5, size, size])
    yield "kps", points * [1, 0, 0], 0.5 + points[:, 0]


def _head(name, colors, bias, stride):
    """Nodes and weights: the mean over each cell, as [1, cells, outputs]."""
    depth = len(bias)
    kernel = np.zeros((depth, 3, stride, stride)) + colors[:, :, None, None]
    kernel /= 255 * stride**2
    weights = [
        _tensor(f"{name}_w", kernel.astype(np.float32)),
        _tensor(f"{name}_b", bias.astype(np.float32)),
        _tensor(f"{name}_s", np.array([1, -1, depth], np.int64)),
    ]
    size = [_ints("kernel_shape", [stride] * 2), _ints("strides", [stride] * 2)]
    turned = [_ints("perm", [0, 2, 3, 1])]
    nodes = [
        _node("Conv", ["input", f"{name}_w", f"{name}_b"], f"{name}_c", size),
        _node("Transpose", [f"{name}_c"], f"{name}_t", turned),
        _node("Reshape", [f"{name}_t", f"{name}_s"], name, []),
    ]
    return nodes, weights


def _node(kind, inputs, output, attributes):
    return b"".join(
        [
            *(_bytes(1, name.encode()) for name in inputs),
            _bytes(2, output.encode()),
            _bytes(3, output.encode()),
            _bytes(4, kind.encode()),
            *(_bytes(5, attribute) for attribute in attributes),
        ]
    )


def _ints(name, values):
    numbers = b"".join(_integer(8, value) for value in values)
    return _bytes(1, name.encode()) + numbers + _integer(20, _INTS_ATTRIBUTE)


def _tensor(name, array):
    kind = _FLOAT if array.dtype == np.float32 else _INT64
    sizes = b"".join(_integer(1, side) for side in array.shape)
    return (
        sizes
        + _integer(2, kind)
        + _bytes(8, name.encode())
        + _bytes(9, array.tobytes())
    )


def _value(name, shape):
    sides = b"".join(
        _bytes(1, _bytes(2, s.encode()) if isinstance(s, str) else _integer(1, s))
        for s in shape
    )
    kind = _bytes(1, _integer(1, _FLOAT) + _bytes(2, sides))
    return _bytes(1, name.encode()) + _bytes(2, kind)


def _bytes(field, content):
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _integer(field, value):
    return _varint(field << 3) + _varint(value % (1 << 64))


def _varint(value):
    groups = []
    while value > 127:
        groups.append(value & 127 | 128)
        value >>= 7
    return bytes([*groups, value])
