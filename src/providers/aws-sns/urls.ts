/**
 * Whether a URL leads to SNS itself: https, a host `sns.<region>.amazonaws.com` or `.com.cn`, no user, no port, no
 * fragment, and written as it is read, so that nobody who reads it again understands something else.
 */
export function isSnsUrl(text: string): boolean {
  const url = text.length <= 2048 && URL.canParse(text) ? new URL(text) : undefined
  return (
    url !== undefined &&
    url.href === text &&
    text.startsWith(`https://${url.host}/`) &&
    isSnsHost(url.host) &&
    url.hash === ''
  )
}

/** Whether a URL leads to a certificate of SNS: one file name that ends in `.pem`, without a query. */
export function isSnsCertificateUrl(text: string): boolean {
  return isSnsUrl(text) && /^\/[A-Za-z0-9_-]{1,200}\.pem$/.test(text.slice(text.indexOf('/', 8)))
}

function isSnsHost(host: string): boolean {
  return /^sns\.[a-z0-9](?:[a-z0-9-]{0,40}[a-z0-9])?\.amazonaws\.com(?:\.cn)?$/.test(host)
}
