import { circleMarker, type CircleMarker, map as createMap, type Map as LeafletMap } from 'leaflet'
import { fromEvent } from 'rxjs'
import { MeterGrid } from './meterGrid.js'
import type { Place } from './report.js'
import { sizes } from './sizes.js'
import { loadWorld, worldLayer } from './worldMap.js'

/** What lies below the vehicles where there are no tiles. */
export interface Ground {
  /** Tells where the vehicle is now. */
  locate(place: Place): void
}

/** From here on the package's map is too coarse to be believed, and squared paper takes its place. */
export const streetZoom = 10
const locatorZoom = 4

/** Draws the package's own map: the world from afar, squared paper from near, and a locator that puts both together. */
export function openGround(map: LeafletMap, locator: HTMLElement, place: Place, worldUrl: string): Ground {
  const grid = new MeterGrid(place.latitude, {
    className: 'grid',
    minZoom: streetZoom,
    updateWhenZooming: false,
    updateWhenIdle: false, // it costs nothing to fetch, so a map that moves on has no blank edge
    updateInterval: 50,
    keepBuffer: 1,
  })
  grid.addTo(map)
  fromEvent(window.matchMedia('(prefers-color-scheme: dark)'), 'change').subscribe({
    next: () => grid.redraw(),
    error: reportError,
  })
  map.createPane('world').style.zIndex = '150' // below tiles

  const here = createMap(locator, {
    center: [place.latitude, place.longitude],
    zoom: locatorZoom,
    attributionControl: false,
    zoomControl: false,
    keyboard: false,
    dragging: false,
    touchZoom: false,
    scrollWheelZoom: false,
    doubleClickZoom: false,
    boxZoom: false,
  })
  here.createPane('world').style.zIndex = '150'
  locator.removeAttribute('tabindex')
  sizes(locator).subscribe({ next: () => here.invalidateSize({ pan: false }), error: reportError })
  const dot: CircleMarker = circleMarker([place.latitude, place.longitude], {
    radius: 5,
    className: 'here',
    interactive: false,
  }).addTo(here)

  loadWorld(worldUrl).subscribe({
    next: (world) => {
      if (world === undefined) return
      worldLayer(world, 'world').addTo(map)
      worldLayer(world, 'world').addTo(here)
    },
    error: reportError,
  })

  return {
    locate({ latitude, longitude }) {
      const before = dot.getLatLng()
      // One pixel of the locator is kilometres wide.
      if (Math.abs(before.lat - latitude) < 0.01 && Math.abs(before.lng - longitude) < 0.01) return
      dot.setLatLng([latitude, longitude])
      here.panTo([latitude, longitude], { animate: false })
    },
  }
}
