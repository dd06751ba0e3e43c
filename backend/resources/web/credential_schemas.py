"""What the credentials' routes and forms take and answer."""

from typing import Any

import marshmallow as ma
from marshmallow import fields as out

from backend.core.config import titles
from backend.core.web import fields
from backend.core.web.fields import Schema
from backend.resources.credentials.models import CredentialState
from backend.resources.credentials.requests import NewCredential

ISSUER_LENGTH, NUMBER_LENGTH = 60, 40


class CredentialRequest(Schema):
    kind = fields.Key(titles("credential_kinds"), required=True)
    issuer = fields.Text(ISSUER_LENGTH, required=True, metadata={"example": "武进区卫生健康局"})
    number = fields.Text(NUMBER_LENGTH, required=True)
    valid_until = fields.Day(
        required=True, metadata={"description": "the last day on which it is valid"}
    )

    @ma.post_load
    def make(self, data: dict[str, Any], **_: object) -> Any:
        return NewCredential(**data)


class CredentialForm(CredentialRequest):
    """Its file comes beside it: the view makes a request of the rest."""

    @ma.post_load
    def make(self, data: dict[str, Any], **_: object) -> dict[str, Any]:
        return {"credential": NewCredential(**data)}


class CredentialAnswer(ma.Schema):
    id = out.UUID()
    organisation_id = out.UUID()
    kind = out.String()
    issuer = out.String()
    number = out.String(metadata={"description": "its end alone", "example": "****1234"})
    valid_until = out.Date()
    document = out.Boolean(metadata={"description": "whether there is one"})
    state = out.Enum(CredentialState, by_value=True)
    reason = out.String(allow_none=True, metadata={"description": "why it was rejected"})
