import { type Coords, GridLayer, type GridLayerOptions } from 'leaflet'

const equator = 40_075_016.686 // metres round the earth at the equator (EPSG:3857)
const leastPixels = 56
const tilePixels = 256

/** The side of the grid's squares: 1, 2 or 5 times a power of ten metres, and no narrower than the eye likes. */
export function gridMetres(zoom: number, latitude: number): number {
  const least = leastPixels * metresPerPixel(zoom, latitude)
  const power = 10 ** Math.floor(Math.log10(least))
  return ([1, 2, 5, 10].find((factor) => factor * power >= least) ?? 10) * power
}

export function metresPerPixel(zoom: number, latitude: number): number {
  return (equator * Math.cos((latitude * Math.PI) / 180)) / (tilePixels * 2 ** zoom)
}

/**
 * Squared paper in true metres, where there is no map to draw: it makes movement and distance visible. It is exact at
 * one latitude, which is as good as everywhere on a phone's screen.
 */
export class MeterGrid extends GridLayer {
  readonly #latitude: number

  constructor(latitude: number, options: GridLayerOptions) {
    super(options)
    this.#latitude = latitude
  }

  protected override createTile({ x, y, z }: Coords): HTMLElement {
    const tile = document.createElement('canvas')
    const ratio = Math.min(3, window.devicePixelRatio || 1)
    tile.width = tile.height = tilePixels * ratio
    const pen = tile.getContext('2d')
    if (pen === null) return tile
    pen.scale(ratio, ratio)
    const step = gridMetres(z, this.#latitude) / metresPerPixel(z, this.#latitude)
    const style = getComputedStyle(document.documentElement)
    for (const [every, color] of [
      [1, style.getPropertyValue('--grid')],
      [5, style.getPropertyValue('--grid-strong')],
    ] as const) {
      pen.strokeStyle = color
      pen.beginPath()
      for (const at of linesWithin(x * tilePixels, step * every)) {
        pen.moveTo(at, 0)
        pen.lineTo(at, tilePixels)
      }
      for (const at of linesWithin(y * tilePixels, step * every)) {
        pen.moveTo(0, at)
        pen.lineTo(tilePixels, at)
      }
      pen.stroke()
    }
    return tile
  }
}

/** Where a tile that begins at `start` pixels of the world is crossed by lines that are `step` pixels apart. */
function linesWithin(start: number, step: number): number[] {
  const lines: number[] = []
  for (let line = Math.ceil(start / step); line * step < start + tilePixels; line++) {
    lines.push(Math.floor(line * step - start) + 0.5) // on the middle of a pixel, for a sharp line
  }
  return lines
}
