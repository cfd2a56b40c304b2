// The contestants, in the order in which tables show them.
import { afluente, afluenteTwoWorkers } from './afluente.mjs'
import { centrifuge, centrifugeBatching } from './centrifuge.mjs'
import { fastapi } from './fastapi.mjs'
import { floor } from './floor.mjs'
import { mosquitto } from './mosquitto.mjs'
import { nats, natsLatest } from './nats.mjs'
import { bareNet, bareNode, nodePlain } from './nodeServers.mjs'

export const contestants = [
  floor,
  afluente,
  afluenteTwoWorkers,
  nats,
  natsLatest,
  centrifuge,
  centrifugeBatching,
  mosquitto,
  nodePlain,
  bareNode,
  bareNet,
  fastapi,
]
