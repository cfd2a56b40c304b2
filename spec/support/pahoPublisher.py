"""A publisher on paho-mqtt: publishes what lines of JSON on stdin say, and answers each when the broker has it."""
import base64
import json
import sys

from paho.mqtt.client import Client

client = Client()
client.connect("127.0.0.1", int(sys.argv[1]))
client.loop_start()
print("{}", flush=True)
for line in sys.stdin:
    order = json.loads(line)
    client.publish(order["topic"], base64.b64decode(order["payload"]), qos=1).wait_for_publish()
    print("{}", flush=True)
client.disconnect()
