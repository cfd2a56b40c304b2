import type { Map as LeafletMap } from 'leaflet'
import type { Place } from './report.js'

/** Moves on when the vehicle leaves the middle of the view: so it is the arrow that moves, and not the ground. */
export function keepInView(map: LeafletMap, { latitude, longitude }: Place, isStill: boolean): void {
  const size = map.getSize()
  const point = map.latLngToContainerPoint([latitude, longitude])
  const off = Math.max(Math.abs(point.x / size.x - 0.5), Math.abs(point.y / size.y - 0.5))
  if (off < 0.22) return
  if (off > 1.5 || isStill) map.setView([latitude, longitude], map.getZoom(), { animate: false })
  else if (!isPanning.has(map)) {
    isPanning.add(map)
    map.once('moveend', () => isPanning.delete(map))
    map.panTo([latitude, longitude], { duration: 0.9, easeLinearity: 0.5 })
  }
}

// A pan that is begun anew at each frame never gets anywhere.
const isPanning = new WeakSet<LeafletMap>()
