"""A token endpoint: unsigned tokens, as a test broker takes them, to whoever knows the secret."""

from __future__ import annotations

import base64
import json
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

CLIENT = "shop-client"
CLIENT_SECRET = "Kessel-Pfeife-63"


def unsigned_token(subject: str, life_s: float) -> str:
    """Return a JSON Web Token that nobody signed."""
    now = time.time()
    claims = {"sub": subject, "iat": now - 1, "exp": now + life_s}
    parts = [json.dumps(one).encode() for one in ({"alg": "none"}, claims)]
    return ".".join(base64.urlsafe_b64encode(one).decode().rstrip("=") for one in parts) + "."


class TokenEndpoint:
    """Runs while the `with` block does; `asked` counts requests, `status` is what they get."""

    def __init__(self, subject: str = "admin") -> None:
        self.subject = subject
        self.life_s = 600.0
        self.status = 200
        self.asked = 0
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                endpoint._answer(self)

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    @property
    def address(self) -> str:
        """Where tokens are asked for."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/token"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        self.asked += 1
        sent = request.rfile.read(int(request.headers.get("Content-Length", 0))).decode()
        status, body = self._decide(request.headers.get("Authorization", ""), sent)
        content = json.dumps(body).encode()
        request.send_response(status)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        request.wfile.write(content)

    def _decide(self, proof: str, sent: str) -> tuple[int, dict[str, Any]]:
        if self.status != 200:
            return self.status, {"error": "invalid_client", "error_description": proof}
        expected = base64.b64encode(f"{CLIENT}:{CLIENT_SECRET}".encode()).decode()
        if proof != f"Basic {expected}":
            return 401, {"error": "invalid_client", "error_description": proof}
        if urllib.parse.parse_qs(sent).get("grant_type") != ["client_credentials"]:
            return 400, {"error": "unsupported_grant_type"}
        token = unsigned_token(self.subject, self.life_s)
        return 200, {"access_token": token, "token_type": "Bearer", "expires_in": self.life_s}
