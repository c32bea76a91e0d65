"""A Flask application whose only route returns a constant, served like a leg."""

from flask import Flask, Response

from web import serving

#: As long as this project's answer for an active token.
ANSWER = (
    b'{"active":true,"scope":"photos:read","client_id":"a-client-of-the-benchmark-1",'
    b'"username":"alice","name":"Alice Liddell","sub":"a-subject-of-the-benchmark",'
    b'"aud":"http://127.0.0.1:9002","iss":"http://127.0.0.1:9000","iat":1767225600,'
    b'"exp":1767225720,"token_type":"Bearer","token_use":"access_token"}'
)


def create_app() -> Flask:
    """Return the application."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = 64 * 1024

    @app.post("/introspect")
    def introspect() -> Response:
        return Response(ANSWER, mimetype="application/json")

    @app.get("/healthz")
    def health() -> str:
        return "ok"

    return app


asgi_app = serving.as_asgi(create_app)
