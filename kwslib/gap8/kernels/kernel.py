"""What a kernel is: a hot loop in assembly, made for given static parameters."""

from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any, ClassVar

from kwslib.errors import InputError
from kwslib.gap8.kernels.assembler import Assembler
from kwslib.gap8.kernels.rounding import Rounding


@dataclass(frozen=True)
class Kernel(ABC):
    """A kernel: a frozen dataclass whose fields are its parameters.

    A kernel of its own derives from this class, sets the two class attributes, and defines `shape_refusal` and `emit`.
    Its docstring says which arguments the function reads, and how its data lie.

    Attributes
    ----------
    generator : str
        Its name in plans and in symbols.
    portable : str
        Its twin in ``firmware/kernels``, which computes the same on the host and for shapes that the kernel
        refuses.
    """

    generator: ClassVar[str]
    portable: ClassVar[str]

    @abstractmethod
    def shape_refusal(self) -> str | None:
        """Say why the kernel cannot be made for this shape, or None if it can."""

    @abstractmethod
    def emit(self, code: Assembler) -> None:
        """Add the kernel's instructions. The shape is one that it can be made for."""

    def refusal(self) -> str | None:
        """Say why the kernel cannot be made for these parameters, or None if it can."""
        return self.shape_refusal()

    def parameters(self) -> dict[str, Any]:
        """Return the parameters by name."""
        return asdict(self)

    def text(self, symbol: str) -> str:
        """Return the kernel as text for a stock assembler.

        Parameters
        ----------
        symbol : str
            Name of the function.

        Raises
        ------
        kwslib.errors.InputError
            If the kernel cannot be made for these parameters; the message is the `refusal`.
        """
        refusal = self.refusal()
        if refusal:
            raise InputError(f"kernel {symbol}: {refusal}")
        code = Assembler(symbol)
        self.emit(code)
        return code.text()


@lru_cache(maxsize=1024)
def code_bytes(kernel: Kernel) -> int:
    """Return the bytes of a kernel's code."""
    code = Assembler("size")
    kernel.emit(code)
    return 4 * len(code.operations())


class RequantisingKernel(Kernel):
    """A kernel whose outputs are stored codes, made of accumulators.

    Attributes
    ----------
    rounding : Rounding
        How.
    signed : bool
        Whether the input is the network's own, whose codes are signed; stored codes are unsigned.
    """

    rounding: Rounding
    signed: bool

    def refusal(self) -> str | None:
        """Say why the kernel cannot be made for these parameters, or None if it can."""
        return self.shape_refusal() or self.rounding.refusal()
