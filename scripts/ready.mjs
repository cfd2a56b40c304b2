// Makes a checkout ready, doing only what is missing: dependencies, a build, and for the specs the servers they need.
// It has no dependencies itself, since it must run before anything is installed.
//   node scripts/ready.mjs build|start|test
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const mode = process.argv[2] ?? 'build'

const say = (text) => process.stderr.write(`${text}\n`)

function stop(text) {
  say(text)
  process.exit(1)
}

function run(command, args, options = {}) {
  const shell = process.platform === 'win32'
  const { status } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2], shell, ...options })
  if (status !== 0) stop(`${command} ${args.join(' ')} ended with ${status ?? 'a signal'}`)
}

function files(path) {
  if (!existsSync(path)) return []
  if (statSync(path).isFile()) return [path]
  return readdirSync(path)
    .sort()
    .flatMap((name) => files(join(path, name)))
}

function fingerprint(paths) {
  const hash = createHash('sha256')
  for (const file of paths.flatMap((path) => files(join(root, path))))
    hash.update(file).update(readFileSync(file))
  return hash.digest('hex')
}

/** Does `work` unless it was done before with the same inputs. */
function once(stampPath, inputs, work) {
  const stamp = join(root, stampPath)
  const wanted = fingerprint(inputs)
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return
  work()
  writeFileSync(stamp, wanted)
}

function dependencies() {
  once('node_modules/.ready', ['package-lock.json'], () => {
    say('Installing dependencies (npm ci) …')
    run('npm', ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'])
  })
}

function build(project, stamp, inputs) {
  once(stamp, [...inputs, 'tsconfig.json', 'package-lock.json'], () => {
    say('Building …')
    if (inputs.length > 1) rmSync(join(root, 'dist'), { recursive: true, force: true })
    run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', project])
  })
}

function buildPages() {
  once('dist/.web', ['lib/web', 'scripts/buildWeb.mjs', 'tsconfig.json', 'package-lock.json'], () => {
    say('Building the pages …')
    run(process.execPath, ['scripts/buildWeb.mjs'])
  })
}

const has = (command, ...args) => spawnSync(command, args, { stdio: 'ignore' }).status === 0
const hasPython = (name) => has('/usr/bin/python3', '-c', `import ${name}`)

/** What the specs need beside Node, each with its Debian package and how to see that it is there. */
const servers = [
  {
    package: 'mosquitto',
    present: () => has('sh', '-c', 'command -v mosquitto || test -x /usr/sbin/mosquitto'),
  },
  { package: 'mosquitto-clients', present: () => has('sh', '-c', 'command -v mosquitto_pub') },
  { package: 'redis-server', present: () => has('sh', '-c', 'command -v redis-server') },
  { package: 'python3-websockets', present: () => hasPython('websockets') },
  { package: 'python3-paho-mqtt', present: () => hasPython('paho.mqtt.client') },
  { package: 'gcc', present: () => has('sh', '-c', 'command -v gcc') },
  { package: 'libc6-dev', present: () => existsSync('/usr/include/stdio.h') },
  { package: 'iproute2', present: () => has('sh', '-c', 'command -v ip') },
  { package: 'chromium', present: () => existsSync('/usr/bin/chromium') },
]

function specServers() {
  const missing = servers.filter(({ present }) => !present()).map((server) => server.package)
  if (missing.length === 0) return
  const isRoot = process.getuid?.() === 0
  const sudo = isRoot ? [] : ['sudo', '-n']
  const install = [
    ...sudo,
    'env',
    'DEBIAN_FRONTEND=noninteractive',
    'apt-get',
    'install',
    '-y',
    '--no-install-recommends',
  ]
  const byHand = `The specs need servers that are not here. On Debian or Ubuntu:
  sudo apt-get update && sudo apt-get install -y --no-install-recommends ${missing.join(' ')}`
  if (!has('sh', '-c', 'command -v apt-get') || (!isRoot && !has('sudo', '-n', 'true'))) stop(byHand)
  say(`Installing what the specs need: ${missing.join(' ')} …`)
  // A list may be out of date while the package is served all the same, so only the install decides.
  spawnSync(sudo[0] ?? 'apt-get', [...sudo.slice(1), ...(isRoot ? [] : ['apt-get']), 'update', '-qq'], {
    stdio: ['ignore', 'ignore', 2],
  })
  try {
    execFileSync(install[0], [...install.slice(1), ...missing], { stdio: ['ignore', 'ignore', 2] })
  } catch {
    stop(byHand)
  }
}

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 20 || (major === 20 && minor < 12))
  stop(`afluente needs Node 20.12 or newer; this is ${process.version}`)

dependencies()
if (mode === 'test') {
  build('.', 'dist/.specs', ['lib', 'spec', 'examples'])
  buildPages()
  specServers()
} else {
  build('lib', 'dist/.lib', ['lib'])
  buildPages()
}
