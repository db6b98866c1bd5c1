"""A web server that takes its time: to start, and to make its report."""

import os
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

STEPS = ["reads the catalogue", "warms the cache", "opens the doors"]


class Site(BaseHTTPRequestHandler):
    def do_GET(self):
        is_report = self.path.startswith("/report")
        if is_report:
            print("makes the report", flush=True)
            time.sleep(float(os.environ["REPORTS_IN"]))
        title = "The report" if is_report else "The site"
        page = f"<!doctype html><title>{title}</title><h1>{title}</h1>".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *words):
        pass


for step in STEPS:
    print(step, flush=True)
    time.sleep(float(os.environ["STARTS_IN"]) / len(STEPS))
ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Site).serve_forever()
