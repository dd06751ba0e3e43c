"""gunicorn backend.local.wsgi:app: the app with the demo, and where PREVIEW_DIR is set the
mini-program's preview under /preview/.

The preview must come from the same origin as the API: a browser allows nothing else, and the
production app sends no CORS headers for its sake.
"""

import os
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from werkzeug.middleware.shared_data import SharedDataMiddleware

from backend.demo.joining import init_demo
from backend.wsgi import app


def with_preview(api: WSGIApplication, folder: str) -> WSGIApplication:
    """Serve /preview/ as its index.html; leave everything else to the files and the app."""
    # Read on each request: the folder may be built, or built again, while we run.
    files = SharedDataMiddleware(api, {"/preview": folder}, cache=False)

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/preview":
            start_response("308 Permanent Redirect", [("Location", "/preview/")])
            return []
        if environ["PATH_INFO"] == "/preview/":
            environ["PATH_INFO"] = "/preview/index.html"
        return files(environ, start_response)

    return answer


init_demo(app)
if "PREVIEW_DIR" in os.environ:
    preview = with_preview(app.wsgi_app, os.environ["PREVIEW_DIR"])
    app.wsgi_app = preview  # type: ignore[assignment]
