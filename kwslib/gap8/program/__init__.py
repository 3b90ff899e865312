"""From a plan to a program: C, ELF, host library, exported project."""
