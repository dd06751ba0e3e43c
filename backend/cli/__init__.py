"""Commands for those who set a deployment up: `flask --app backend.wsgi <group> <command>`.

Regions, organisations and roles come in here; everything else through the API. In the audit
log who runs a command is the system itself: whoever reaches this shell reaches the database.
"""

from flask import Flask

from backend.cli.accounts import accounts_group
from backend.cli.organisations import organisations_group
from backend.cli.regions import regions_group
from backend.cli.roles import admin_group, roles_group


def init_cli(app: Flask) -> None:
    """Give the app its commands."""
    for group in (regions_group, organisations_group, admin_group, roles_group, accounts_group):
        app.cli.add_command(group)
