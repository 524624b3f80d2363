// Both halves over real sockets: good and bad requests to nine receivers, and a sender with ten endpoints: npm run demo
import { createPrinter } from './demo/print.ts'
import { askproCallbacksScene, askproGatewayScene } from './demo/receiving/askpro.ts'
import { calcomScene } from './demo/receiving/calcom.ts'
import { daktelaScene } from './demo/receiving/daktela.ts'
import { devlinkLegacyScene, devlinkScene } from './demo/receiving/devlink.ts'
import { pipedriveScene } from './demo/receiving/pipedrive.ts'
import { retellScene } from './demo/receiving/retell.ts'
import { whatscrmScene } from './demo/receiving/whatscrm.ts'
import { play } from './demo/scene.ts'
import { playSending } from './demo/sending/play.ts'
import { listen } from './demo/server.ts'

const scenes = [
  calcomScene(),
  pipedriveScene(),
  retellScene(),
  daktelaScene(),
  askproCallbacksScene(),
  askproGatewayScene(),
  whatscrmScene(),
  devlinkScene(),
  devlinkLegacyScene(),
]

const printer = createPrinter(process.stdout)
const startedAtMs = performance.now()
const server = await listen(Object.fromEntries(scenes.map(({ path, receiver }) => [path, receiver])))
printer.title('Receiving', `real requests, signed as by their senders, to node:http at ${server.origin}`)
for (const scene of scenes) await play(scene, server.origin, printer)
await server.close()
await playSending(printer)
process.exitCode = printer.summary((performance.now() - startedAtMs) / 1000)
