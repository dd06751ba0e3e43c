"""What the use cases of credentials take, as the schemas of web/ make it."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCredential:
    """A credential that is handed in.

    Attributes:
        kind: a key of config/credential_kinds.toml.
        valid_until: the last day on which it is valid.
    """

    kind: str
    issuer: str
    number: str
    valid_until: date


@dataclass(frozen=True, slots=True)
class Document:
    """A scan or a PDF as it is kept, through `documents.made_safe`."""

    content: bytes
    mimetype: str
