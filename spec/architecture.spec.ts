import { expect } from 'chai'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import ts from 'typescript'
import { root } from './support/example.js'

/** What stands on which floor: a folder of lib/, or a file beside them. Imports go down, or stay in their folder. */
const floors = new Map([
  ['operators', 1],
  ['errors.ts', 1],
  ['client', 1],
  ['stats', 2],
  ['web', 2],
  ['feed', 3],
  ['auth', 3],
  ['session', 4],
  ['shares', 4],
  ['stores', 4],
  ['relay', 4],
  ['http', 5],
  ['doors', 5],
  ['gateway.ts', 6],
  ['index.ts', 7],
  ['service', 7],
])

interface Import {
  /** A package, or a file of lib/ by its path from there. */
  readonly of: string
  readonly isRelative: boolean
  readonly isTypeOnly: boolean
}

interface Source {
  readonly path: string
  readonly text: string
  readonly tree: ts.SourceFile
  readonly imports: readonly Import[]
}

const placeOf = (path: string) => path.split('/')[0] ?? path
const floorOf = (path: string) => floors.get(placeOf(path)) ?? Infinity

function everyNode(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node)
  ts.forEachChild(node, (child) => everyNode(child, visit))
}

/** What a node imports, in whichever way: a statement, a re-export, `import()`, or `import()` as a type. */
function importOf(node: ts.Node): { name: ts.Node | undefined; isTypeOnly: boolean } | undefined {
  if (ts.isImportDeclaration(node)) {
    return {
      name: node.moduleSpecifier,
      isTypeOnly: node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword,
    }
  }
  if (ts.isExportDeclaration(node)) return { name: node.moduleSpecifier, isTypeOnly: node.isTypeOnly }
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    return { name: node.arguments[0], isTypeOnly: false }
  }
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
    return { name: node.argument.literal, isTypeOnly: true }
  }
  return undefined
}

function importsOf(path: string, tree: ts.SourceFile): Import[] {
  const imports: Import[] = []
  everyNode(tree, (node) => {
    const found = importOf(node)
    if (found?.name === undefined || !ts.isStringLiteralLike(found.name)) return
    const { text } = found.name
    const isRelative = text.startsWith('.')
    const file = posix.join(posix.dirname(path), text).replace(/\.js(x?)$/, '.ts$1')
    imports.push({ of: isRelative ? file : text, isRelative, isTypeOnly: found.isTypeOnly })
  })
  return imports
}

const lib = join(root, 'lib')
const sources: readonly Source[] = readdirSync(lib, { recursive: true, encoding: 'utf8' })
  .map((path) => path.replaceAll('\\', '/'))
  .filter((path) => /\.tsx?$/.test(path))
  .map((path) => {
    const text = readFileSync(join(lib, path), 'utf8')
    const tree = ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true)
    return { path, text, tree, imports: importsOf(path, tree) }
  })

/** Imports that break a rule, as lines to read. */
function offences(
  within: (path: string) => boolean,
  isAllowed: (imported: Import, path: string) => boolean,
): string[] {
  return sources
    .filter(({ path }) => within(path))
    .flatMap(({ path, imports }) =>
      imports.filter((imported) => !isAllowed(imported, path)).map(({ of }) => `${path} imports ${of}`),
    )
}

/** Places where a node is found outside of where it may stand. */
function uses(outside: string, isFound: (node: ts.Node) => boolean): string[] {
  const found: string[] = []
  for (const { path, tree } of sources) {
    if (path === outside || placeOf(path) === outside) continue
    everyNode(tree, (node) => {
      if (isFound(node)) found.push(`${path}: ${node.getText()}`)
    })
  }
  return found
}

const isIdentifier = (node: ts.Node | undefined, name: string) =>
  node !== undefined && ts.isIdentifier(node) && node.text === name

function cycles(): string[] {
  const imports = new Map(sources.map((source) => [source.path, source.imports]))
  const done = new Set<string>()
  const found: string[] = []
  function follow(path: string, way: readonly string[]): void {
    if (way.includes(path)) found.push([...way.slice(way.indexOf(path)), path].join(' → '))
    if (way.includes(path) || done.has(path)) return
    for (const { of } of imports.get(path) ?? []) follow(of, [...way, path])
    done.add(path)
  }
  for (const { path } of sources) follow(path, [])
  return found
}

describe('lib', () => {
  it('has every file on a floor', () => {
    expect(sources.map(({ path }) => path).filter((path) => floorOf(path) === Infinity)).to.deep.equal([])
  })

  it('imports only from floors below, or from the same folder, types too', () => {
    const isAllowed = ({ of, isRelative }: Import, path: string) =>
      !isRelative || placeOf(of) === placeOf(path) || floorOf(of) < floorOf(path)
    expect(offences(() => true, isAllowed)).to.deep.equal([])
  })

  it('has no import cycles', () => {
    expect(cycles()).to.deep.equal([])
  })

  for (const folder of ['operators', 'client']) {
    it(`needs RxJS alone for ${folder}/`, () => {
      const isAllowed = ({ of, isRelative }: Import) =>
        isRelative ? placeOf(of) === folder : /^rxjs(\/|$)/.test(of)
      expect(offences((path) => placeOf(path) === folder, isAllowed)).to.deep.equal([])
    })
  }

  it('builds web/ on operators/ and client/, and on nothing else of its own', () => {
    const ownFloors = ['web', 'operators', 'client']
    const isAllowed = ({ of, isRelative }: Import) => !isRelative || ownFloors.includes(placeOf(of))
    expect(offences((path) => placeOf(path) === 'web', isAllowed)).to.deep.equal([])
  })

  it("has Express, and ws's server, in http/ alone", () => {
    const isAllowed = ({ of, isTypeOnly }: Import) =>
      !/^(express|cors|ws)$/.test(of) || (of === 'ws' && isTypeOnly)
    expect(offences((path) => placeOf(path) !== 'http', isAllowed)).to.deep.equal([])
  })

  it('has winston in service/ alone', () => {
    const isAllowed = ({ of }: Import) => !of.startsWith('winston')
    expect(offences((path) => placeOf(path) !== 'service', isAllowed)).to.deep.equal([])
  })

  it('reads the environment, hears signals and ends the process in service/ alone', () => {
    const ofProcess = /^(env|argv|on|once|addListener|exit|exitCode|kill|chdir)$/
    const found = uses('service', (node) => {
      if (ts.isPropertyAccessExpression(node))
        return isIdentifier(node.expression, 'process') && ofProcess.test(node.name.text)
      return ts.isVariableDeclaration(node) && isIdentifier(node.initializer, 'process')
    })
    expect(found).to.deep.equal([])
    const isAllowed = ({ of }: Import) => !/^(node:)?process$/.test(of)
    expect(offences((path) => placeOf(path) !== 'service', isAllowed)).to.deep.equal([])
  })

  it('calls new Observable in operators/link.ts alone', () => {
    const isNewObservable = (node: ts.Node) =>
      ts.isNewExpression(node) && isIdentifier(node.expression, 'Observable')
    expect(uses('operators/link.ts', isNewObservable)).to.deep.equal([])
  })

  it('computes nothing in an index', () => {
    const computing = sources
      .filter(({ path }) => posix.basename(path) === 'index.ts')
      .flatMap(({ path, tree }) =>
        tree.statements
          .filter(
            (statement) => !(ts.isExportDeclaration(statement) && statement.moduleSpecifier !== undefined),
          )
          .map((statement) => `${path}: ${statement.getText()}`),
      )
    expect(computing).to.deep.equal([])
  })

  it('has at most 200 lines a file', () => {
    const long = sources.map(({ path, text }) => ({ path, lines: text.trimEnd().split('\n').length }))
    expect(long.filter(({ lines }) => lines > 200)).to.deep.equal([])
  })
})

describe('package.json', () => {
  interface Manifest {
    readonly exports: Record<string, string | Record<string, string>>
    readonly bin: Record<string, string>
  }
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest

  it('exports files that the build makes', () => {
    const targets = Object.values(manifest.exports).flatMap((target) =>
      typeof target === 'string' ? [target] : Object.values(target),
    )
    const missing = [...targets, ...Object.values(manifest.bin)].filter(
      (path) => !existsSync(join(root, path)),
    )
    expect(missing).to.deep.equal([])
  })

  it('leads each entry point to its index', async () => {
    const entries = Object.keys(manifest.exports).filter((entry) => !entry.endsWith('.json'))
    expect(entries).to.include.members(['.', './operators'])
    for (const entry of entries) {
      const named = (await import(posix.join('afluente', entry))) as object
      const built = (await import(`../lib/${posix.join(entry, 'index.js')}`)) as object
      expect(named, entry).to.equal(built)
    }
  })
})
