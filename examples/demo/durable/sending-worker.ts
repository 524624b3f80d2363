import { openSender } from './sender.ts'
import { serveDemo } from './worker.ts'

/** Sends what is due, from the file that it is told. */
const [file = ''] = process.argv.slice(2)
const { sender, close } = openSender(file)
sender.start()
serveDemo('started', close)
