# SPDX-License-Identifier: MIT
"""A web server for tests: it prints nothing, also when a client gives up, which is often what is tried."""

import http.server


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, handler):
        super().__init__(("127.0.0.1", 0), handler)

    def handle_error(self, request, client_address):
        pass
