"""The operators of a ``.tflite`` file, in their order, as the layers of an integer graph."""

from collections import Counter
from dataclasses import dataclass, replace

from kwslib.errors import ModelError
from kwslib.integer import operands
from kwslib.integer.flatbuffer import RawModel, RawOperator, RawTensor
from kwslib.integer.graph import NETWORK_INPUT, Graph, Layer, Tensor
from kwslib.integer.operands import NONE, Padded, Padding, Step
from kwslib.integer.operators import ENDS, JOINS, SHAPES, TAKE_PADDING, TRANSLATORS

LARGEST_DEPTH = 500  # layers; large has 14
LARGEST_OPERATIONS = 1 << 30  # of one inference, seconds of GAP8; large has 220 million


@dataclass(frozen=True)
class Value:
    """A tensor of the file in the graph: what it is, which layer writes it, and zero points to be put around it."""

    tensor: Tensor
    layer: int = NETWORK_INPUT
    padding: Padding = NONE


def translate(model: RawModel, name: str) -> Graph:
    """Translate the operators of a file into a graph.

    Each operator reads one tensor that was written before, an ADD two; every tensor is read.

    Raises
    ------
    ModelError
        Naming the operator that is not of the family, or the tensor that is not 8-bit.
    """
    known = (*TRANSLATORS, *ENDS)
    for operator in model.operators:  # first: a file of another kind has more that is strange
        if operator.name not in (*known, *SHAPES):
            raise ModelError(f"{operator} is not part of the DS-CNN family; known are {', '.join(known)}")
    return _Translation(model).graph(name)


class _Translation:
    """The state of walking through the operators: the tensors written, and the layers found."""

    def __init__(self, model: RawModel):
        self.model = model
        self.layers: list[Layer] = []
        self.values: dict[int, Value] = {}
        self.shapes: set[int] = set()
        self.input: Tensor | None = None
        self.float_ends = False
        self.operations = 0
        for what, indices in (("input", model.inputs), ("output", model.outputs)):
            if len(indices) != 1:
                raise ModelError(f"the network has {len(indices)} {what}s; a keyword spotter has one")
        self.start, self.finish = model.inputs[0], model.outputs[0]

    def graph(self, name: str) -> Graph:
        model = self.model
        if model.tensors[self.start].data is not None:
            raise ModelError(f"the network's input, tensor {self.start}, is a constant")
        written, writers, readers = {self.start}, {}, Counter[int]()
        for operator in model.operators:
            if self.finish in written:
                raise ModelError(f"{operator} comes after the network's output, tensor {self.finish}")
            # only an output that has not been written before is a step forward: no cycle can pass
            if len(operator.outputs) != 1 or operator.outputs[0] in written:
                raise ModelError(f"{operator} does not write one new tensor: the network is not a graph of layers")
            target = model.tensors[operator.outputs[0]]
            if target.data is not None:
                raise ModelError(f"{operator} writes tensor {target.index}, a constant")
            if operator.name in SHAPES:
                self._shape(operator, target, written)
                continue
            reads = self._reads(operator, written)
            readers.update(reads)
            self._step(operator, [model.tensors[index] for index in reads], target)
            written.add(target.index)
            writers[target.index] = operator
        if self.finish not in self.values and self.finish != self.start:
            raise ModelError(f"no operator writes the network's output, tensor {self.finish}")
        for index, operator in writers.items():
            if index != self.finish and not readers[index]:
                raise ModelError(f"{operator} writes tensor {index}, which nothing reads")
        if not any(layer.weights is not None for layer in self.layers):
            raise ModelError("the network has no layer with weights; it is not a DS-CNN")
        last = self.values[self.finish]
        if any(last.padding):
            raise ModelError("the network ends with padding; it is not a DS-CNN")
        assert self.input is not None  # the layer with weights has one
        return Graph(name, self.input, last.tensor, tuple(self.layers), self.float_ends)

    def _bound(self, operator: RawOperator, layer: Layer) -> None:
        """Refuse a network that nobody would wait for, before anything is computed of it."""
        if len(self.layers) == LARGEST_DEPTH:
            raise ModelError(f"{operator} begins layer {LARGEST_DEPTH + 1}; at most {LARGEST_DEPTH} are supported")
        self.operations += layer.operations
        if self.operations > LARGEST_OPERATIONS:
            raise ModelError(
                f"the network takes {self.operations} operations up to {operator}; a keyword spotter takes at most "
                f"{LARGEST_OPERATIONS}"
            )

    def _reads(self, operator: RawOperator, written: set[int]) -> tuple[int, ...]:
        """The tensors that an operator takes from those before it."""
        data = self._data(operator, written)
        wanted = 2 if operator.name in JOINS else 1
        if len(data) != wanted or operator.inputs[: len(data)] != data:
            what = "two tensors" if wanted == 2 else "one tensor, its first operand,"
            raise ModelError(f"{operator} does not read {what} from the operators before it")
        return data

    def _data(self, operator: RawOperator, written: set[int]) -> tuple[int, ...]:
        tensors = self.model.tensors
        data = tuple(i for i in operator.inputs if i >= 0 and tensors[i].data is None and i not in self.shapes)
        for index in data:
            if index not in written:
                raise ModelError(
                    f"{operator} reads tensor {index}, which is no constant and which no operator before it writes"
                )
        return data

    def _shape(self, operator: RawOperator, target: RawTensor, written: set[int]) -> None:
        """Skip an operator that computes a shape: from then on its output counts as a constant."""
        if target.dtype not in ("int32", "int64"):
            raise ModelError(f"{operator} writes {target.dtype}; it may only compute the shape of a RESHAPE")
        self._data(operator, written)
        self.shapes.add(target.index)
        written.add(target.index)

    def _step(self, operator: RawOperator, sources: list[RawTensor], target: RawTensor) -> None:
        at_start, at_end = sources[0].index == self.start, target.index == self.finish
        if operator.name == "QUANTIZE" and at_start and self.input is None and sources[0].dtype == "float32":
            self.input = operands.activation(f"{operator}'s output", target)
            self.values[target.index] = Value(self.input)
            self.float_ends = True
            return
        if any(source.index == self.start for source in sources) and self.start not in self.values:
            self.input = operands.activation("the network's input", self.model.tensors[self.start])
            self.values[self.start] = Value(self.input)
        # the later operand first: it is what the layer before has just written
        read = sorted((self.values[source.index] for source in sources), key=lambda value: -value.layer)
        if any(any(value.padding) for value in read) and operator.name not in TAKE_PADDING:
            raise ModelError(f"{operator} reads the output of a PAD operator; only {', '.join(TAKE_PADDING)} may")
        if operator.name == "DEQUANTIZE":
            if not at_end or target.dtype != "float32":
                raise ModelError(f"{operator} stands inside of the network, which is then not fully 8-bit")
            self.float_ends = True
            self.values[target.index] = read[0]
            return
        self.values[target.index] = self._translated(operator, read, target)

    def _translated(self, operator: RawOperator, read: list[Value], target: RawTensor) -> Value:
        """What an operator makes: a layer more, or the same codes in another shape."""
        output = operands.activation(f"{operator}'s output", target)
        constants = [self.model.tensors[i] if i >= 0 else None for i in operator.inputs[len(read) :]]
        second = read[1] if len(read) > 1 else None
        source = read[0]
        step = Step(operator, source.tensor, output, constants, source.padding, second.tensor if second else None)
        found = TRANSLATORS[operator.name](step)
        if isinstance(found, Padded):
            return Value(found.tensor, source.layer, found.padding)
        if isinstance(found, Tensor):
            return Value(found, source.layer)
        index = len(self.layers)
        self._bound(operator, found)
        self.layers.append(
            replace(
                found,
                name=f"S{index + 1}_{found.name}",
                source=source.layer,
                second=second.layer if second else None,
            )
        )
        return Value(found.output, index)
