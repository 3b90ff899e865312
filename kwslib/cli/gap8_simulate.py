"""``kws gap8 simulate``: any bare-metal program on the embedded simulator, and where its cycles go."""

from pathlib import Path

import click

from kwslib.cli.options import CYCLES, WAITS
from kwslib.errors import InputError
from kwslib.files import held_open, keep_apart
from kwslib.gap8.hardware import CORES
from kwslib.gap8.measure.timing import STALL_KINDS
from kwslib.paths import write_json
from kwslib.terminal import table

MOST_ADDRESS = (1 << 32) - 1
TRACE_CORES = {f"pe{n}": 1 << n for n in range(CORES)} | {"fc": 1 << CORES}


def by_function(rows: list[dict]) -> list[dict]:
    """Add the cluster's eight cores up, function by function, as core ``pe*``."""
    sums: dict[tuple[str, str], dict] = {}
    for row in rows:
        core = "pe*" if row["core"].startswith("pe") else row["core"]
        total = sums.setdefault((core, row["function"]), {**dict.fromkeys(row, 0), "core": core})
        for name, value in row.items():
            total[name] = total[name] + value if isinstance(value, int) else total[name] or value
    return list(sums.values())


def profile_table(rows: list[dict], limit: int = 40, rest: str = "see --json") -> str:
    """Return the simulator's profile as text, the costliest function of a core first.

    Parameters
    ----------
    rows : list of dict
        `kwslib.gap8.platforms.simulator.SimulationResult.profile`.
    limit : int
        Most rows to show.
    rest : str
        Where the others are.
    """
    columns = ("instructions", "cycles", "sleep_cycles", *(f"{kind}_cycles" for kind in STALL_KINDS))
    shown = sorted(rows, key=lambda row: -row["cycles"])[:limit]
    text = table(
        [(row["core"], row["function"][:32], *(row[column] for column in columns)) for row in shown],
        head=("core", "function", "instr.", "cycles", "sleep", *STALL_KINDS),
        left=2,
    )
    return f"{text}\n({len(rows) - limit} more rows: {rest})" if len(rows) > limit else text


def _trace_mask(names: str) -> int:
    mask = 0
    for name in names.split(","):
        if name not in TRACE_CORES:
            raise InputError(f"unknown core '{name}' in --trace-cores: pe0 to pe7 and fc, separated by commas")
        mask |= TRACE_CORES[name]
    return mask


def _trace_range(text: str) -> tuple[int, int]:
    first, _, last = text.partition("-")
    try:
        addresses = int(first, 0), int(last, 0)
    except ValueError as error:
        raise InputError(f"--trace-range {text}: two addresses, such as 0x1c000000-0x1c000400") from error
    if not 0 <= addresses[0] < addresses[1] <= MOST_ADDRESS:
        raise InputError(f"--trace-range {text}: the lower address first, and none above {MOST_ADDRESS:#x}")
    return addresses


@click.command()
@click.argument("program", type=click.Path(path_type=Path))
@click.option("--profile", is_flag=True, help="Show cycles and stalls by function and core, on stderr.")
@click.option(
    "--trace", type=click.Path(path_type=Path, dir_okay=False), help="Write every executed instruction to this file."
)
@click.option("--trace-cores", metavar="NAMES", help="Trace these cores alone: pe0,fc ...")
@click.option("--trace-range", metavar="FROM-TO", help="Trace these addresses alone.")
@click.option("--max-cycles", type=CYCLES, help="End with an error if the program has not exited by then.")
@click.option("--check-uninitialised", is_flag=True, help="Report reads of L1 and L2 that were never written.")
@click.option("--flash", type=click.Path(path_type=Path), help="Content of the external flash.")
@click.option(
    "--json", "json_path", type=click.Path(path_type=Path, dir_okay=False), help="Write the run's figures to this file."
)
@click.option("--timeout", "timeout_s", type=WAITS, default=600.0, show_default=True, help="Seconds of the host.")
@click.pass_context
def simulate(
    context: click.Context,
    program: Path,
    profile: bool,
    trace: Path | None,
    trace_cores: str | None,
    trace_range: str | None,
    max_cycles: int | None,
    check_uninitialised: bool,
    flash: Path | None,
    json_path: Path | None,
    timeout_s: float,
) -> None:
    """Run PROGRAM, a bare-metal ELF file, on the embedded GAP8 simulator.

    Prints what the program prints, and exits with its status.
    """
    from kwslib.gap8.platforms import simulator

    cores = None if trace_cores is None else _trace_mask(trace_cores)
    addresses = None if trace_range is None else _trace_range(trace_range)
    if (cores or addresses) and not trace:
        raise InputError("--trace-cores and --trace-range need --trace FILE")
    keep_apart([("PROGRAM", program), ("--flash", flash)], [("--trace", trace), ("--json", json_path)])
    for path in (trace, json_path):
        if path:  # open to the end of the command: a pipe that nobody reads is refused now, not after the simulation
            context.with_resource(held_open(path))
    try:
        result = simulator.simulate(
            program,
            timeout_s=timeout_s,
            max_cycles=max_cycles,
            profile=profile,
            trace=trace,
            trace_cores=cores,
            trace_range=addresses,
            check_uninitialised=check_uninitialised,
            flash=flash,
        )
    except simulator.SimulationFault as error:
        click.echo(error.stdout, nl=False)
        raise
    click.echo(result.stdout, nl=False)
    if result.stderr:
        click.echo(result.stderr, nl=False, err=True)
    if profile:
        click.echo(profile_table(result.profile), err=True)
    if json_path:
        figures = {name: value for name, value in result.__dict__.items() if name not in ("stdout", "stderr")}
        write_json(json_path, {"schema": 1, "simulator": simulator.source_hash(), **figures})
    context.exit(result.exit_status & 0xFF)
