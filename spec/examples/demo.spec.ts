import { expect } from 'chai'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { WebSocket } from 'ws'
import { startChromium } from '../support/chromium.js'
import { type DemoService, startDemoService } from '../support/demoService.js'
import { root, run } from '../support/program.js'
import { reactPage } from '../support/reactPage.js'
import { scriptedServer } from '../support/scriptedServer.js'

describe('examples, against the demo', () => {
  let demo: DemoService
  let directory: string
  let lines: string[]

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'examples-'))
    lines = commands(await readFile(`${root}examples/README.md`, 'utf8'))
    demo = await startDemoService()
  })

  after(async () => {
    await demo.program.stop('SIGTERM')
    await rm(directory, { recursive: true })
  })

  /** The guide's commands that begin so, with this run's ports in the place of the usual ones. */
  const guide = (beginning: string) =>
    lines
      .filter((line) => line.startsWith(beginning))
      .map((line) =>
        line
          .replaceAll('localhost:8000', demo.host)
          .replace('-p 1883', `-p ${demo.brokerPort}`)
          .replace('/tmp', directory)
          .replace(/^python3 (?=examples)(.*?)(?= >|$)/, `/usr/bin/python3 $1 --url ws://${demo.host}`)
          .replace(/^python3/, '/usr/bin/python3'),
      )

  const shell = (line: string) => run('/bin/sh', ['-c', `exec ${line}`])

  it("delivers what the guide's mosquitto_pub lines publish, byte for byte, and nothing without a device", async () => {
    const socket = new WebSocket(`ws://${demo.host}/api/v1/stream?device_ids=0848086072`)
    const frames = new Set<string>()
    socket.on('message', (frame: Buffer) => frames.add(frame.toString()))
    await once(socket, 'open')
    const publishing = guide('mosquitto_pub')
    const payloads = publishing.map((line) => /'(.*)'/.exec(line)?.[1] ?? '')
    const hasDevice = (payload: string) => payload.includes('DEVICE_ID')
    expect(payloads.map(hasDevice)).to.deep.equal([true, true, false])

    // The one without a device goes first: when the others have arrived, it would have.
    for (const line of publishing.reverse()) expect(await shell(line).ended, line).to.equal(0)
    const wanted = payloads.filter(hasDevice).map((payload) => `{"event":"message","data":${payload}}`)
    while (!wanted.every((frame) => frames.has(frame))) await once(socket, 'message')
    expect([...frames].filter((frame) => !frame.includes('DEVICE_ID'))).to.deep.equal([])
    socket.close()
    await once(socket, 'close')
  })

  it('answers the curl lines', async () => {
    for (const line of guide('curl')) {
      const program = shell(line)
      expect(await program.ended, line).to.equal(0)
      expect(JSON.parse(program.stdout()), line).to.be.an('object')
    }
  })

  it('plays the Python lines', async () => {
    const [watching = '', keeping = '', refused = ''] = guide('python3')
    const watcher = shell(watching)
    await watcher.written(/message +0848086072/)
    await watcher.written(/message +0848086073/)
    expect(await watcher.stop('SIGINT')).to.equal(0)

    expect(await shell(keeping).ended).to.equal(0)
    const kept = (await readFile(join(directory, 'messages.ndjson'), 'utf8')).trimEnd().split('\n')
    expect(kept).to.have.length(3)
    for (const frame of kept) expect(frame).to.match(/^{"event":"message","data":{/)

    const client = shell(refused)
    await client.written(/Debe especificar al menos un device_id en los query params/)
    await client.written(/1008/)
    await client.stop('SIGTERM')
  })

  it('refuses the Python client without device ids for good', async () => {
    const program = run('/usr/bin/python3', [
      'examples/websocket_client_example.py',
      '--url',
      `ws://${demo.host}`,
      '--device-ids',
      ',',
    ])
    expect(await program.ended).to.equal(1)
    expect(program.output()).to.match(/error +Debe especificar al menos un device_id.*\n.*closed +1008/)
  })

  it('plays the TypeScript client', async () => {
    const [line = ''] = guide('npx tsc && node')
    const program = shell(line.replace('npx tsc && ', ''))
    await program.written(/message .*"0848086072"/)
    await program.written(/message .*"0848086073"/)
    expect(await program.stop('SIGINT')).to.equal(0)
  })

  it('plays the browser page, which the demo serves', async () => {
    const browser = await startChromium()
    try {
      const page = await browser.newPage()
      const complaints: string[] = []
      page.on('pageerror', (error) => complaints.push(error.message))
      page.on('console', (line) => complaints.push(line.text()))
      await page.goto(`http://${demo.host}/examples/websocket_client_example.html`)
      await page.getByRole('button', { name: 'Connect', exact: true }).click()
      await page.locator('#messages li', { hasText: '0848086072' }).first().waitFor()
      await page.locator('#messages li', { hasText: '0848086073' }).first().waitFor()
      await page.getByLabel('Device ids').fill(' ')
      await page.getByRole('button', { name: 'Reconnect' }).click()
      await page.locator('#journal li', { hasText: 'Debe especificar al menos un device_id' }).waitFor()
      await page.locator('#journal li', { hasText: 'Closed: 1008' }).waitFor()
      expect(await page.getByRole('status').innerText()).to.equal('Refused')
      expect(complaints).to.deep.equal([])
    } finally {
      await browser.close()
    }
  })

  it('plays the React client', async () => {
    const app = await scriptedServer([], await reactPage(`ws://${demo.host}`))
    const browser = await startChromium()
    try {
      const page = await browser.newPage()
      await page.goto(`http://127.0.0.1:${app.port}/`)
      for (const deviceId of ['0848086072', '0848086073'])
        await page.getByRole('row').filter({ hasText: deviceId }).filter({ hasText: '-100.' }).waitFor()
    } finally {
      await browser.close()
      await app.stop()
    }
  })

  it('is left with nobody watching when all have gone', async () => {
    interface Stats {
      readonly active_subscribers: number
      readonly devices_being_monitored: number
    }
    const stats = async () => (await (await fetch(`http://${demo.host}/api/v1/stream/stats`)).json()) as Stats
    let now = await stats()
    // The server learns of a close a little after the client.
    while (now.active_subscribers > 0) now = await stats()
    expect(now).to.include({ active_subscribers: 0, devices_being_monitored: 0 })
  })

  // The last one: it ends the service.
  it('tells clients when to come back before it ends', async () => {
    const client = run('/usr/bin/python3', [
      'examples/websocket_client_example.py',
      '--url',
      `ws://${demo.host}`,
      '--device-ids',
      '0848086072',
    ])
    await client.written(/message/)
    expect(await demo.program.stop('SIGTERM')).to.equal(0)
    const [, retryAfterMs] = await client.written(/draining .*in (\d+) ms/)
    const [, delay] = await client.written(/closed +1001.*\n.*connecting again in ([\d.]+) s/)
    expect(Number(delay)).to.be.closeTo(Number(retryAfterMs) / 1000, 0.051)
    expect(await client.stop('SIGINT')).to.equal(0)
  })
})

/** The lines of a page's shell blocks. */
function commands(markdown: string): string[] {
  return [...markdown.matchAll(/```sh\n([^]*?)```/g)].flatMap(([, block = '']) => block.trimEnd().split('\n'))
}
