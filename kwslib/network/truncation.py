"""Cut a ``.tflite`` file short, so that an inner layer's output becomes the network's output.

TFLite's default kernels (XNNPACK) run the network as one piece, in which intermediate tensors cannot be read; a file
that ends earlier makes them visible, computed by the same kernels.
"""

from typing import Any

import flatbuffers

from kwslib.errors import InputError, ModelError


def truncated(data: bytes, operator: int) -> bytes:
    """Cut a file after one operator.

    Parameters
    ----------
    data : bytes
        A ``.tflite`` file with one subgraph.
    operator : int
        Index of the last operator to keep; its first output becomes the output of the network.

    Returns
    -------
    bytes
        A ``.tflite`` file; weights that are no longer used are left out.

    Raises
    ------
    ModelError
        If the file cannot be read.
    InputError
        If there is no such operator.
    """
    from tensorflow.lite.python import schema_py_generated as schema

    if len(data) < 8 or data[4:8] != b"TFL3":
        raise ModelError(f"not a .tflite file: {len(data)} bytes without the identifier TFL3")
    try:
        model = schema.ModelT.InitFromPackedBuf(bytes(data), 0)
        (graph,) = model.subgraphs
    except Exception as error:  # the generated reader raises whatever a damaged offset leads it to
        raise ModelError(f"the file is cut off or damaged, or has several subgraphs: {error}") from error
    if not 0 <= operator < len(graph.operators):
        raise InputError(f"there is no operator {operator}: the file has {len(graph.operators)}, counted from 0")
    graph.operators = graph.operators[: operator + 1]
    graph.outputs = [int(graph.operators[-1].outputs[0])]
    model.signatureDefs = []  # they name tensors that may be gone
    used = {int(i) for op in graph.operators for i in (*op.inputs, *op.outputs)} | {int(i) for i in graph.inputs}
    kept = {tensor.buffer for index, tensor in enumerate(graph.tensors) if index in used}
    for index, buffer in enumerate(model.buffers):
        if index not in kept and index not in {entry.buffer for entry in model.metadata or []}:
            buffer.data = None
    _drop_unused(graph, used)
    builder = flatbuffers.Builder(len(data))
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _drop_unused(graph: Any, used: set[int]) -> None:
    """Remove the tensors that no operator touches, which TFLite would allocate memory for."""
    place = {old: new for new, old in enumerate(sorted(used - {-1}))} | {-1: -1}
    graph.tensors = [graph.tensors[old] for old in sorted(used - {-1})]
    for record in (*graph.operators, graph):
        record.inputs = [place[int(index)] for index in record.inputs]
        record.outputs = [place[int(index)] for index in record.outputs]
