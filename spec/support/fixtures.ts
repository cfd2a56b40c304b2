import { readFileSync } from 'node:fs'

/** The text of a message fixture, as it is. Compiled specs stand in dist, the fixtures don't. */
export function messageFixture(name: string): string {
  return readFileSync(new URL(`../../../spec/fixtures/messages/${name}`, import.meta.url), 'utf8')
}
