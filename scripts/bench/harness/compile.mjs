// Compiles what the benchmark needs, on demand, into scripts/bench/build.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const benchFolder = fileURLToPath(new URL('..', import.meta.url))
export const buildFolder = join(benchFolder, 'build')

export function hasCommand(name) {
  return spawnSync('sh', ['-c', `command -v ${name}`]).status === 0
}

function newest(folder) {
  return Math.max(...readdirSync(folder).map((name) => statSync(join(folder, name)).mtimeMs))
}

function isCurrent(target, folders) {
  return existsSync(target) && statSync(target).mtimeMs > Math.max(...folders.map(newest))
}

function run(command, args, options) {
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8', ...options })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed:\n${stderr}`)
}

/** Compiles a C program beside its headers; gives its path. */
export function compiledC(source) {
  const file = join(benchFolder, source)
  const target = join(buildFolder, source.replace(/^.*\/|\.c$/g, ''))
  if (isCurrent(target, [dirname(file), join(benchFolder, 'loader')])) return target
  if (!hasCommand('cc'))
    throw new Error(
      'The load generator is written in C and needs a compiler: apt-get install gcc libc6-dev (or your system’s).',
    )
  mkdirSync(buildFolder, { recursive: true })
  run('cc', ['-O2', '-Wall', '-o', target, file])
  return target
}

/** Compiles a Go program in a folder of its own; gives its path. */
export function compiledGo(source) {
  const folder = join(benchFolder, source)
  const target = join(buildFolder, source.replace(/^.*\//, ''))
  if (isCurrent(target, [folder])) return target
  mkdirSync(buildFolder, { recursive: true })
  run('go', ['build', '-o', target, '.'], { cwd: folder, timeout: 600_000 })
  return target
}

/** Builds a published Go program at its newest version; gives its path. */
export function installedGo(module) {
  const folder = join(buildFolder, 'go')
  const target = join(folder, module.replace(/(\/v\d+)?@.*$/, '').replace(/^.*\//, ''))
  if (existsSync(target)) return target
  run('go', ['install', module], { env: { ...process.env, GOBIN: folder }, timeout: 600_000 })
  return target
}
