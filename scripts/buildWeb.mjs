// Builds the pages of lib/web into dist/lib/web: checked, bundled, named by their content, and compressed beforehand.
import { build } from 'esbuild'
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { meshArcs, quantize, transform } from 'topojson-client'

const root = fileURLToPath(new URL('..', import.meta.url))
const out = join(root, 'dist/lib/web')
const assets = join(out, 'assets')
const require = createRequire(import.meta.url)

function check() {
  const args = [require.resolve('typescript/bin/tsc'), '-p', join(root, 'lib/web')]
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: ['ignore', 2, 2] })
  if (status !== 0) process.exit(1)
}

/** Writes an asset under a name that changes with its content, beside it its compressed forms; returns its address. */
function asset(name, content) {
  const bytes = Buffer.from(content)
  const hash = createHash('sha256').update(bytes).digest('base64url').slice(0, 10)
  const file = `${basename(name, extname(name))}-${hash}${extname(name)}`
  const { BROTLI_PARAM_QUALITY, BROTLI_MAX_QUALITY } = constants
  writeFileSync(join(assets, file), bytes)
  writeFileSync(join(assets, `${file}.gz`), gzipSync(bytes, { level: 9 }))
  writeFileSync(
    join(assets, `${file}.br`),
    brotliCompressSync(bytes, { params: { [BROTLI_PARAM_QUALITY]: BROTLI_MAX_QUALITY } }),
  )
  return `/share/assets/${file}`
}

/** Leaflet has a module, from which the bundler can leave out what isn't used, and names it nowhere. */
const leafletAsModule = {
  name: 'leaflet-as-module',
  setup: ({ onResolve }) =>
    onResolve({ filter: /^leaflet$/ }, () => ({ path: require.resolve('leaflet/dist/leaflet-src.esm.js') })),
}

async function bundle() {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: ['lib/web/share.ts', 'lib/web/share.css'],
    outdir: assets,
    bundle: true,
    write: false,
    minify: true,
    format: 'esm',
    target: ['es2022', 'safari15.4'],
    legalComments: 'none', // they are all in licenses.txt
    tsconfig: 'lib/web/tsconfig.json',
    plugins: [leafletAsModule],
    loader: { '.png': 'empty' }, // the icons of controls that the page doesn't have
    logLevel: 'warning',
  })
  const textOf = (extension) => outputFiles.find(({ path }) => path.endsWith(extension)).text
  return { script: asset('share.js', textOf('.js')), style: asset('share.css', textOf('.css')) }
}

/** Land and borders of world-atlas, without names, on a grid coarse enough to stay small. */
function world() {
  const atlas = JSON.parse(readFileSync(require.resolve('world-atlas/countries-50m.json'), 'utf8'))
  const arcs = atlas.arcs.map((arc) => {
    const point = transform(atlas.transform)
    return arc.map((step, index) => point(step, index))
  })
  const land = {
    type: 'GeometryCollection',
    geometries: atlas.objects.land.geometries.map(({ type, arcs }) => ({ type, arcs })),
  }
  const borders = {
    type: 'MultiLineString',
    arcs: meshArcs(atlas, atlas.objects.countries, (one, other) => one !== other).arcs,
  }
  const topology = { type: 'Topology', bbox: atlas.bbox, arcs, objects: { land, borders } }
  return asset('world.json', JSON.stringify(quantize(topology, 15_000)))
}

/** What the page contains of others', with their terms. */
function licenses() {
  return ['leaflet', 'rxjs', 'tslib', 'topojson-client', 'world-atlas']
    .map((name) => {
      const folder = dirname(findPackage(name))
      const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
      const terms = ['LICENSE', 'LICENSE.txt', 'LICENSE.md'].map((file) => {
        try {
          return readFileSync(join(folder, file), 'utf8')
        } catch {
          return ''
        }
      })
      return `${name} ${version}\n\n${terms.join('').trim()}\n`
    })
    .join(`\n${'-'.repeat(80)}\n\n`)
}

// Not every package lets its package.json be required.
function findPackage(name) {
  for (const folder of require.resolve.paths(name)) {
    const file = join(folder, name, 'package.json')
    try {
      readFileSync(file)
      return file
    } catch {
      continue
    }
  }
  throw new Error(`${name} is not installed`)
}

check()
rmSync(assets, { recursive: true, force: true })
mkdirSync(assets, { recursive: true })
const addresses = {
  ...(await bundle()),
  world: world(),
  icon: asset('icon.svg', readFileSync(join(root, 'lib/web/icon.svg'))),
}
let html = readFileSync(join(root, 'lib/web/share.html'), 'utf8').replace(/\n\s+/g, '\n')
for (const [name, address] of Object.entries(addresses)) html = html.replace(`{{${name}}}`, address)
writeFileSync(join(out, 'share.html'), html)
writeFileSync(join(out, 'licenses.txt'), licenses())
