"""The twin of the service that afluente replaces: FastAPI, paho-mqtt, and for each WebSocket a queue of 100.

server.py <port> <broker port> <topic>
"""

import asyncio
import json
import sys
from collections import defaultdict

import paho.mqtt.client as mqtt
import uvicorn
from fastapi import FastAPI, WebSocket, WebSocketDisconnect

port, broker_port, topic = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
app = FastAPI()
watchers = defaultdict(set)


def on_device_message(message):
    device_id = message["data"]["DEVICE_ID"]
    for queue in watchers.get(device_id, ()):
        try:
            queue.put_nowait(message)
        except asyncio.QueueFull:
            pass


@app.on_event("startup")
async def start_feed():
    loop = asyncio.get_running_loop()
    client = mqtt.Client(client_id="fastapi")

    def on_connect(client, userdata, flags, code):
        client.subscribe(topic, qos=0)

    def on_message(client, userdata, message):
        loop.call_soon_threadsafe(on_device_message, json.loads(message.payload))

    def on_subscribe(client, userdata, mid, granted):
        print("ready", flush=True)

    client.on_connect = on_connect
    client.on_message = on_message
    client.on_subscribe = on_subscribe
    client.connect("127.0.0.1", broker_port)
    client.loop_start()


@app.websocket("/api/v1/stream")
async def stream(websocket: WebSocket):
    device_ids = [name.strip() for name in websocket.query_params.get("device_ids", "").split(",") if name.strip()]
    queue = asyncio.Queue(maxsize=100)
    for device_id in device_ids:
        watchers[device_id].add(queue)
    await websocket.accept()

    async def write():
        while True:
            message = await queue.get()
            await websocket.send_text(json.dumps({"event": "message", "data": message}))

    writing = asyncio.create_task(write())
    try:
        while True:
            await websocket.receive_text()
    except WebSocketDisconnect:
        pass
    finally:
        writing.cancel()
        for device_id in device_ids:
            watchers[device_id].discard(queue)


uvicorn.run(app, host="127.0.0.1", port=port, log_level="error", access_log=False, ws_per_message_deflate=False)
