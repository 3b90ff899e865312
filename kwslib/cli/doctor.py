"""``kws doctor``: what is installed and what is missing."""

import click


@click.command()
def doctor() -> None:
    """Show what is installed, where the caches are, what is missing and what to do about it."""
    from kwslib.runs import installation

    findings = installation.examine()
    click.echo(installation.table(findings))
    installation.require_healthy(findings)
