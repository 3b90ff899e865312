"""Which requantisation a layer's kernel has: the cheapest proved one that the kernel has registers for."""

from collections.abc import Callable, Iterator
from functools import cached_property

from kwslib.gap8.kernels.kernel import RequantisingKernel
from kwslib.gap8.kernels.rounding import Rounding
from kwslib.gap8.planning import forms, staircase
from kwslib.gap8.planning.forms import Proof
from kwslib.gap8.planning.staircase import Staircase
from kwslib.integer.graph import Layer


class Proofs:
    """The proofs of a layer, found when they are wanted, each once.

    Parameters
    ----------
    layer : Layer
    signed : bool
        Whether its input is the network's own.
    """

    def __init__(self, layer: Layer, signed: bool):
        self.layer, self.signed = layer, signed
        self._by_codes: dict[bool, Proof | None] = {}

    @cached_property
    def _stairs(self) -> Staircase:
        return staircase.staircase(self.layer, self.signed)

    @cached_property
    def _iterator(self) -> Iterator[Proof]:
        return forms.proofs(self._stairs, self.layer)

    @cached_property
    def _found(self) -> list[Proof]:
        return []

    def __iter__(self) -> Iterator[Proof]:
        """Yield the proofs, the cheapest first."""
        yield from self._found
        for proof in self._iterator:
            self._found.append(proof)
            yield proof

    def of_codes(self, signed: bool) -> Proof | None:
        """Return the cheapest proof for an input that is stored in some way, signed or not, or None."""
        if signed not in self._by_codes:
            stairs = staircase.staircase(self.layer, signed)
            self._by_codes[signed] = next(forms.proofs(stairs, self.layer), None)
        return self._by_codes[signed]

    def same_as(self, rounding: Rounding) -> Proof | None:
        """Return the proof with the form and shifts of another layer, or None if it fails."""
        return forms.prove_as(self._stairs, rounding)

    def choose(self, kernel: Callable[[Rounding], RequantisingKernel]) -> tuple[Proof | None, str]:
        """Return the cheapest proof whose kernel can be made, or None; and why there is none."""
        reason = "no form of the kernels' requantisation is exact for it"
        for proof in self:
            refusal = kernel(proof.rounding).refusal()
            if refusal is None:
                return proof, ""
            reason = refusal
        return None, reason
