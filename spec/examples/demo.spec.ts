import { expect } from 'chai'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startChromium } from '../support/chromium.js'
import { openClient } from '../support/client.js'
import { root, runExample } from '../support/example.js'
import { reactPage } from '../support/reactPage.js'
import { scriptedServer } from '../support/scriptedServer.js'
import { type ServiceUnderTest, startService } from '../support/service.js'

describe('examples, against the demo', () => {
  let demo: ServiceUnderTest
  let brokerPort: string
  let directory: string
  let lines: string[]

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'examples-'))
    lines = commands(await readFile(`${root}examples/README.md`, 'utf8'))
    demo = await startService({})
    brokerPort = (await demo.printed(/mosquitto_pub .*-p (\d+)/))[1] ?? ''
  })

  after(async () => {
    await demo.stop('SIGTERM')
    await rm(directory, { recursive: true })
  })

  /** The guide's commands that begin so, with this run's ports in the place of the usual ones. */
  const guide = (beginning: string) =>
    lines
      .filter((line) => line.startsWith(beginning))
      .map((line) =>
        line
          .replaceAll('localhost:8000', `127.0.0.1:${demo.port}`)
          .replace('-p 1883', `-p ${brokerPort}`)
          .replace('/tmp', directory)
          .replace(/^python3 (?=examples)(.*?)(?= >|$)/, `/usr/bin/python3 $1 --url ${demo.ws}`)
          .replace(/^python3/, '/usr/bin/python3'),
      )

  const shell = (line: string) => runExample('/bin/sh', ['-c', `exec ${line}`])

  it('says so where the usual port of a broker is taken', async () => {
    const second = await startService({}) // by the first one, if by nobody else
    const [, port] = await second.printed(/Port 1883 is taken: the broker is on (\d+)/)
    expect(second.output()).to.contain(`mosquitto_pub -h 127.0.0.1 -p ${port}`)
    await second.stop('SIGTERM')
  })

  it('shows a share link, and keeps the key to itself', () => {
    const [, token] = /http:\/\/localhost:\d+\/share#(v4\.local\.[\w-]+)\n/.exec(demo.output()) ?? []
    expect(token).to.be.a('string')
    expect(demo.output()).to.not.match(/PASETO|warn/)
  })

  it("delivers what the guide's mosquitto_pub lines publish, byte for byte, and nothing without a device", async () => {
    const client = await openClient(`${demo.ws}/api/v1/stream?device_ids=0848086072`)
    const publishing = guide('mosquitto_pub')
    const payloads = publishing.map((line) => /'(.*)'/.exec(line)?.[1] ?? '')
    const hasDevice = (payload: string) => payload.includes('DEVICE_ID')
    expect(payloads.map(hasDevice)).to.deep.equal([true, true, false])

    // The one without a device goes first: when the others have arrived, it would have.
    for (const line of publishing.reverse()) expect(await shell(line).exited, line).to.equal(0)
    for (const payload of payloads.filter(hasDevice))
      await client.next((_frame, text) => text === `{"event":"message","data":${payload}}`)
    expect(client.texts.filter((text) => !hasDevice(text) && text.includes('"message"'))).to.deep.equal([])
    await client.close()
  })

  it('answers the curl lines', async () => {
    for (const line of guide('curl')) {
      const program = shell(line)
      expect(await program.exited, line).to.equal(0)
      expect(JSON.parse(program.stdout()), line).to.be.an('object')
    }
  })

  it('plays the Python lines', async () => {
    const [watching = '', keeping = '', refused = ''] = guide('python3')
    const watcher = shell(watching)
    await watcher.printed(/message +0848086072/)
    await watcher.printed(/message +0848086073/)
    expect(await watcher.stop('SIGINT')).to.equal(0)

    expect(await shell(keeping).exited).to.equal(0)
    const kept = (await readFile(join(directory, 'messages.ndjson'), 'utf8')).trimEnd().split('\n')
    expect(kept).to.have.length(3)
    for (const frame of kept) expect(frame).to.match(/^{"event":"message","data":{/)

    const client = shell(refused)
    await client.printed(/Debe especificar al menos un device_id en los query params/)
    await client.printed(/1008/)
    await client.stop('SIGTERM')
  })

  it('refuses the Python client without device ids for good', async () => {
    const program = runExample('/usr/bin/python3', [
      'examples/websocket_client_example.py',
      '--url',
      demo.ws,
      '--device-ids',
      ',',
    ])
    expect(await program.exited).to.equal(1)
    expect(program.output()).to.match(/error +Debe especificar al menos un device_id.*\n.*closed +1008/)
  })

  it('plays the TypeScript client', async () => {
    const [line = ''] = guide('npx tsc && node')
    const program = shell(line.replace('npx tsc && ', ''))
    await program.printed(/message .*"0848086072"/)
    await program.printed(/message .*"0848086073"/)
    expect(await program.stop('SIGINT')).to.equal(0)
  })

  it('plays the browser page, which the demo serves', async () => {
    const browser = await startChromium()
    try {
      const page = await browser.newPage()
      const complaints: string[] = []
      page.on('pageerror', (error) => complaints.push(error.message))
      page.on('console', (line) => complaints.push(line.text()))
      await page.goto(`${demo.http}/examples/websocket_client_example.html`)
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
    const app = await scriptedServer([], await reactPage(demo.ws))
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
    let now = await demo.stats()
    // The server learns of a close a little after the client.
    while (now.active_subscribers > 0) now = await demo.stats()
    expect(now).to.include({ active_subscribers: 0, devices_being_monitored: 0 })
  })

  // The last one: it ends the service.
  it('tells clients when to come back before it ends', async () => {
    const client = runExample('/usr/bin/python3', [
      'examples/websocket_client_example.py',
      '--url',
      demo.ws,
      '--device-ids',
      '0848086072',
    ])
    await client.printed(/message/)
    expect(await demo.stop('SIGTERM')).to.equal(0)
    const [, retryAfterMs] = await client.printed(/draining .*in (\d+) ms/)
    const [, delay] = await client.printed(/closed +1001.*\n.*connecting again in ([\d.]+) s/)
    expect(Number(delay)).to.be.closeTo(Number(retryAfterMs) / 1000, 0.051)
    expect(await client.stop('SIGINT')).to.equal(0)
  })
})

/** The lines of a page's shell blocks. */
function commands(markdown: string): string[] {
  return [...markdown.matchAll(/```sh\n([^]*?)```/g)].flatMap(([, block = '']) => block.trimEnd().split('\n'))
}
