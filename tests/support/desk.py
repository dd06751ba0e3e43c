"""A browser at a desk, over plain HTTP: it fills in forms with the token that the page gave it."""

import re
from datetime import datetime
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from backend.core import clock
from backend.identity.login import scanning
from tests.support.world import Person, World, ok


def form_time(instant: datetime) -> str:
    """An instant as a form's field has it."""
    return instant.astimezone(clock.SHANGHAI).strftime("%Y-%m-%dT%H:%M")


class Desk:
    """One browser.

    Attributes:
        http: Flask's client, with the browser's cookies.
    """

    def __init__(self, world: World, person: Person | None = None) -> None:
        """
        Args:
            person: who logs in, by a code that they confirm with their phone; None for nobody.
        """
        self.http: FlaskClient = world.app.test_client()
        if person is not None:
            ok(person.post(f"/console-logins/{self.ask()}/confirm"), 204)
            assert self.send("/console/login/qr/enter").status_code == 303

    def read(self, path: str, status: int = 200) -> str:
        """A page's text.

        Raises AssertionError when it answers another status.
        """
        answer = self.http.get(path)
        page = answer.get_data(as_text=True)
        assert answer.status_code == status, page
        return page

    def token(self) -> str:
        """The token that this browser's forms carry."""
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.read("/console/login"))
        assert found is not None
        return found[1]

    def send(self, path: str, *, origin: str | None = None, **fields: Any) -> TestResponse:
        """Send a form: with the page's token, unless `csrf_token` is given.

        Args:
            origin: the site that the browser says the form comes from.
        """
        data = {"csrf_token": self.token()} | fields
        return self.http.post(path, data=data, headers={"Origin": origin} if origin else None)

    def step(self, path: str, **fields: Any) -> str:
        """Send a form that asks once more before it is done; the page that asks.

        Raises AssertionError when it does not.
        """
        answer = self.send(path, **fields)
        assert answer.status_code == 303, answer.get_data(as_text=True)
        assert "asked=" in answer.location, answer.location
        return self.read(answer.location)

    def waiting(self) -> dict[str, int]:
        """What the first page says waits, and how much of each."""
        headings = r'id="kind-\d+"><a href="[^"]+">(.+?) <strong>([\d,]+)</strong>'
        found = re.findall(headings, self.read("/console/"))
        return {title: int(count) for title, count in found}

    def ask(self) -> str:
        """The code in the QR that the login page shows."""
        page = self.send("/console/login/qr").get_data(as_text=True)
        found = re.search(rf"{scanning.QR_PREFIX}([\w-]+)", page)
        assert found is not None
        return found[1]
