import { expect } from 'chai'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import ts from 'typescript'
import { root } from './support/example.js'

const block = /```ts\n([^]*?)```/g

/** The examples of a text, each as a module of its own. */
function examplesOf(text: string): string[] {
  return [...text.matchAll(block)].map(([, code = '']) => `${code}export {}\n`)
}

/** The docstrings of a source, without their stars. */
function docstringsOf(source: string): string {
  const docstrings = source.match(/\/\*\*[^]*?\*\//g) ?? []
  return docstrings.join('\n').replace(/^[ \t]*\* ?/gm, '')
}

/** What the compiler says of files, each line with the file and the code that it is about. */
function complaints(files: readonly string[]): string[] {
  const program = ts.createProgram(files, {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    strict: true,
    skipLibCheck: true,
    noEmit: true,
    types: ['node'],
    typeRoots: [join(root, 'node_modules/@types')],
    paths: {
      afluente: [join(root, 'lib/index.ts')],
      'afluente/operators': [join(root, 'lib/operators/index.ts')],
    },
  })
  return ts.getPreEmitDiagnostics(program).map(({ file, start = 0, messageText }) => {
    const line = file?.text.slice(start).split('\n')[0] ?? ''
    return `${basename(file?.fileName ?? '')}: ${line}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`
  })
}

describe('examples in the text', () => {
  const sources = readdirSync(join(root, 'lib'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => ({
      path: `lib/${path}`,
      text: docstringsOf(readFileSync(join(root, 'lib', path), 'utf8')),
    }))
  const texts = [...sources, { path: 'README.md', text: readFileSync(join(root, 'README.md'), 'utf8') }]
  const examples = texts.flatMap(({ path, text }) =>
    examplesOf(text).map((code, at) => ({ name: `${path.replaceAll(/[/\\]/g, '.')}-${at + 1}.ts`, code })),
  )

  it('are found in docstrings and in the README', () => {
    expect(examples.filter(({ name }) => name.startsWith('lib.'))).not.to.be.empty
    expect(examples.filter(({ name }) => name.startsWith('README'))).not.to.be.empty
  })

  it('compile as they stand', function () {
    this.timeout(60_000)
    mkdirSync(join(root, 'dist'), { recursive: true })
    const folder = mkdtempSync(join(root, 'dist/examples-in-text-'))
    try {
      for (const { name, code } of examples) writeFileSync(join(folder, name), code)
      expect(complaints(examples.map(({ name }) => join(folder, name)))).to.deep.equal([])
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
