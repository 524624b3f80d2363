import { apiHandler } from 'crm-webhooks/frameworks/next'
import { receiver } from '../../lib/receiver.js'

/** The mistake: Next's parser is on. */
export default apiHandler(receiver)
