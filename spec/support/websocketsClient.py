"""A client on the `websockets` library. Obeys lines of JSON on stdin; tells what happens as lines of JSON."""
import asyncio
import json
import sys

import websockets


def say(**what):
    print(json.dumps(what), flush=True)


async def obey(socket):
    lines = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while line := await lines.readline():
        command = json.loads(line)
        if "send" in command:
            await socket.send(command["send"])
        else:
            await socket.close()


async def main(url):
    socket = await websockets.connect(url, max_size=None)
    obeying = asyncio.create_task(obey(socket))
    say(open=True)
    try:
        async for text in socket:
            say(text=text)
    except websockets.ConnectionClosedError:
        pass
    say(code=socket.close_code, reason=socket.close_reason)
    obeying.cancel()


asyncio.run(main(sys.argv[1]))
