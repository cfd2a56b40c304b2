import { connect } from 'mqtt'
import { interval, type Subscription } from 'rxjs'

/** The ids that every example names come first. */
export const demoDeviceIds = Array.from(
  { length: 12 },
  (_, index) => `0848086${String(72 + index).padStart(3, '0')}`,
)

interface Vehicle {
  readonly deviceId: string
  /** Degrees. */
  latitude: number
  longitude: number
  /** Degrees clockwise from north. */
  course: number
  /** km/h. */
  speed: number
  /** Seconds that it goes on standing still. */
  standing: number
  /** Metres. */
  odometer: number
  counter: number
}

const periodMs = 1000
const metresPerDegree = 111_320

/**
 * Twelve vehicles about a town, each reporting once a second in the fleet's own shape: they follow streets, slow down
 * for corners, stop at lights, and turn back at the edge of the town.
 */
export function startDemoFleet(brokerUrl: string, topic: string): Subscription {
  const client = connect(brokerUrl)
  client.on('error', () => undefined) // it connects again by itself
  const vehicles = demoDeviceIds.map(newVehicle)
  const driving = interval(periodMs).subscribe({
    next: () => {
      for (const vehicle of vehicles) {
        drive(vehicle)
        client.publish(topic, JSON.stringify(message(vehicle)))
      }
    },
    error: () => undefined,
  })
  driving.add(() => client.end(true))
  return driving
}

function newVehicle(deviceId: string, index: number): Vehicle {
  const spread = () => (Math.random() - 0.5) * 0.04
  return {
    deviceId,
    latitude: town.latitude + spread(),
    longitude: town.longitude + spread(),
    course: 90 * (index % 4) + 12,
    speed: 20 + 3 * index,
    standing: 0,
    odometer: 184_000_000 + 1000 * index,
    counter: 0,
  }
}

const town = { latitude: 20.5888, longitude: -100.3899, radius: 0.03 }

function drive(vehicle: Vehicle): void {
  vehicle.counter++
  if (vehicle.standing > 0) {
    vehicle.standing--
    vehicle.speed = 0
    return
  }
  const chance = Math.random()
  if (chance < 0.02) vehicle.standing = 5 + Math.floor(Math.random() * 20)
  else if (chance < 0.06) turn(vehicle, Math.random() < 0.5 ? 90 : -90)
  if (isAtEdge(vehicle)) turn(vehicle, 180)
  const wanted = vehicle.standing > 0 ? 0 : 50
  vehicle.speed = Math.max(8, vehicle.speed + (wanted - vehicle.speed) * 0.2 + (Math.random() - 0.5) * 6)
  const metres = (vehicle.speed / 3.6) * (periodMs / 1000)
  const radians = (vehicle.course * Math.PI) / 180
  vehicle.latitude += (Math.cos(radians) * metres) / metresPerDegree
  vehicle.longitude +=
    (Math.sin(radians) * metres) / (metresPerDegree * Math.cos((vehicle.latitude * Math.PI) / 180))
  vehicle.odometer += metres
}

function turn(vehicle: Vehicle, degrees: number): void {
  vehicle.course = (vehicle.course + degrees + 360) % 360
  vehicle.speed *= 0.4
}

/** Whether it is out of the town and goes on outwards. */
function isAtEdge({ latitude, longitude, course }: Vehicle): boolean {
  const north = latitude - town.latitude
  const east = longitude - town.longitude
  const radians = (course * Math.PI) / 180
  return Math.hypot(north, east) > town.radius && north * Math.cos(radians) + east * Math.sin(radians) > 0
}

const signed = (degrees: number) => (degrees < 0 ? '' : '+') + degrees.toFixed(6)

function message(vehicle: Vehicle): unknown {
  const now = new Date()
  return {
    data: {
      DEVICE_ID: vehicle.deviceId,
      LATITUD: signed(vehicle.latitude),
      LONGITUD: signed(vehicle.longitude),
      ALTITUDE: '1820.0',
      SPEED: vehicle.speed.toFixed(2),
      COURSE: vehicle.course.toFixed(2),
      GPS_DATETIME: now.toISOString().slice(0, 19).replace('T', ' '),
      GPS_EPOCH: String(Math.floor(now.getTime() / 1000)),
      ENGINE_STATUS: 'ON',
      FIX_: '1',
      SATELLITES: '9',
      ODOMETER: vehicle.odometer.toFixed(0),
      MAIN_BATTERY_VOLTAGE: '13.80',
      BACKUP_BATTERY_VOLTAGE: '4.10',
      MSG_COUNTER: String(vehicle.counter),
    },
    decoded: {},
    metadata: { WORKER_ID: 1 },
    uuid: crypto.randomUUID(),
  }
}
