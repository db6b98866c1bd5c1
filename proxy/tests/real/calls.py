"""A server and a client of gRPC, whose messages are octets as they are: `server`, or `client PORT [ROOT-CERTIFICATE]`.

The server listens on `$PORT`, or on a port that is free and that it prints, until its input ends.
"""

import os
import sys
import threading
from concurrent import futures

import grpc

PATIENCE = 20
cancelled = threading.Semaphore(0)


def unary(request, context):
    context.set_trailing_metadata((("x-end", "yes"),))
    return request.upper()


def count(requests, context):
    return str(sum(1 for _ in requests)).encode()


def repeat(request, context):
    for _ in range(3):
        yield request


def echo(requests, context):
    yield from requests


def forever(request, context):
    context.add_callback(cancelled.release)
    yield b"first"
    threading.Event().wait(PATIENCE) if context.is_active() else None


def was_cancelled(request, context):
    return b"yes" if cancelled.acquire(timeout=PATIENCE) else b"no"


def missing(request, context):
    context.abort(grpc.StatusCode.NOT_FOUND, "no such thing")


def serve():
    handlers = {
        "Unary": grpc.unary_unary_rpc_method_handler(unary),
        "Count": grpc.stream_unary_rpc_method_handler(count),
        "Repeat": grpc.unary_stream_rpc_method_handler(repeat),
        "Echo": grpc.stream_stream_rpc_method_handler(echo),
        "Forever": grpc.unary_stream_rpc_method_handler(forever),
        "WasCancelled": grpc.unary_unary_rpc_method_handler(was_cancelled),
        "Missing": grpc.unary_unary_rpc_method_handler(missing),
    }
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=8))
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("test.Test", handlers),))
    print(server.add_insecure_port("127.0.0.1:" + os.environ.get("PORT", "0")), flush=True)
    server.start()
    # Whoever started this closes its input.
    sys.stdin.read()
    server.stop(0)


def open_channel(port, root=None):
    target = f"ipv4:127.0.0.1:{port}"
    options = [("grpc.default_authority", "shop.localhost"), ("grpc.enable_http_proxy", 0)]
    if root is None:
        return grpc.insecure_channel(target, options)
    credentials = grpc.ssl_channel_credentials(open(root, "rb").read())
    options.append(("grpc.ssl_target_name_override", "shop.localhost"))
    return grpc.secure_channel(target, credentials, options)


def ask(*place):
    channel = open_channel(*place)

    def call(kind, name, request):
        return getattr(channel, kind)(f"/test.Test/{name}")(request, timeout=PATIENCE)

    def show(name, work):
        try:
            print(name, work(), flush=True)
        except grpc.RpcError as error:
            print(name, error.code().name, error.details(), flush=True)

    def with_trailers():
        answer, done = channel.unary_unary("/test.Test/Unary").with_call(b"hi", timeout=PATIENCE)
        return answer, dict(done.trailing_metadata()).get("x-end")

    def ping_pong():
        said, heard = threading.Semaphore(1), []

        def words():
            for number in range(3):
                # Nothing more is said before what was said has come back.
                said.acquire()
                yield str(number).encode()

        for word in call("stream_stream", "Echo", words()):
            heard.append(word)
            said.release()
        return heard

    def broken_off():
        answers = call("unary_stream", "Forever", b"")
        first = next(answers)
        answers.cancel()
        return first, call("unary_unary", "WasCancelled", b"")

    show("unary", with_trailers)
    show("large", lambda: len(call("unary_unary", "Unary", b"a" * (1 << 20))))
    show("client stream", lambda: call("stream_unary", "Count", iter([b"a"] * 5)))
    show("server stream", lambda: list(call("unary_stream", "Repeat", b"x")))
    show("both", ping_pong)
    show("cancel", broken_off)
    show("error", lambda: call("unary_unary", "Missing", b""))


serve() if sys.argv[1] == "server" else ask(*sys.argv[2:])
