import type { Body } from './envelope.js'

/** Where a message names its device: the keys that lead to it in the body, or a level of the topic, from 0. */
export type DeviceIdPlace = readonly string[] | { readonly topicLevel: number }

export const maxDeviceIdLength = 256

/**
 * The device that a message is of: a string of 1 to 256 characters as it is, or a safe integer ≥ 0 as its decimal
 * text. `undefined` where there is none, `null` where what stands there is no id.
 */
export function deviceIdOf(place: DeviceIdPlace, body: Body, topic: string): string | null | undefined {
  const found = 'topicLevel' in place ? topic.split('/')[place.topicLevel] : valueAt(place, body)
  if (found === undefined) return undefined
  if (typeof found === 'string') return found !== '' && isShort(found) ? found : null
  return typeof found === 'number' && Number.isSafeInteger(found) && found >= 0 ? String(found) : null
}

/** Whether an id has no more than 256 characters, counted as Unicode code points. */
export function isShort(deviceId: string): boolean {
  return deviceId.length <= maxDeviceIdLength || Array.from(deviceId).length <= maxDeviceIdLength
}

function valueAt(keys: readonly string[], body: Body): unknown {
  let value: unknown = body
  for (const key of keys) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
    value = (value as Body)[key]
  }
  return value
}
