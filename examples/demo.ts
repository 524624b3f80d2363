// Both halves over real sockets: good and bad requests to nine receivers, and a sender with ten endpoints: npm run demo
// What is left when a process is killed in the middle of its work: npm run demo -- --durable
import { playDurable } from './demo/durable/play.ts'
import { createPrinter } from './demo/print.ts'
import { playReceiving } from './demo/receiving/play.ts'
import { playSending } from './demo/sending/play.ts'

const USAGE = `Usage: npm run demo [-- --durable]

  without an option   requests to nine receivers, and a sender with ten endpoints
  --durable           processes are killed in the middle of their work, and nothing is lost
  --help              prints this`

const given = process.argv.slice(2)
const unknown = given.find(argument => argument !== '--durable' && argument !== '--help')

if (unknown !== undefined) {
  console.error(`The demo has no option ${unknown}.\n\n${USAGE}`)
  process.exitCode = 2
} else if (given.includes('--help')) {
  console.log(USAGE)
} else {
  const printer = createPrinter(process.stdout)
  const startedAtMs = performance.now()
  if (given.includes('--durable')) {
    await playDurable(printer)
  } else {
    await playReceiving(printer)
    await playSending(printer)
  }
  process.exitCode = printer.summary((performance.now() - startedAtMs) / 1000)
}
