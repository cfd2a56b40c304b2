import { readFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createRequire } from 'node:module'
import { root } from './example.js'

const require = createRequire(import.meta.url)

/** The files of React that a page needs, by the name under which they are required. */
const parts = {
  react: 'react/cjs/react.production.js',
  'react/jsx-runtime': 'react/cjs/react-jsx-runtime.production.js',
  scheduler: 'scheduler/cjs/scheduler.production.js',
  'react-dom': 'react-dom/cjs/react-dom.production.js',
  'react-dom/client': 'react-dom/cjs/react-dom-client.production.js',
}

/**
 * Serves a page that shows the React example's table, on the stream of `streamUrl` or of its own server. React comes as CommonJS, which browsers don't know: here each
 * file is wrapped in a function, as a bundler would do.
 */
export async function reactPage(
  streamUrl?: string,
): Promise<(request: IncomingMessage, response: ServerResponse) => void> {
  const wrapped = await Promise.all(
    Object.entries(parts).map(async ([name, path]) => {
      const folder = require.resolve(`${path.split('/')[0] ?? ''}/package.json`).replace(/package\.json$/, '')
      const source = await readFile(folder + path.slice(path.indexOf('/') + 1), 'utf8')
      return `${JSON.stringify(name)}: (module, exports, require) => {${source}\n}`
    }),
  )
  const modules = `
    const process = { env: { NODE_ENV: 'production' } }
    const sources = {${wrapped.join(',\n')}}
    const made = {}
    function require(name) {
      if (made[name] === undefined) sources[name]((made[name] = { exports: {} }), made[name].exports, require)
      return made[name].exports
    }`
  const files: Record<string, [type: string, content: string]> = {
    '/': [
      'text/html',
      `<!doctype html><link rel="icon" href="data:," /><div id="root"></div><script src="/modules.js"></script>
      <script type="importmap">{"imports":{"react":"/react.js","react/jsx-runtime":"/jsx.js"}}</script>
      <script type="module">
        import { createElement, Fragment, StrictMode, useState } from 'react'
        import { DeviceTable } from '/react-client.js'
        const { createRoot } = require('react-dom/client')
        const Wrapping = location.search === '?strict' ? StrictMode : Fragment
        function App() {
          const [shown, show] = useState(true)
          const table = createElement(DeviceTable, {
            url: ${streamUrl === undefined ? "location.origin.replace('http', 'ws')" : JSON.stringify(streamUrl)},
            deviceIds: ['0848086072', '0848086073'],
          })
          return [
            createElement('button', { key: 'hide', onClick: () => show(false) }, 'Hide'),
            shown && createElement('div', { key: 'table' }, table),
          ]
        }
        createRoot(document.getElementById('root')).render(createElement(Wrapping, null, createElement(App)))
      </script>`,
    ],
    '/modules.js': ['text/javascript', modules],
    '/react.js': [
      'text/javascript',
      `export const { createElement, Fragment, StrictMode, useEffect, useState } = require('react')`,
    ],
    '/jsx.js': ['text/javascript', `export const { jsx, jsxs } = require('react/jsx-runtime')`],
    '/react-client.js': ['text/javascript', await readFile(`${root}dist/examples/react-client.js`, 'utf8')],
  }
  return (request, response) => {
    const [type, content] = files[request.url?.split('?')[0] ?? ''] ?? ['text/plain', '']
    response.writeHead(content === '' ? 404 : 200, { 'Content-Type': `${type}; charset=utf-8` }).end(content)
  }
}
