"""A server and a client of WebSockets, by the library that most Python programs use.

`server` listens on `$PORT`. `client URL PORT [ROOT-CERTIFICATE]` tries everything at that port of loopback and prints what came of it;
`wait URL PORT [ROOT-CERTIFICATE]` opens a socket, says so, and prints how it ended; `beat URL PORT` does that while it sends heartbeats of
both kinds, those of the protocol and those that pages make up, and counts the answers.
"""

import asyncio
import os
import random
import ssl
import sys

import websockets
from websockets.extensions.permessage_deflate import PerMessageDeflate

LARGE = 10_000_000
PATIENCE = 30
closed_with = asyncio.Queue()


def is_compressed(socket):
    return any(isinstance(it, PerMessageDeflate) for it in socket.extensions)


def noise(seed):
    # Nothing that can be made smaller, or little would cross.
    return random.Random(seed).randbytes(LARGE)


async def serve(socket):
    path = socket.path
    if path == "/agreed":
        await socket.send(f"{socket.subprotocol} {is_compressed(socket)} {socket.request_headers.get('Origin')}")
    elif path == "/enough":
        return await socket.close(4001, "enough")
    elif path == "/closed-with":
        return await socket.send(await asyncio.wait_for(closed_with.get(), PATIENCE))
    elif path == "/both":
        # Both say everything before either listens to the end.
        sending = asyncio.create_task(socket.send(noise(1)))
        heard = await socket.recv()
        await sending
        await socket.send(str(heard == noise(2)))
    try:
        async for message in socket:
            await socket.send(message)
    except websockets.ConnectionClosedError:
        pass
    if path == "/close-me":
        await closed_with.put(f"{socket.close_code} {socket.close_reason}")


async def server():
    options = dict(max_size=None, ping_interval=None, subprotocols=["second"])
    async with websockets.serve(serve, "127.0.0.1", int(os.environ["PORT"]), **options):
        await asyncio.Future()


def connect(url, port, root=None, path="/", **options):
    if root:
        options["ssl"] = ssl.create_default_context(cafile=root)
        options["server_hostname"] = "shop.localhost"
    options = dict(host="127.0.0.1", port=int(port), max_size=None, ping_interval=None) | options
    return websockets.connect(url + path, **options)


async def client(*to):
    asked = dict(subprotocols=["first", "second"], origin="http://shop.localhost")
    async with connect(*to, path="/agreed", **asked) as socket:
        print("agreed", socket.subprotocol, is_compressed(socket), "|", await socket.recv())
        await socket.send("a text")
        await socket.send(b"octets")
        print("echo", await socket.recv(), await socket.recv())
        await asyncio.wait_for(await socket.ping(b"are you there"), PATIENCE)
        print("pong")
        await socket.send(["in", " three", " parts"])
        print("fragments", await socket.recv())
    async with connect(*to, path="/agreed", compression=None) as socket:
        print("plain", socket.subprotocol, is_compressed(socket), "|", await socket.recv())
    async with connect(*to, path="/both") as socket:
        sending = asyncio.create_task(socket.send(noise(2)))
        heard = await socket.recv()
        await sending
        print("large", heard == noise(1), await socket.recv())
    async with connect(*to, path="/enough") as socket:
        try:
            await socket.recv()
        except websockets.ConnectionClosed as closed:
            print("closed", closed.rcvd.code, closed.rcvd.reason)
    async with connect(*to, path="/close-me") as socket:
        await socket.close(4002, "done here")
        print("close answered", socket.close_code)
    async with connect(*to, path="/closed-with") as socket:
        print("server saw", await socket.recv())


async def wait(*to):
    async with connect(*to) as socket:
        print("open", flush=True)
        try:
            # A line says how long nothing is to be said, after which it is there still.
            silence = float(await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline))
            await asyncio.sleep(silence)
            await socket.send("still here")
            print(await socket.recv(), flush=True)
            await socket.recv()
        except websockets.ConnectionClosed as closed:
            print("closed", closed.rcvd, flush=True)


async def beat(*to):
    async with connect(*to) as socket:
        print("open", flush=True)
        beats = 0
        try:
            while True:
                await (await socket.ping())
                await socket.send("ping")
                assert await socket.recv() == "ping"
                beats += 1
                await asyncio.sleep(0.1)
        except websockets.ConnectionClosed:
            print("closed after", "many" if beats > 2 else beats, flush=True)


asyncio.run({"server": server, "client": client, "wait": wait, "beat": beat}[sys.argv[1]](*sys.argv[2:]))
