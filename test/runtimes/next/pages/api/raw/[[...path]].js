import { apiHandler } from 'crm-webhooks/frameworks/next'
import { receiver } from '../../../lib/receiver.js'

export const config = { api: { bodyParser: false } }
export default apiHandler(receiver)
