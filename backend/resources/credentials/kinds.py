"""Which credential a kind of service requires (config/credential_kinds.toml)."""

from backend.core.config import load

# Of a kind of service the credential.
REQUIRED: dict[str, str] = {
    service: kind
    for kind, entry in load("credential_kinds").items()
    for service in entry["required_by"]
}
