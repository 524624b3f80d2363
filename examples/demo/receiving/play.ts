import type { Printer } from '../print.ts'
import { play } from '../scene.ts'
import { listen } from '../server.ts'
import { askproCallbacksScene, askproGatewayScene } from './askpro.ts'
import { calcomScene } from './calcom.ts'
import { daktelaScene } from './daktela.ts'
import { devlinkLegacyScene, devlinkScene } from './devlink.ts'
import { pipedriveScene } from './pipedrive.ts'
import { retellScene } from './retell.ts'
import { whatscrmScene } from './whatscrm.ts'

/** Sends good and bad requests to a receiver of each sender and prints what it made of them. */
export async function playReceiving(printer: Printer): Promise<void> {
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
  const server = await listen(Object.fromEntries(scenes.map(({ path, receiver }) => [path, receiver])))
  printer.title('Receiving', `real requests, signed as by their senders, to node:http at ${server.origin}`)
  for (const scene of scenes) await play(scene, server.origin, printer)
  await server.close()
}
