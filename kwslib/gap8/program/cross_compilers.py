"""The compilers for other machines than this one, with the flags that choose those.

Programs for GAP8 are compiled by the RISC-V GCC that ``KWS_RISCV_CC`` names, or by ziglang where that is not set.
WebAssembly is always made by ziglang. `kwslib.toolchain` finds and calls them.
"""

import os

from kwslib.toolchain import Compiler, on_path, ziglang

RISCV_VARIABLE = "KWS_RISCV_CC"
"""Variable that names a RISC-V GCC, to be used instead of ziglang."""

ABI = "-mabi=ilp32"
ZIG_TARGET = (
    "-Os",  # small code: the instruction cache holds 4 KB
    "-g",  # keeps the symbols, which the profile needs; link.ld drops the other debug sections
    "--target=riscv32-freestanding-none",
    "-mcpu=generic_rv32+m+c+zicsr",
    "-fno-sanitize=all",
    "-mno-relax",
    ABI,
)
GCC_TARGET = (
    "-O2",
    "-march=rv32imc_zicsr",
    "-mno-relax",
    "-fno-tree-loop-distribute-patterns",  # else GCC turns the loop in memset into a call of memset
    ABI,
)
WASM_TARGET = (
    "--target=wasm32-freestanding",
    "-mcpu=generic+simd128+bulk_memory",  # which browsers have had since 2023
    "-fno-sanitize=all",
    "-nostdlib",
)


def find_riscv() -> Compiler:
    """Return the compiler for programs of GAP8, with the flags that choose its target.

    Raises
    ------
    NoSuchCompiler
        If ``$KWS_RISCV_CC`` names one that does not exist.
    CompilerError
        If the variable is unset and ziglang is not installed.
    """
    wanted = os.environ.get(RISCV_VARIABLE)
    if wanted:
        return Compiler((on_path(wanted, "RISC-V compiler", RISCV_VARIABLE), *GCC_TARGET), is_zig=False)
    words = ziglang("RISC-V compiler", f"{RISCV_VARIABLE} to a RISC-V GCC")
    return Compiler((*words, *ZIG_TARGET), is_zig=True)


def find_wasm() -> Compiler:
    """Return the compiler for WebAssembly, with the flags that choose its target: ziglang, whatever the variables say.

    Raises
    ------
    CompilerError
        If ziglang is not installed.
    """
    return Compiler((*ziglang("compiler for WebAssembly"), *WASM_TARGET), is_zig=True)
