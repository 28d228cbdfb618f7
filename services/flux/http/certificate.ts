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
  const privateKey = tryTo(`use FLUX_TLS_KEY_FILE, ${paths.keyFile}`, () => createPrivateKey(key));
  const clients = tryTo(`use FLUX_TLS_CLIENT_CA_FILE, ${paths.clientCaFile}`, () => clientCa && readChain(clientCa));
  if (!chain.ok || !privateKey.ok || !clients.ok) {
    const problems = [chain, privateKey, clients].flatMap((part) => (part.ok ? [] : [part.problem]));
    return { ok: false, problem: problems.join("; ") };
  }
  if (!belongsTo(chain.value, privateKey.value)) {
    const problem = `cannot use FLUX_TLS_KEY_FILE, ${paths.keyFile}: it is not the key of ${paths.certFile} (FLUX_TLS_CERT_FILE)`;
    return { ok: false, problem };
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

function belongsTo([leaf]: readonly X509Certificate[], key: KeyObject): boolean {
  return leaf?.checkPrivateKey(key) ?? false;
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
