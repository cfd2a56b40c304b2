import { divIcon, type LatLngExpression, type Map as LeafletMap, marker, polyline } from 'leaflet'
import { fromEventPattern, type Observable, Subject } from 'rxjs'
import type { Pose } from './glide.js'
import { glide } from './glide.js'
import type { Place } from './report.js'
import type { Vehicle } from './shareState.js'
import { faded } from './trail.js'

export type Freshness = 'fresh' | 'silent' | 'still'

/** A vehicle on the map: its arrow, and where it came from. */
export interface VehicleMarker {
  show(vehicle: Vehicle): void
  look(freshness: Freshness, isChosen: boolean): void
  remove(): void
  /** Where the arrow stands, at each of its movements. */
  readonly poses$: Observable<Pose>
  readonly clicks$: Observable<unknown>
}

const latLng = ({ latitude, longitude }: Place): LatLngExpression => [latitude, longitude]
const latLngs = (lines: Place[][]) => lines.map((line) => line.map(latLng))

export function vehicleMarker(
  map: LeafletMap,
  deviceId: string,
  isOneOfSeveral: boolean,
  isStill: () => boolean,
): VehicleMarker {
  const targets$ = new Subject<Pose>()
  const poses$ = new Subject<Pose>()
  const bands = ['faint', 'clear', 'full'].map((name) =>
    polyline([], { className: `trail ${name}`, interactive: false }),
  )
  const tip = polyline([], { className: 'trail full', interactive: false })
  const face = arrow()
  const pin = marker([0, 0], {
    icon: divIcon({ html: face, className: 'vehicle', iconSize: [56, 56], iconAnchor: [28, 28] }),
    keyboard: isOneOfSeveral,
    interactive: isOneOfSeveral,
    ...(isOneOfSeveral ? { title: deviceId, alt: deviceId } : {}),
  })
  let shown: Vehicle | undefined

  function place(next: Pose): void {
    const at = latLng(next.place)
    pin.setLatLng(at)
    if (!map.hasLayer(pin)) for (const layer of [...bands, tip, pin]) layer.addTo(map)
    face.classList.toggle('headless', next.heading === null)
    if (next.heading !== null) face.style.setProperty('--heading', `${next.heading}deg`)
    const from = shown === undefined ? undefined : tipStart(shown)
    tip.setLatLngs(from === undefined ? [] : [latLng(from), at])
    poses$.next(next)
  }
  const gliding = glide(targets$, { isStill }).subscribe({
    next: place,
    error: (error: unknown) => reportError(error),
  })

  return {
    show(vehicle) {
      if (vehicle === shown) return
      const isMoved = vehicle.place !== shown?.place || vehicle.heading !== shown.heading
      shown = vehicle
      faded(trailBody(vehicle)).forEach((lines, band) => bands[band]?.setLatLngs(latLngs(lines)))
      if (isMoved) targets$.next({ place: vehicle.place, heading: vehicle.heading })
    },
    look(freshness, isChosen) {
      face.dataset.freshness = freshness
      pin.setZIndexOffset(isChosen ? 1000 : 0)
    },
    remove() {
      gliding.unsubscribe()
      for (const layer of [...bands, tip, pin]) layer.remove()
      poses$.complete()
    },
    poses$: poses$.asObservable(),
    clicks$: fromEventPattern(
      (listener) => pin.on('click', listener),
      (listener) => pin.off('click', listener),
    ),
  }
}

/** The trail up to where the arrow's last way began: that way is drawn as the arrow goes it. */
function trailBody({ trail, place }: Vehicle): Vehicle['trail'] {
  const piece = trail.at(-1)
  return piece?.at(-1) === place ? [...trail.slice(0, -1), piece.slice(0, -1)] : trail
}

function tipStart(vehicle: Vehicle): Place | undefined {
  return trailBody(vehicle).at(-1)?.at(-1)
}

function arrow(): HTMLElement {
  const face = document.createElement('div')
  face.className = 'face'
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg')
  svg.setAttribute('viewBox', '-28 -28 56 56')
  for (const [name, attributes] of [
    ['circle', { class: 'pulse', r: '18' }],
    ['circle', { class: 'disc', r: '16' }],
    ['path', { class: 'head', d: 'M0-10.500 7.200 8.200 0 4.600-7.200 8.200z' }],
    ['circle', { class: 'dot', r: '6' }],
  ] as const) {
    const shape = document.createElementNS('http://www.w3.org/2000/svg', name)
    for (const [key, value] of Object.entries(attributes)) shape.setAttribute(key, value)
    svg.append(shape)
  }
  face.append(svg)
  return face
}
