import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { createSecureContext, type TlsOptions } from "node:tls";

/** The files of a listener that speaks TLS. */
export interface CertificatePaths {
  readonly certFile: string;
  readonly keyFile: string;
  /** Whose clients are let in; without it, all are. */
  readonly clientCaFile?: string | undefined;
}

/** What is in the files, as text. */
export interface CertificateTexts {
  readonly cert: string;
  readonly key: string;
  readonly clientCa?: string | undefined;
}

/** A certificate that can be served. */
export interface Certificate {
  readonly options: TlsOptions;
  /** When the first certificate of the chain to expire does so, in milliseconds since 1970. */
  readonly expiresAtMs: number;
}

/**
 * Checks that a certificate, its key and the authority of its clients can be used, and used together. Pure.
 * @param paths where the texts come from, for messages.
 * @returns it, or one sentence that names the file and what is wrong with it.
 */
export function checkCertificate(
  { cert, key, clientCa }: CertificateTexts,
  paths: CertificatePaths,
): { ok: true; certificate: Certificate } | { ok: false; problem: string } {
  const chain = tryTo(`use FLUX_TLS_CERT_FILE, ${paths.certFile}`, () => readChain(cert));
  const privateKey = tryTo(`use FLUX_TLS_KEY_FILE, ${paths.keyFile}`, () => readKey(key));
  const clients = tryTo(`use FLUX_TLS_CLIENT_CA_FILE, ${paths.clientCaFile}`, () => clientCa && readChain(clientCa));
  if (!chain.ok || !privateKey.ok || !clients.ok) {
    const problems = [chain, privateKey, clients].flatMap((part) => (part.ok ? [] : [part.problem]));
    return { ok: false, problem: problems.join("; ") };
  }
  const mismatch = findMismatch(chain.value, privateKey.value, paths);
  if (mismatch !== undefined) {
    return { ok: false, problem: mismatch };
  }
  const options: TlsOptions = {
    cert,
    key,
    minVersion: "TLSv1.2",
    ...(clientCa !== undefined && { ca: clientCa, requestCert: true, rejectUnauthorized: true }),
  };
  const context = tryTo(`use ${paths.certFile} and ${paths.keyFile}`, () => createSecureContext(options));
  return context.ok ? { ok: true, certificate: { options, expiresAtMs: firstExpiry(chain.value) } } : context;
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

function readChain(pem: string): X509Certificate[] {
  const texts = pem.match(CERTIFICATE);
  if (!texts) {
    throw new Error("there is no certificate in it (PEM)");
  }
  return texts.map((text) => new X509Certificate(text));
}

function readKey(pem: string): KeyObject {
  // Said here, because OpenSSL would only say that it was interrupted.
  if (/^-----BEGIN ENCRYPTED|^Proc-Type: 4,ENCRYPTED/m.test(pem)) {
    throw new Error("it is encrypted, and nobody is there to be asked for the passphrase");
  }
  return createPrivateKey(pem);
}

/** Why a chain, whose first certificate is the one that is served, and a key do not belong together. */
function findMismatch(
  [leaf, ...authorities]: readonly X509Certificate[],
  key: KeyObject,
  { certFile, keyFile }: CertificatePaths,
): string | undefined {
  if (leaf?.checkPrivateKey(key)) {
    return undefined;
  }
  return authorities.some((one) => one.checkPrivateKey(key))
    ? `cannot use FLUX_TLS_CERT_FILE, ${certFile}: the certificate of the key ${keyFile} must stand before all others in it`
    : `cannot use FLUX_TLS_KEY_FILE, ${keyFile}: it is not the key of ${certFile} (FLUX_TLS_CERT_FILE)`;
}

function firstExpiry(chain: readonly X509Certificate[]): number {
  return Math.min(...chain.map(({ validTo }) => Date.parse(validTo)));
}

function tryTo<Value>(what: string, run: () => Value): { ok: true; value: Value } | { ok: false; problem: string } {
  try {
    return { ok: true, value: run() };
  } catch (error) {
    return { ok: false, problem: `cannot ${what}: ${error instanceof Error ? error.message : String(error)}` };
  }
}
