import { routeHandlers } from 'crm-webhooks/frameworks/next'
import { receiver } from '../../../lib/receiver.js'

export const { GET, HEAD, POST } = routeHandlers(receiver)
