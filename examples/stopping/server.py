"""A Python server that stops without losing a request, not even one of a client with a kept-alive connection.

    python3 server.py 3000
"""
import contextlib
import os
import signal
import socket
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

LAME_DUCK_S = 1
# Less than stop.timeout of the service, so that this program decides what is cut off, and reports it.
LIMIT_S = 20

stopping = threading.Event()
idle = set()
lock = threading.Lock()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # The default, 1.0, keeps no connection.
    disable_nagle_algorithm = True
    wbufsize = -1  # Head and body in one write; it is flushed after each request.

    def handle_one_request(self):
        with lock:
            idle.add(self.connection)
        super().handle_one_request()

    def parse_request(self):
        with lock:
            idle.discard(self.connection)
        return super().parse_request()

    def finish(self):
        with lock:
            idle.discard(self.connection)
        super().finish()

    def do_GET(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        answer = f"{self.command} with {len(body)} bytes, from {os.getpid()}\n".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        if stopping.is_set():
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(answer[:4])
        if self.path == "/slow":
            self.wfile.flush()
            time.sleep(1.5)
        self.wfile.write(answer[4:])

    do_POST = do_GET

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    request_queue_size = 511  # The default, 5, makes clients wait a second as soon as a few come at once.
    timeout = 0.1
    nobody_waits = False

    def handle_timeout(self):
        self.nobody_waits = True


terminated = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: terminated.set())
server = Server(("127.0.0.1", int(sys.argv[1])), Handler)
print(f"listening on http://127.0.0.1:{sys.argv[1]}", flush=True)
while not terminated.is_set():
    server.handle_request()

# 1. Stop accepting. First accept the connections that wait: closing the socket would reset them.
server.timeout = 0
server.nobody_waits = False
while not server.nobody_waits:
    server.handle_request()
server.socket.close()
# 2. For one second, answer requests on kept-alive connections with "Connection: close".
stopping.set()
time.sleep(LAME_DUCK_S)
# 3. Then close the idle connections, repeatedly: a long answer that began before makes its connection idle later.
#    Requests that have already arrived on them can still be read, and are answered. Each connection has a thread, which
#    ends with it.
end = time.monotonic() + LIMIT_S
while threading.active_count() > 1:
    with lock:
        for connection in idle:
            with contextlib.suppress(OSError):  # Its client has reset it.
                connection.shutdown(socket.SHUT_RD)
    if time.monotonic() > end:
        print("stopping: cutting off what is still not done", file=sys.stderr, flush=True)
        os._exit(1)
    time.sleep(0.1)
