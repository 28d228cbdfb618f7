import { readFile } from "node:fs/promises";
import { isDeepStrictEqual } from "node:util";
import { type Certificate, type CertificatePaths, type CertificateTexts, checkCertificate } from "./certificate.ts";

/** What reading the files again came to. */
export type Refresh = { readonly ok: true } | { readonly ok: false; readonly problem: string };

/** What reading the files again would change. `take` serves it from then on. */
export type PreparedRefresh = { readonly ok: true; take(): void } | { readonly ok: false; readonly problem: string };

/** The certificate that is served, and the files that it comes from. */
export class CertificateFiles {
  readonly #paths: CertificatePaths;
  #certificate: Certificate;
  #texts: CertificateTexts;
  #onChange: (certificate: Certificate) => void = () => undefined;

  private constructor(paths: CertificatePaths, texts: CertificateTexts, certificate: Certificate) {
    this.#paths = paths;
    this.#texts = texts;
    this.#certificate = certificate;
  }

  /** Reads the files for the first time. @returns one sentence where they cannot be used. */
  static async open(
    paths: CertificatePaths,
  ): Promise<{ ok: true; files: CertificateFiles } | { ok: false; problem: string }> {
    const read = await readTexts(paths);
    const checked = read.ok ? checkCertificate(read.texts, paths) : read;
    return read.ok && checked.ok
      ? { ok: true, files: new CertificateFiles(paths, read.texts, checked.certificate) }
      : { ok: false, problem: checked.ok ? "" : checked.problem };
  }

  get certificate(): Certificate {
    return this.#certificate;
  }

  /** Says who takes up a new certificate. */
  onChange(listener: (certificate: Certificate) => void): void {
    this.#onChange = listener;
  }

  /** Reads the files again. A certificate that cannot be used leaves the old one. */
  async refresh(): Promise<Refresh> {
    const prepared = await this.prepare();
    if (!prepared.ok) {
      return prepared;
    }
    prepared.take();
    return { ok: true };
  }

  /** Reads the files again and checks them; what is served stays until the result is taken. */
  async prepare(): Promise<PreparedRefresh> {
    const read = await readTexts(this.#paths);
    if (!read.ok) {
      return read;
    }
    if (isDeepStrictEqual(read.texts, this.#texts)) {
      return { ok: true, take: () => undefined };
    }
    const checked = checkCertificate(read.texts, this.#paths);
    if (!checked.ok) {
      return checked;
    }
    return { ok: true, take: () => this.#take(read.texts, checked.certificate) };
  }

  #take(texts: CertificateTexts, certificate: Certificate): void {
    this.#texts = texts;
    this.#certificate = certificate;
    this.#onChange(certificate);
  }

  /**
   * Reads the files again and again, however they are replaced: written, moved, or by a link to another folder.
   * @param onProblem hears of each problem once. @returns what ends the watching.
   */
  watch(everyMs: number, onProblem: (problem: string) => void): () => void {
    let lastProblem = "";
    let isEnded = false;
    let timer = setTimeout(() => void look(), everyMs);
    const look = async () => {
      const refresh = await this.refresh();
      const problem = refresh.ok ? "" : refresh.problem;
      if (problem !== "" && problem !== lastProblem) {
        onProblem(problem);
      }
      lastProblem = problem;
      if (!isEnded) {
        timer = setTimeout(() => void look(), everyMs);
      }
    };
    return () => {
      isEnded = true;
      clearTimeout(timer);
    };
  }
}

async function readTexts({
  certFile,
  keyFile,
  clientCaFile,
}: CertificatePaths): Promise<{ ok: true; texts: CertificateTexts } | { ok: false; problem: string }> {
  const problems: string[] = [];
  const read = async (setting: string, path: string) =>
    readFile(path, "utf8").catch((error: unknown) => {
      problems.push(`cannot read ${setting}, ${path}: ${reasonOf(error)}`);
      return "";
    });
  const cert = await read("FLUX_TLS_CERT_FILE", certFile);
  const key = await read("FLUX_TLS_KEY_FILE", keyFile);
  const clientCa = clientCaFile && (await read("FLUX_TLS_CLIENT_CA_FILE", clientCaFile));
  return problems.length === 0
    ? { ok: true, texts: { cert, key, clientCa } }
    : { ok: false, problem: problems.join("; ") };
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EACCES: "permission denied",
  EISDIR: "it is a folder",
};

function reasonOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
  return REASONS[code] ?? code;
}
