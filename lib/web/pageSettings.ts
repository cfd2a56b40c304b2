/** What the server and the build write into the page. */
export interface PageSettings {
  /** Where map tiles come from; empty where the package's own map is drawn. */
  readonly tilesUrl: string
  readonly tilesAttribution: string
  readonly keepAliveMs: number
  /** The address of the package's own map. */
  readonly worldUrl: string
}

export function readPageSettings(page: Document): PageSettings {
  const content = (name: string) =>
    page.querySelector<HTMLMetaElement>(`meta[name="afluente:${name}"]`)?.content.trim() ?? ''
  return {
    tilesUrl: content('tiles'),
    tilesAttribution: content('tiles-attribution'),
    keepAliveMs: Number(content('keep-alive-ms')) || 25_000,
    worldUrl: content('world'),
  }
}
