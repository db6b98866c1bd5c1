"""A page, a stream of events and an echoing WebSocket, without anything to install, and a page that is loaded once its socket has said
something."""

import base64, hashlib, os, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


TALKS = b"""<!doctype html><title>talks</title><script>
const socket = new WebSocket(location.origin.replace("http", "ws") + "/socket");
socket.onopen = () => socket.send("hello");
socket.onmessage = event => fetch("/heard?" + event.data);
</script><img src="/once-heard">"""
heard = threading.Event()


class Page(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/socket":
            return self.socket()
        if self.path == "/events":
            return self.events()
        if self.path.startswith("/heard?"):
            heard.set()
        if self.path == "/once-heard":
            heard.wait(30)
        body = TALKS if self.path == "/talks" else b"<!doctype html><title>shop</title><p id=said>hello</p>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        # Another service of the project may ask, with its cookies.
        self.send_header("Access-Control-Allow-Origin", self.headers.get("Origin", "null"))
        self.send_header("Access-Control-Allow-Credentials", "true")
        self.end_headers()
        self.wfile.write(body)

    def events(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        for number in range(3):
            self.wfile.write(f"data: {number}\n\n".encode())
            self.wfile.flush()
        # The stream stays open: whoever buffers it delivers nothing.
        self.connection.recv(1)

    def socket(self):
        key = self.headers["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.send_header("Sec-WebSocket-Accept", base64.b64encode(hashlib.sha1(key.encode()).digest()).decode())
        self.end_headers()
        # One short masked frame of text, sent back unmasked (RFC 6455 section 5.2).
        head = self.rfile.read(2)
        length = head[1] & 0x7F
        mask, data = self.rfile.read(4), self.rfile.read(length)
        text = bytes(byte ^ mask[place % 4] for place, byte in enumerate(data))
        self.wfile.write(bytes([0x81, length]) + text)
        self.wfile.flush()
        self.rfile.read(1)
        self.close_connection = True

    def log_request(self, *_):
        # In one piece: several are asked for at once.
        print(f"{self.path} {self.headers['User-Agent']}\n", end="", flush=True)


ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Page).serve_forever()
