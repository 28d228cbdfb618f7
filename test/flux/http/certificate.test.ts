import assert from "node:assert/strict";
import { generateKeyPairSync, X509Certificate } from "node:crypto";
import { copyFileSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { type Certificate, checkCertificate } from "../../../services/flux/http/certificate.ts";
import { CertificateFiles } from "../../../services/flux/http/certificate-files.ts";
import { createTempFolder } from "../../support/temp-folder.ts";
import { until } from "../../support/until.ts";

const FIXTURES = new URL("../../fixtures/tls/", import.meta.url);
const pem = (name: string) => readFileSync(new URL(name, FIXTURES), "utf8");
const expiryOf = (name: string) => Date.parse(new X509Certificate(pem(name)).validTo);
/** In both forms that OpenSSL writes. */
const ENCRYPTED_KEYS = (["pkcs8", "pkcs1"] as const).map((type) => {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return String(privateKey.export({ type, format: "pem", cipher: "aes-256-cbc", passphrase: "secret" }));
});
const PATHS = { certFile: "/tls/cert.pem", keyFile: "/tls/key.pem", clientCaFile: "/tls/clients.pem" };

describe("a certificate", () => {
  test("that belongs to its key can be served, and says when it expires", () => {
    const checked = checkCertificate({ cert: pem("server.pem"), key: pem("server-key.pem") }, PATHS);
    assert.ok(checked.ok);
    assert.equal(checked.certificate.expiresAtMs, expiryOf("server.pem"));
    assert.equal(checked.certificate.options.minVersion, "TLSv1.2");
    assert.equal(checked.certificate.options.requestCert, undefined);
  });

  test("expires with the first of its chain", () => {
    const cert = pem("server.pem") + pem("renewed.pem");
    const checked = checkCertificate({ cert, key: pem("server-key.pem") }, PATHS);
    assert.equal(checked.ok && checked.certificate.expiresAtMs, expiryOf("renewed.pem"));
    assert.ok(expiryOf("renewed.pem") < expiryOf("server.pem"));
  });

  const good = { cert: pem("server.pem"), key: pem("server-key.pem"), clientCa: pem("ca.pem") };
  const table: [what: string, texts: Parameters<typeof checkCertificate>[0], says: RegExp][] = [
    ["an empty certificate", { ...good, cert: "" }, /FLUX_TLS_CERT_FILE, \/tls\/cert\.pem: there is no certificate/],
    ["a key for a certificate", { ...good, cert: good.key }, /FLUX_TLS_CERT_FILE, .*no certificate/],
    [
      "a damaged certificate",
      { ...good, cert: good.cert.replace(/[A-Z]{3}/g, "AAA") },
      /cannot use FLUX_TLS_CERT_FILE, \/tls\/cert\.pem: /,
    ],
    ["a certificate for a key", { ...good, key: good.cert }, /cannot use FLUX_TLS_KEY_FILE, \/tls\/key\.pem: /],
    [
      "the key of another certificate",
      { ...good, key: pem("renewed-key.pem") },
      /cannot use FLUX_TLS_KEY_FILE, \/tls\/key\.pem: it is not the key of \/tls\/cert\.pem/,
    ],
    [
      "a chain that begins with another certificate",
      { ...good, cert: pem("ca.pem") + good.cert },
      /cannot use FLUX_TLS_CERT_FILE, \/tls\/cert\.pem: the certificate of the key \/tls\/key\.pem must stand before/,
    ],
    ...ENCRYPTED_KEYS.map((key): [string, Parameters<typeof checkCertificate>[0], RegExp] => [
      "an encrypted key",
      { ...good, key },
      /cannot use FLUX_TLS_KEY_FILE, \/tls\/key\.pem: it is encrypted/,
    ]),
    [
      "an authority that is none",
      { ...good, clientCa: "junk" },
      /cannot use FLUX_TLS_CLIENT_CA_FILE, \/tls\/clients\.pem: there is no certificate/,
    ],
    ["all of it", { cert: "", key: "", clientCa: "" }, /CERT_FILE.*KEY_FILE/],
  ];
  for (const [what, texts, says] of table) {
    test(`is refused for ${what}, in words that name the file and show nothing of it`, () => {
      const checked = checkCertificate(texts, PATHS);
      assert.match(checked.ok ? "taken" : checked.problem, says);
      assert.doesNotMatch(checked.ok ? "" : checked.problem, /BEGIN/);
    });
  }
});

describe("the files of a certificate", () => {
  async function open(t: TestContext) {
    const folder = createTempFolder();
    t.after(folder.remove);
    const put = (name: "server" | "renewed") => {
      copyFileSync(new URL(`${name}.pem`, FIXTURES), join(folder.path, "cert"));
      copyFileSync(new URL(`${name}-key.pem`, FIXTURES), join(folder.path, "key"));
    };
    put("server");
    const paths = { certFile: join(folder.path, "cert"), keyFile: join(folder.path, "key") };
    const opened = await CertificateFiles.open(paths);
    assert.ok(opened.ok);
    const changes: Certificate[] = [];
    opened.files.onChange((certificate) => changes.push(certificate));
    return { put, paths, files: opened.files, changes, folder: folder.path };
  }

  test("that are missing are named, all of them", async () => {
    const opened = await CertificateFiles.open({ certFile: "/no/cert", keyFile: "/no/key" });
    assert.equal(
      opened.ok ? "" : opened.problem,
      "cannot read FLUX_TLS_CERT_FILE, /no/cert: there is no such file; cannot read FLUX_TLS_KEY_FILE, /no/key: there is no such file",
    );
  });

  test("are taken up when they have changed, and only then", async (t) => {
    const { files, put, changes } = await open(t);
    assert.deepEqual(await files.refresh(), { ok: true });
    assert.equal(changes.length, 0);
    put("renewed");
    assert.deepEqual(await files.refresh(), { ok: true });
    assert.deepEqual(changes, [files.certificate]);
    assert.equal(files.certificate.options.cert, pem("renewed.pem"));
  });

  test("leave the old certificate while they cannot be used", async (t) => {
    const { files, paths, changes } = await open(t);
    writeFileSync(paths.certFile, pem("renewed.pem"));
    const half = await files.refresh();
    assert.match(half.ok ? "" : half.problem, /is not the key of/);
    rmSync(paths.certFile);
    const gone = await files.refresh();
    assert.match(gone.ok ? "" : gone.problem, /no such file/);
    assert.equal(changes.length, 0);
    assert.equal(files.certificate.options.cert, pem("server.pem"));
  });

  test("are watched, through links to other folders too; each problem is told once", async (t) => {
    const { files, put, paths, changes, folder } = await open(t);
    const problems: string[] = [];
    const end = files.watch(10, (problem) => problems.push(problem));
    t.after(end);
    const isTold = (words: RegExp) => problems.some((problem) => words.test(problem));
    put("renewed");
    await until(() => changes.length === 1);
    writeFileSync(join(folder, "next"), "junk");
    symlinkSync(join(folder, "next"), join(folder, "link"));
    renameSync(join(folder, "link"), paths.certFile);
    await until(() => isTold(/no certificate in it/));
    copyFileSync(new URL("server.pem", FIXTURES), join(folder, "next"));
    await until(() => isTold(/is not the key of/));
    copyFileSync(new URL("server-key.pem", FIXTURES), paths.keyFile);
    await until(() => changes.length === 2);
    assert.ok(problems.every((problem, i) => problem !== problems[i + 1]));
  });
});
