"""/api/docs: the OpenAPI document as a page, from Swagger UI's files in the flask-swagger-ui wheel
(offices sit on closed networks: no CDN)."""

from flask import Flask
from flask_swagger_ui import get_swaggerui_blueprint

from backend.core.web.api import PUBLIC, declare_access

DOCS_URL = "/api/docs"


def init_docs(app: Flask) -> None:
    app.register_blueprint(
        get_swaggerui_blueprint(
            DOCS_URL, "/api/openapi.json", config={"app_name": "吾社集 API", "docExpansion": "none"}
        )
    )
    declare_access(PUBLIC)(app.view_functions["swagger_ui.show"])
