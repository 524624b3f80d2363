import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

interface Certificate {
  readonly cert: string
  readonly key: string
}

/** Certificates for tests, made by openssl now, so that none expires in the repository. */
export interface TestCertificates {
  readonly ca: string
  /** For hooks.example.test and 127.0.0.1. */
  readonly good: Certificate
  readonly wrongName: Certificate
  readonly expired: Certificate
  readonly selfSigned: Certificate
  readonly client: Certificate
}

const NAMES = 'DNS:hooks.example.test,IP:127.0.0.1'

export function makeCertificates(): TestCertificates {
  const folder = mkdtempSync(join(tmpdir(), 'certificates-'))
  const file = (name: string): string => join(folder, name)
  const openssl = (...args: readonly string[]): void =>
    void execFileSync('openssl', args, { stdio: 'pipe', cwd: folder })
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'] as const

  const selfSign = (name: string, subject: string, ...more: readonly string[]): void =>
    openssl(
      'req',
      '-x509',
      ...newKey,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.pem`,
      '-days',
      '2',
      '-subj',
      subject,
      ...more,
    )
  const issue = (name: string, altNames: string, validity: readonly string[]): Certificate => {
    writeFileSync(file(`${name}.cnf`), `subjectAltName=${altNames}\n`)
    openssl('req', '-new', ...newKey, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`)
    openssl(
      ...['ca', '-batch', '-config', 'ca.cnf', '-in', `${name}.csr`, '-out', `${name}.pem`, '-extfile', `${name}.cnf`],
      ...validity,
    )
    return read(name)
  }
  const read = (name: string): Certificate => ({
    cert: readFileSync(file(`${name}.pem`), 'utf8'),
    key: readFileSync(file(`${name}.key`), 'utf8'),
  })

  try {
    writeFileSync(file('index.txt'), '')
    writeFileSync(file('ca.cnf'), CA_CONFIG)
    selfSign('ca', '/CN=Test CA')
    selfSign('self', '/CN=hooks.example.test', '-addext', `subjectAltName=${NAMES}`)
    return {
      ca: readFileSync(file('ca.pem'), 'utf8'),
      good: issue('good', NAMES, ['-days', '2']),
      wrongName: issue('wrong', 'DNS:other.example.test', ['-days', '2']),
      expired: issue('expired', NAMES, ['-startdate', '20200101000000Z', '-enddate', '20200102000000Z']),
      selfSigned: read('self'),
      client: issue('client', 'DNS:client.example.test', ['-days', '2']),
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const CA_CONFIG = `[ca]
default_ca = test
[test]
dir = .
database = index.txt
new_certs_dir = .
certificate = ca.pem
private_key = ca.key
default_md = sha256
policy = any
rand_serial = yes
unique_subject = no
[any]
commonName = supplied
`
