"""A group of commands that read and print any text, whatever the locale is."""

import sys
from io import TextIOWrapper

import click
from flask.cli import AppGroup

from web import text
from web.text import TextError


class _Command(click.Command):
    """A command that reads arguments in UTF-8, and prints any text in any locale."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments, after they have been decoded again if necessary."""
        if isinstance(sys.stdout, TextIOWrapper):
            sys.stdout.reconfigure(errors="backslashreplace")
        try:
            return super().parse_args(ctx, [text.decode_argument(value) for value in args])
        except TextError as error:
            raise click.ClickException(f"An argument {error}") from None


class Group(AppGroup):
    """A group of such commands, which run in the context of the application."""

    command_class = _Command
