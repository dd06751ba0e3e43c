"""gunicorn backend.local.wsgi:app: the app, and the mini-program's preview under /preview/.

The preview must come from the same origin as the API: a browser allows nothing else, and the
production app sends no CORS headers for its sake.
"""

import os
from collections.abc import Iterable
from pathlib import Path
from wsgiref.types import StartResponse, WSGIEnvironment

from werkzeug.middleware.shared_data import SharedDataMiddleware

from backend.wsgi import app as api

# Read on each request: the folder may be built, or built again, while we run.
_files = SharedDataMiddleware(api, {"/preview": str(Path(os.environ["PREVIEW_DIR"]))}, cache=False)


def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Serve /preview/ as its index.html; leave everything else to the files and the app."""
    if environ["PATH_INFO"] == "/preview":
        start_response("308 Permanent Redirect", [("Location", "/preview/")])
        return []
    if environ["PATH_INFO"] == "/preview/":
        environ["PATH_INFO"] = "/preview/index.html"
    return _files(environ, start_response)
