"""Commands about the key that links in mails are made with: secret rotate, secret show."""

import typer

from flows.cli_options import project_folder

app = typer.Typer()
secret = typer.Typer(
    no_args_is_help=True,
    help="Replace or show the key of links in mails.",
)
app.add_typer(secret, name="secret")


@secret.command()
def rotate() -> None:
    """Make links with a new key from now on.

    Those there are go on reading the links of mails already sent, so none of them is taken away.
    With STAMMKUNDE_SECRET the new one is printed, to be put there; else it is written into
    var/secret.key.
    """
    from flows.keyring import rotate as put_before

    put_before(project_folder())


@secret.command()
def show() -> None:
    """Say where the keys are kept and how many there are, without showing them."""
    from flows.keyring import show as tell

    tell(project_folder())
