"""What API and console answer alike."""

from flask import Response

from backend.feedback.photos import MIMETYPE


def photo_response(jpeg: bytes) -> Response:
    """A photo to look at: no program, whatever is in it, and kept by nobody on the way."""
    response = Response(jpeg, content_type=MIMETYPE)
    response.headers["Content-Disposition"] = "inline"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store"
    return response
