// A small server on Centrifuge, the engine of Centrifugo: takes the feed from the MQTT broker and publishes each message
// to its device's channel. History, presence and recovery stay off, as nobody else here has them on.
//
//	centrifuge <port> <broker port> <topic> [write delay in ms]
package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/centrifugal/centrifuge"
	mqtt "github.com/eclipse/paho.mqtt.golang"
)

var deviceKey = []byte(`"DEVICE_ID":"`)

func stop(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func main() {
	port, brokerPort, topic := os.Args[1], os.Args[2], os.Args[3]
	var delay time.Duration
	if len(os.Args) > 4 {
		ms, err := strconv.Atoi(os.Args[4])
		stop(err)
		delay = time.Duration(ms) * time.Millisecond
	}

	node, err := centrifuge.New(centrifuge.Config{ClientChannelLimit: 10000})
	stop(err)
	node.OnConnecting(func(context.Context, centrifuge.ConnectEvent) (centrifuge.ConnectReply, error) {
		reply := centrifuge.ConnectReply{Credentials: &centrifuge.Credentials{UserID: "bench"}}
		if delay > 0 {
			reply.WriteDelay = delay
			reply.MaxMessagesInFrame = -1
		}
		return reply, nil
	})
	node.OnConnect(func(client *centrifuge.Client) {
		client.OnSubscribe(func(_ centrifuge.SubscribeEvent, callback centrifuge.SubscribeCallback) {
			callback(centrifuge.SubscribeReply{}, nil)
		})
	})
	stop(node.Run())

	publish := func(_ mqtt.Client, message mqtt.Message) {
		payload := message.Payload()
		at := bytes.Index(payload, deviceKey)
		if at < 0 {
			return
		}
		id := payload[at+len(deviceKey):]
		end := bytes.IndexByte(id, '"')
		if end < 0 {
			return
		}
		// The engine copies nothing: the payload is this message's own.
		_, _ = node.Publish(string(id[:end]), payload)
	}
	options := mqtt.NewClientOptions().AddBroker("tcp://127.0.0.1:" + brokerPort).SetClientID("centrifuge").SetOrderMatters(true)
	client := mqtt.NewClient(options)
	token := client.Connect()
	token.Wait()
	stop(token.Error())
	token = client.Subscribe(topic, 0, publish)
	token.Wait()
	stop(token.Error())

	http.Handle("/connection/websocket", centrifuge.NewWebsocketHandler(node, centrifuge.WebsocketConfig{
		CheckOrigin: func(*http.Request) bool { return true },
	}))
	fmt.Println("ready")
	stop(http.ListenAndServe("127.0.0.1:"+port, nil))
}
