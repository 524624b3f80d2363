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

/** Whether a URL leads to a certificate of SNS: one file of the name that they have, without a query. */
export function isSnsCertificateUrl(text: string): boolean {
  return isSnsUrl(text) && /^\/SimpleNotificationService-[0-9a-f]{1,128}\.pem$/.test(text.slice(text.indexOf('/', 8)))
}

/** Only a region may stand in the middle: with `s3` there, `sns` would be a bucket that anybody may own. */
function isSnsHost(host: string): boolean {
  return /^sns\.[a-z]{2}(?:-[a-z]{1,20}){1,3}-\d{1,2}\.amazonaws\.com(?:\.cn)?$/.test(host)
}
